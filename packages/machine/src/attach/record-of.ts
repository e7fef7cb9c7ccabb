import { dirname } from 'node:path';
import type { HostPlatform, ProcessIdentity, ProcessTable } from '@goqemu/core';
import type { MachineRecord } from '../machine/machine-record.ts';
import type { MachineSockets, SocketEndpoint } from '../sockets/machine-sockets.ts';
import { hostRuntimeFolder, makeRuntimeFolder } from '../sockets/runtime-folder.ts';
import { hasOwnSockets } from '../sockets/runtime-folder-owner.ts';
import { notFound } from './attach-errors.ts';
import type { Candidate } from './candidate.ts';
import type { MetMachine } from './meet-machine.ts';

/** What is kept of a machine that was found by its process or its socket. */
export async function recordOf(
  { candidate, monitor, spare, qmp }: MetMachine,
  processes: ProcessTable,
  platform: HostPlatform,
): Promise<MachineRecord> {
  const { pid, qemuPath, found } = candidate;
  const identity = await processes.identify(pid);
  if (!identity) throw notFound(`process ${pid} has ended`, 'start it again');
  const { UUID } = await qmp.execute('query-uuid');
  const { name } = await qmp.execute('query-name');
  const { major, minor, micro, package: text } = qmp.version;
  const { serialLog, accelerator, machineType, cpu } = found;
  return {
    ...identity,
    name: name ?? '',
    uuid: UUID,
    qemuPath,
    version: `${major}.${minor}.${micro}${text ? ` (${text})` : ''}`,
    ...(await placeOf(candidate, { monitor, spare, identity }, platform)),
    ...(serialLog ? { serialLog } : {}),
    accelerator,
    machineType,
    cpu,
  };
}

async function placeOf(
  { found, endpointOf }: Candidate,
  {
    monitor,
    spare,
    identity,
  }: Pick<MetMachine, 'monitor'> & {
    readonly spare: SocketEndpoint | undefined;
    readonly identity: ProcessIdentity;
  },
  platform: HostPlatform,
): Promise<Pick<MachineRecord, 'sockets' | 'runtimeFolder'>> {
  const { control, readers, tools, standby, console } = found.named;
  const agent = endpointOf(found.agent);
  const others = {
    ...(agent ? { agent } : {}),
    ...optional('standby', endpointOf(standby)),
    ...optional('console', endpointOf(console)),
  };
  const own = { control: endpointOf(control), readers: endpointOf(readers), tools: endpointOf(tools) };
  const folder = own.control?.kind === 'unix' ? dirname(own.control.path) : (own.control?.keyFolder ?? '');
  if (own.control && own.readers && own.tools) {
    const sockets: MachineSockets = { control: own.control, readers: own.readers, tools: own.tools, ...others };
    // The socket that was named is the one to use, whichever of the three it is.
    if (hasOwnSockets({ sockets, runtimeFolder: folder }))
      return { sockets: { ...sockets, control: monitor }, runtimeFolder: folder };
  }
  // By its process: all that attach to it, by whichever monitor, take turns.
  const { pid, startTime, bootId } = identity;
  const runtimeFolder = await hostRuntimeFolder(`${bootId} ${pid} ${startTime}`, platform);
  await makeRuntimeFolder(runtimeFolder, platform);
  return {
    sockets: { control: monitor, readers: spare ?? monitor, tools: spare ?? monitor, ...others },
    runtimeFolder,
  };
}

function optional<K extends string>(
  key: K,
  endpoint: SocketEndpoint | undefined,
): { readonly [P in K]?: SocketEndpoint } {
  return (endpoint ? { [key]: endpoint } : {}) as { readonly [P in K]?: SocketEndpoint };
}
