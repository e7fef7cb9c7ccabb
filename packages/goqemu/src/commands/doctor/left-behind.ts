import type { DoctorFact, Holding, KnownState, MachineElsewhere } from '@goqemu/lab';
import { roundedSize } from '../../render/rounded-size.ts';

/** What a missing or unknown state still has on this host. */
export interface LeftBehind {
  /** `LAB-LINEAGE`, as its folder is called; the lineage alone where the lab's name is not known. */
  readonly id: string;
  /** Where its state was; undefined when that was never noted. */
  readonly stateFolder: string | undefined;
  readonly holding: Holding;
}

/** What no state that is there reaches. */
export function leftBehind(holdings: readonly Holding[], states: readonly KnownState[]): readonly LeftBehind[] {
  const known = new Map(states.map((state) => [state.lineage, state]));
  return holdings.flatMap((holding) => {
    const state = known.get(holding.lineage);
    if (state?.isThere) return [];
    const lab = holding.lab ?? state?.lab;
    const id = lab === undefined ? holding.lineage : `${lab}-${holding.lineage}`;
    return [{ id, stateFolder: state?.stateFolder, holding }];
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
export function contents({ holding }: LeftBehind): string {
  const { machines, layers, bytes } = holding;
  const running = machines.filter(({ pid }) => pid !== undefined).length;
  const runs = running === 0 ? '' : machines.length === 1 ? ' that runs' : `, ${running} of them running,`;
  const parts = [
    ...(machines.length > 0 ? [`${count(machines.length, 'machine')}${runs}`] : []),
    ...(layers > 0 ? [count(layers, 'layer')] : []),
  ];
  return `${parts.join(' and ')}, ${roundedSize(bytes)}`;
}

export function elsewhereFacts(machines: readonly MachineElsewhere[]): readonly DoctorFact[] {
  return [...new Set(machines.map(({ home }) => home))].map((home) => {
    const names = machines.flatMap((one) => (one.home === home ? [`${one.lab}/${one.name} (pid ${one.pid})`] : []));
    return {
      name: 'elsewhere',
      status: 'ok',
      finding: `with GOQEMU_HOME=${home} run: ${names.join(', ')}`,
    };
  });
}

function count(number: number, thing: string): string {
  return `${number} ${number === 1 ? thing : `${thing}s`}`;
}
