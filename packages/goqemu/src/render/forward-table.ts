import type { MachineReport } from '@goqemu/lab';
import type { Style } from './style.ts';
import { table } from './table.ts';

/** Which ports of the host lead to which of a machine. */
export function forwardTable(machines: readonly Pick<MachineReport, 'name' | 'forwards'>[], style: Style): string {
  return table(
    ['MACHINE', 'FORWARD', 'HOST', 'GUEST'],
    machines.flatMap(({ name, forwards }) =>
      forwards.map(({ name: forward, protocol, host, guest, manual }) => [
        style.bold(name),
        manual ? '(manual)' : forward,
        `127.0.0.1:${host}`,
        `${guest}/${protocol}`,
      ]),
    ),
    style,
  );
}
