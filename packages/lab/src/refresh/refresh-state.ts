import { awake } from '../apply/machine-state.ts';
import type { EngineContext } from '../engine-context/engine-context.ts';
import { parkedAs } from '../power/parked.ts';
import { networkReports } from '../report/network-reports.ts';
import { type LabState, type MachineState, observable } from '../state/lab-state.ts';
import { StateWriter } from '../state/state-writer.ts';

/** What a machine, or a network, has become. */
export type Drift = ({ readonly machine: string } | { readonly network: string }) & { readonly reason: string };

export interface RefreshReport {
  readonly drift: readonly Drift[];
}

/**
 * Looks at every machine and writes into the state what has become of it. What does not change the way back,
 * such as a machine that is only stopped, is reported and left to the next plan, which looks for itself.
 */
export async function refreshState(context: EngineContext, signal: AbortSignal | undefined): Promise<RefreshReport> {
  await using _lock = await context.storage.lock(context.command, 0, signal);
  const read = await context.read();
  const machines = observable(read.state);
  const networks = await networkDrift(context, read.state, signal);
  if (machines.length === 0) return { drift: networks };
  const observed = await context.backend.observe(
    machines.map((machine) => ({ machine: machine.spec, record: machine.record ?? {} })),
    context.plainCall(read.state.lineage, 'refresh', signal),
  );
  const drift: Drift[] = [];
  const rows: Record<string, MachineState | null> = {};
  for (const machine of machines) {
    const found = observed.get(machine.spec.name);
    const wanted = machine.spec.kind === 'template' ? 'stopped' : 'running';
    const status = found?.status ?? 'absent';
    const why = found?.reason ? `: ${found.reason}` : '';
    if (status === 'absent') {
      drift.push({ machine: machine.name, reason: `its disk is gone${why}` });
      rows[machine.name] = null;
    } else if (status !== wanted && !parkedAs(machine, found))
      drift.push({ machine: machine.name, reason: `it is ${status}${why}` });
    else if (status === 'running' && machine.ready && machine.power !== undefined) {
      drift.push({ machine: machine.name, reason: `it runs, although it was ${machine.power}` });
      rows[machine.name] = awake(machine);
    }
    const index = machine.applied.findIndex((step) => step.key === found?.layer);
    if (found?.layer !== undefined && found.layer !== machine.layer && index >= 0 && !machine.dirty) {
      drift.push({ machine: machine.name, reason: `it stands on the layer after "${machine.applied[index]?.name}"` });
      rows[machine.name] = {
        ...(rows[machine.name] ?? machine),
        layer: found.layer,
        applied: machine.applied.slice(0, index + 1),
      };
    }
  }
  if (read.exists) await context.storage.register(read.state.lineage); // a lab's folder may have been moved
  if (Object.keys(rows).length > 0) {
    const writer = await StateWriter.open(context.storage, read, context.command);
    await writer.note({ resources: { machine: rows } });
    const saved = await writer.save(new Date(context.now()).toISOString());
    context.emit({ type: 'state-saved', serial: saved.serial });
  }
  return { drift: [...drift, ...networks] };
}

async function networkDrift(
  context: EngineContext,
  state: LabState,
  signal: AbortSignal | undefined,
): Promise<readonly Drift[]> {
  const reports = await networkReports(context, state, context.plainCall(state.lineage, 'refresh', signal));
  return reports.flatMap(({ name, state: status, reason }) => {
    if (status === 'running') return [];
    return [{ network: name, reason: `it is ${status}${reason === undefined ? '' : `: ${reason}`}` }];
  });
}
