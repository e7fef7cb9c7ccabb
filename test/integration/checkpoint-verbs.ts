import type { Logger } from '@goqemu/core';
import { coalesceLayers, flattenLayer, resumeVm, suspendVm } from '@goqemu/vm';
import { type CheckpointLab, keyOf } from './checkpoint-lab.ts';

/** What a test interrupts: each leaves `key` to name a layer, or works on the one of that name. */
export type Verb = (lab: CheckpointLab, key: string) => Promise<void>;

export const verbs = {
  create: async (lab, key) => lab.create(key),
  cut: async (lab, key) => {
    const { vm } = await lab.vm('web');
    const machine = await vm.machine();
    try {
      await lab.cut(key, machine, { parent: keyOf('base') });
    } finally {
      await machine?.close();
    }
  },
  restore: async (lab, key) => (await lab.restore(key)).close(),
  fork: async (lab, key) => {
    const { vm } = await lab.vm('web');
    await (await lab.boot('fork', { layer: keyOf(key), copyOf: vm })).close();
  },
  flatten: async (lab, key) => {
    const { layers } = lab.host;
    await flattenLayer(layers, await layers.get(keyOf(key)), { qemuImg, onStage: stagesOf(lab) });
  },
  coalesce: async (lab, key) => {
    const { layers, folders } = lab.host;
    const place = { store: layers, labsFolder: folders.labs, lineage: lab.lineage };
    await coalesceLayers({ ...place, keys: [keyOf(key)], qemuImg, onStage: stagesOf(lab) });
  },
  suspend: async (lab) => {
    const { vm, session } = await lab.vm('web');
    await using machine = await vm.machine();
    await suspendVm(vm, machine, session, lab.call);
  },
  resume: async (lab) => {
    const { vm, session } = await lab.vm('web');
    await (await resumeVm(vm, session, lab.call)).close();
  },
  delete: async (lab, key) => {
    await lab.collect([key]);
  },
} as const satisfies Readonly<Record<string, Verb>>;

export type VerbName = keyof typeof verbs;

/** Counts the lines of the debug log that tell how far a machine has come, and acts after one of them. */
export class Stages implements Logger {
  #left = 0;
  #act: (stage: string) => void = () => undefined;

  /** Acts once, after that many lines from now. */
  after(lines: number, act: (stage: string) => void): void {
    this.#left = lines;
    this.#act = act;
  }

  log(_level: string, topic: string, message: string): void {
    if (topic !== 'vm' || this.#left === 0) return;
    this.#left -= 1;
    if (this.#left === 0) this.#act(message);
  }
}

const qemuImg = async () => 'qemu-img';

function stagesOf({ host }: CheckpointLab): (stage: string) => void {
  return (stage) => host.logger.log('debug', 'vm', stage);
}
