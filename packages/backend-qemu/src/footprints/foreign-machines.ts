import type { DoctorFact } from '@goqemu/lab';
import { type RunningMachine, runningMachines } from './running-machines.ts';

/** Machines that run from another folder of goqemu than this one. */
export async function foreignMachines(home: string): Promise<readonly DoctorFact[]> {
  return foreignFacts((await runningMachines()).filter((machine) => machine.home !== home));
}

export function foreignFacts(machines: readonly RunningMachine[]): readonly DoctorFact[] {
  return [...new Set(machines.map(({ home }) => home))].map((home) => {
    const names = machines.flatMap((one) => (one.home === home ? [`${one.lab}/${one.name} (pid ${one.pid})`] : []));
    return { name: 'elsewhere', status: 'ok', finding: `with GOQEMU_HOME=${home} run: ${names.join(', ')}` };
  });
}
