import type { DoctorFact, KnownState, LabFootprint } from '@goqemu/lab';
import { roundedSize } from '../../render/rounded-size.ts';

/** What a missing or unknown state still has on this host. */
export interface LeftBehind {
  /** `LAB-LINEAGE`, as its folder is called; the lineage alone where the lab's name is not known. */
  readonly id: string;
  /** Where its state was; undefined when that was never noted. */
  readonly stateFolder: string | undefined;
  readonly footprint: LabFootprint;
}

/** What no state that is there reaches. */
export function leftBehind(footprints: readonly LabFootprint[], states: readonly KnownState[]): readonly LeftBehind[] {
  const known = new Map(states.map((state) => [state.lineage, state]));
  return footprints.flatMap((footprint) => {
    const state = known.get(footprint.lineage);
    if (state?.isThere) return [];
    const lab = footprint.lab ?? state?.lab;
    const id = lab === undefined ? footprint.lineage : `${lab}-${footprint.lineage}`;
    return [{ id, stateFolder: state?.stateFolder, footprint }];
  });
}

export function leftBehindFact(one: LeftBehind): DoctorFact {
  const gone = one.stateFolder === undefined ? 'no state of it is known' : `its state is gone: ${one.stateFolder}`;
  const back =
    one.stateFolder === undefined
      ? 'run goqemu refresh beside its lab.ts'
      : 'put the state back, or run goqemu refresh where the lab is now';
  return {
    name: 'left behind',
    status: 'warning',
    finding: `${one.id}: ${contents(one)}; ${gone}`,
    hint: `${back}; or remove all of it: goqemu doctor --clear ${one.id}`,
  };
}

/** `2 machines, 1 of them running, and 5 layers, 1.2 GiB`. */
export function contents({ footprint }: LeftBehind): string {
  const { machines, networks, layers, bytes } = footprint;
  const running = machines.filter(({ isRunning }) => isRunning).length;
  const runs = running === 0 ? '' : machines.length === 1 ? ' that runs' : `, ${running} of them running,`;
  const parts = [
    ...(machines.length > 0 ? [`${count(machines.length, 'machine')}${runs}`] : []),
    // Where machines run, so do their networks.
    ...(networks && running === 0 ? ['networks that run'] : []),
    ...(layers > 0 ? [count(layers, 'layer')] : []),
  ];
  const all = [parts.slice(0, -1).join(', '), ...parts.slice(-1)].filter((text) => text !== '').join(' and ');
  return `${all.replace(/,$/, '')}, ${roundedSize(bytes)}`;
}

/** Its part of the document of `goqemu doctor --json`. */
export function leftBehindReport({ id, stateFolder, footprint }: LeftBehind) {
  const machines = footprint.machines.map(({ name, display }) => ({ name, pid: display?.pid }));
  const networks = footprint.networks && { pid: footprint.networks.display?.pid };
  return { id, stateFolder: stateFolder ?? null, ...footprint, machines, networks };
}

function count(number: number, thing: string): string {
  return `${number} ${number === 1 ? thing : `${thing}s`}`;
}
