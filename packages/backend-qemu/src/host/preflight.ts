import { formatByteSize, isGoqemuError } from '@goqemu/core';
import type { BackendCall, MachineSpec, Preflight } from '@goqemu/lab';
import type { QemuInstallation } from '@goqemu/machine';
import { checkpointRoad, ramLimit, type VmHost } from '@goqemu/vm';

/** What this host lacks for these machines, and where their checkpoints will hold less than one would think. */
export async function preflight(
  host: VmHost,
  machines: readonly MachineSpec[],
  call: BackendCall,
): Promise<Preflight[]> {
  const found: Preflight[] = [];
  for (const arch of new Set(machines.map((machine) => machine.arch))) {
    try {
      const installation = await host.installation(arch, call.signal);
      found.push(
        ...(await checkpointFacts(
          host,
          installation,
          machines.filter((machine) => machine.arch === arch),
        )),
      );
    } catch (error) {
      if (!isGoqemuError(error)) throw error;
      found.push({
        severity: 'error',
        code: error.code,
        message: error.message,
        ...(error.hint === undefined ? {} : { hint: error.hint }),
      });
    }
  }
  return [...found, ...(await memoryFacts(host, machines))];
}

async function checkpointFacts(
  host: VmHost,
  installation: QemuInstallation,
  machines: readonly MachineSpec[],
): Promise<Preflight[]> {
  const road = await checkpointRoad(host, installation);
  if (road.kind === 'disk')
    return [{ severity: 'notice', code: 'ram-not-kept', message: `checkpoints hold the ${road.reason}` }];
  return machines.flatMap(({ name, firmware, accelerator }) => {
    const limit = ramLimit({ firmware, accelerator });
    return limit === undefined
      ? []
      : [
          {
            severity: 'notice' as const,
            code: 'ram-not-kept',
            message: `checkpoints of ${name} hold the disk only, restoring boots: ${limit}`,
          },
        ];
  });
}

/** Not all machines of a lab need to run at once, and few use all that they may: it is said, not refused. */
async function memoryFacts(host: VmHost, machines: readonly MachineSpec[]): Promise<Preflight[]> {
  const wanted = machines.reduce((sum, machine) => sum + machine.memory, 0);
  const free = await host.room.memory();
  if (wanted <= free) return [];
  return [
    {
      severity: 'notice',
      code: 'little-memory',
      message: `the machines may take ${formatByteSize(wanted)} of memory together, and ${formatByteSize(free)} are available`,
      hint: 'a machine whose memory is not there when it starts is refused; give them less, or stop others',
    },
  ];
}
