import type { BackendCall, BackendRecord, CutLayer, MachineSpec } from '@goqemu/lab';
import { hostPortsOf } from '@goqemu/spec';
import { refused } from './fake-errors.ts';
import type { FakeHost, FakeMachine } from './fake-host.ts';
import { stackOf } from './fake-networks.ts';

/** The machines of a fake host, as a call means them, and what is refused of those that are not as it takes them to be. */
export class FakeMachineTable {
  readonly #host: FakeHost;

  constructor(host: FakeHost) {
    this.#host = host;
  }

  /** One that was started outside goqemu is no machine of this backend's own. */
  found(spec: MachineSpec, { adopted }: BackendRecord, call: BackendCall): FakeMachine | undefined {
    return typeof adopted === 'number'
      ? this.#host.foreign.get(adopted)?.machine
      : this.#host.machines.get(idOf(spec, call));
  }

  machine(spec: MachineSpec, record: BackendRecord, call: BackendCall): FakeMachine {
    const found = this.found(spec, record, call);
    if (!found) throw refused(spec, 'it is not there');
    return found;
  }

  running(spec: MachineSpec, record: BackendRecord, call: BackendCall): FakeMachine {
    const found = this.machine(spec, record, call);
    if (found.status !== 'running' || !found.ready) throw refused(spec, `it is ${found.status}, and not ready`);
    return found;
  }

  cuttable(cut: CutLayer, call: BackendCall): FakeMachine {
    if (cut.record.adopted !== undefined) throw refused(cut.machine, 'it was started outside goqemu');
    const found = this.running(cut.machine, cut.record, call);
    if (found.layer === cut.key || found.layer === (cut.parent ?? null)) return found;
    throw refused(cut.machine, `it stands on ${found.layer}, not on ${cut.parent}`);
  }

  checkPorts(spec: MachineSpec, call: BackendCall): void {
    const wanted = new Set(hostPortsOf(spec));
    for (const [id, other] of this.#host.machines) {
      if (id === idOf(spec, call) || other.status !== 'running') continue;
      const port = hostPortsOf(other.spec).find((one) => wanted.has(one));
      if (port !== undefined) throw refused(spec, `port ${port} is taken by ${other.spec.name}`);
    }
  }
}

/** Under which a machine is in the host's table. */
export function idOf(machine: MachineSpec, call: BackendCall): string {
  return `${stackOf(call)}/${machine.name}`;
}
