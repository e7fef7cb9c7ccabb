import type { Backend, BackendCall, BackendRecord, ObservedMachine, ResolvedStep, StepResult } from '@goqemu/lab';
import type { MachineSpec } from '@goqemu/spec';

/** A backend under contract: the fake, goqemu's own, or another. */
export interface BackendUnderContract {
  readonly backend: Backend;
  /** Name of an image that it knows, and that boots with a shell at `/bin/sh`. */
  readonly image: string;
  /** The machine that the cases make; its name, MAC address and ports must be free. */
  readonly machine: MachineSpec;
}

/** 64 hex digits, as layer keys are; of no layer that a lab could have. */
export const contractKey = 'c0'.repeat(32);

/** What the cases share: they follow one machine from its making to its end. */
export class ContractBench {
  readonly backend: Backend;
  readonly image: string;
  readonly spec: MachineSpec;
  readonly call: BackendCall;
  record: BackendRecord = {};

  constructor({ backend, image, machine }: BackendUnderContract) {
    this.backend = backend;
    this.image = image;
    this.spec = machine;
    const scope = { lab: 'contract', stack: 'default', lineage: '00c0ffee00c0' };
    this.call = { scope, signal: new AbortController().signal, progress: () => undefined };
  }

  async observe(record: BackendRecord = this.record): Promise<ObservedMachine | undefined> {
    const found = await this.backend.observe([{ machine: this.spec, record }], this.call);
    return found.get(this.spec.name);
  }

  /** Runs a script as root in the guest. */
  run(script: string): Promise<StepResult> {
    const step: ResolvedStep = {
      kind: 'run',
      name: 'contract',
      script,
      interpreter: '/bin/sh',
      user: 'root',
      environment: {},
      timeoutMs: 300_000,
    };
    return this.backend.runStep(this.spec, this.record, step, this.call);
  }

  /** What a script prints that depends on the disk alone: the same on the same disk. */
  async diskContent(): Promise<string> {
    return (await this.run('cat /root/contract 2>/dev/null; true')).stdout;
  }
}
