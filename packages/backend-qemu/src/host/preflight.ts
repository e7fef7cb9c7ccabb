import { formatByteSize, freeBytes, hasErrorCode, isGoqemuError, systemErrorCode } from '@goqemu/core';
import type { BackendCall, MachineSpec, Preflight } from '@goqemu/lab';
import type { QemuInstallation } from '@goqemu/machine';
import { hostRamStrategy, machineRamStrategy, type RamStrategy, type VmHost } from '@goqemu/vm';
import { movedFolders } from './moved-folders.ts';

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
          call,
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
  return [
    ...movedFolders(host.platform),
    ...found,
    ...deafForwards(machines),
    ...openCards(host, machines),
    ...(await hostNetworkProblems(host, machines, call)),
    ...(await memoryFacts(host, machines)),
    ...(await roomFacts(host, machines)),
  ];
}

/** Ways into the host's own network are tried; the message says why each is closed. */
async function hostNetworkProblems(
  host: VmHost,
  machines: readonly MachineSpec[],
  { signal }: BackendCall,
): Promise<readonly Preflight[]> {
  const wishing = machines.filter(({ network }) => network === 'host');
  const [first] = wishing;
  if (!first) return [];
  const { tryHostNetwork } = await import('../machines/host-network.ts');
  const closed = await tryHostNetwork(host, first, signal).then(
    () => undefined,
    (error: unknown) => {
      if (hasErrorCode(error, 'host-network-unavailable')) return error;
      throw error;
    },
  );
  return wishing.flatMap(({ name: machine }) => {
    if (!closed) return [];
    const ways = closed.detail?.split('\n').join('; ') ?? '';
    const message = `${machine}: network: 'host' has no way into this host's network: ${ways}`;
    const hint = `open one of these ways, or take network: 'host' out of ${machine} and forward ports`;
    return [{ severity: 'error', code: closed.code, machine, message, hint } as const];
  });
}

/** QEMU's restricted network drops UDP of the guest, also its answers to what was forwarded (libslirp, udp_input). */
function deafForwards(machines: readonly MachineSpec[]): Preflight[] {
  return machines.flatMap(({ name: machine, wayOut, forwards }) => {
    const udp = Object.values(forwards).find(({ protocol }) => protocol === 'udp');
    if (wayOut !== 'none' || !udp) return [];
    return [
      {
        severity: 'error',
        code: 'forward-refused',
        machine,
        message: `${machine}: UDP port ${udp.host} of the host cannot be forwarded to a machine without a way out: its answers would be dropped`,
        hint: 'give one of its networks nat: true, or forward a TCP port',
      } as const,
    ];
  });
}

/** Other users of a host reach its loopback; Unix sockets, which they do not reach, Node opens elsewhere alone. */
function openCards({ platform }: VmHost, machines: readonly MachineSpec[]): Preflight[] {
  const wired = machines.filter(({ identity }) => identity.cards).map(({ name }) => name);
  if (platform.system !== 'win32' || wired.length === 0) return [];
  return [
    {
      severity: 'notice',
      code: 'network-cards-open',
      message: `the network cards of ${wired.join(', ')} are reached by ports of this host's loopback: another user of this host who connects to one before goqemu does reads and sends its frames`,
      hint: 'on a host that others use, encrypt what passes between the machines',
    },
  ];
}

/** What checkpoints hold, where that is not the best there is: once for all machines that share a strategy. */
async function checkpointFacts(
  host: VmHost,
  installation: QemuInstallation,
  machines: readonly MachineSpec[],
  call: BackendCall,
): Promise<Preflight[]> {
  const strategy = await hostRamStrategy(host, installation);
  const byReason = new Map<string, { readonly kind: RamStrategy['kind']; readonly names: string[] }>();
  for (const { name, arch, firmware, accelerator: wanted } of machines) {
    // Elsewhere the strategy does not depend on it, and proving one takes a while.
    const isChosenHere = wanted === 'auto' && host.platform.system === 'win32';
    const accelerator = isChosenHere ? (await host.accelerator(wanted, arch, call.signal)).accelerator : wanted;
    const { kind, reason } = machineRamStrategy(strategy, { firmware, accelerator });
    if (kind === 'copy-on-write') continue;
    byReason.set(reason, { kind, names: [...(byReason.get(reason)?.names ?? []), name] });
  }
  return [...byReason].map(([reason, { kind, names }]) => ({
    severity: 'notice',
    code: kind === 'disk' ? 'ram-not-kept' : 'slower-checkpoints',
    message: `checkpoints of ${names.join(', ')} hold ${reason}`,
  }));
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

/** How much a guest will write is not known: said before it boots, not refused. */
async function roomFacts(host: VmHost, machines: readonly MachineSpec[]): Promise<Preflight[]> {
  const largest = machines.reduce((most, machine) => Math.max(most, machine.memory), 0);
  const { home } = host.folders;
  const free = await host.room.disk(home).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return freeBytes(home); // it is made with the first machine
    throw error;
  });
  if (largest <= free) return [];
  return [
    {
      severity: 'notice',
      code: 'little-room',
      message: `${formatByteSize(free)} are free at ${home}, where disks and checkpoints lie: a checkpoint alone may take ${formatByteSize(largest)}, the memory of a machine`,
      hint: 'a checkpoint that finds no room fails; make room, or set GOQEMU_HOME to a folder on a larger disk',
    },
  ];
}
