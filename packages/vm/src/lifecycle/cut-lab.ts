import { lengthPrefixedDigest, withCleanUp } from '@goqemu/core';
import { type Layer, layerId } from '../layers/layer.ts';
import { keepsRam } from '../ram/capture-machine.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { keepShallow } from './keep-shallow.ts';
import { type CutPart, LayerCut } from './layer-cut.ts';

export interface LabCut {
  /** In the order of the parts. */
  readonly layers: readonly Layer[];
  /** Milliseconds from the first guest that stopped to the last that resumed. */
  readonly pauseMs: number;
}

/**
 * Cuts several machines at one moment: all stand still before the first is taken, and none resumes before the last
 * is. All parts become layers together, or none does.
 *
 * @throws GoqemuError as `cutLayer` does
 */
export async function cutLab(wanted: readonly CutPart[], call: VmCall): Promise<LabCut> {
  const parts = await all(wanted.map((part) => withRamWhereKept(part, call)));
  const present = await Promise.all(parts.map((part) => adopted(part)));
  if (present.every((layer) => layer !== undefined)) return { layers: present, pauseMs: 0 };
  const [first] = parts;
  if (!first) return { layers: [], pauseMs: 0 };
  const keys = parts.map(({ options }) => options.key);
  const group = parts.length > 1 ? layerId(lengthPrefixedDigest([...keys].sort())) : undefined;
  const begun: LayerCut[] = [];
  return withCleanUp(
    async () => {
      for (const part of parts) begun.push(await LayerCut.begin(part, call));
      await all(begun.map((cut) => cut.sync()));
      const pauseMs = await takeAll(begun);
      const layers = await all(begun.map((cut) => cut.finish(group)));
      if (group) await first.vm.host.layers.completeGroup(group, keys);
      await all(begun.map((cut) => cut.supersede()));
      return { layers: await all(layers.map((layer) => keepShallow(first.vm, layer, call))), pauseMs };
    },
    () => all(begun.map((cut) => cut[Symbol.asyncDispose]())),
  );
}

async function takeAll(cuts: readonly LayerCut[]): Promise<number> {
  const stopped = performance.now();
  let pauseMs = 0;
  const setClocks = async () => {
    pauseMs = performance.now() - stopped;
    await all(cuts.map((cut) => cut.setClock()));
  };
  await withCleanUp(
    async () => {
      await all(cuts.map((cut) => cut.stop()));
      await all(cuts.map((cut) => cut.take()));
    },
    () => withCleanUp(() => all(cuts.map((cut) => cut.goOn())), setClocks),
  );
  return pauseMs;
}

/** Decided before the store is asked: a layer without RAM is whole where none would be taken along. */
async function withRamWhereKept(part: CutPart, call: VmCall): Promise<CutPart> {
  const { vm, machine, options } = part;
  const ram = machine !== undefined && options.ram && (await keepsRam(vm, machine, options.descriptions, call));
  return { ...part, options: { ...options, ram } };
}

async function adopted({ vm, options }: CutPart): Promise<Layer | undefined> {
  const layer = await vm.host.layers.find(options.key);
  if (!layer || (options.ram && !layer.manifest.ram)) return undefined;
  return vm.host.layers.adopt(layer, vm.scope.lineage);
}

/** Waits for all, so that nothing keeps running after an error. */
async function all<T>(works: readonly Promise<T>[]): Promise<T[]> {
  const results = await Promise.allSettled(works);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}
