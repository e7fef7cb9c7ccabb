import { GoqemuError } from '@goqemu/core';
import { candidatePorts, firstFreePort, portTaken, portUse } from '@goqemu/network';
import { type HostPort, hostPortOf, manualName, type PortForward, portNumber } from '@goqemu/spec';
import type { VmCall } from '@goqemu/vm';
import type { readAddedForward } from '../../added-forward.ts';
import type { HeldVm } from '../held-vm.ts';
import { describeForwards } from './hold-vm.ts';

/**
 * Forwards one more port of 127.0.0.1 to a VM, beside those of its configuration.
 *
 * @returns the port of 127.0.0.1
 * @throws GoqemuError `port-taken`
 */
export async function addManually(
  held: HeldVm,
  { guest, host, protocol }: ReturnType<typeof readAddedForward>,
  call: VmCall,
): Promise<number> {
  const { name, spec } = held.record;
  refusePasst(held);
  const candidates = candidatePorts(`standalone/${name}/manual/${guest}`);
  const port = host || (await firstFreePort(candidates, new Set(), protocol.protocol));
  const added: PortForward = { ...protocol, host: port, guest, manual: true };
  const former = Object.entries(spec.forwards).find(([, one]) => hostPortOf(one) === hostPortOf(added));
  if (former && former[1].guest === guest) return port;
  const use = former?.[1].manual ? undefined : await portUse(hostPortOf(added));
  if (use) throw portTaken(use, name);
  await describeForwards(held, { ...without(spec.forwards, former?.[0]), [manualName(added)]: added }, call);
  return port;
}

/** @throws GoqemuError `forward-missing` */
export async function removeManually(held: HeldVm, port: HostPort, call: VmCall): Promise<void> {
  const { name, spec } = held.record;
  refusePasst(held);
  const found = Object.entries(spec.forwards).find(([, one]) => one.manual && hostPortOf(one) === port);
  if (found) return describeForwards(held, without(spec.forwards, found[0]), call);
  throw new GoqemuError({
    code: 'forward-missing',
    source: 'user',
    subject: name,
    message: `no port ${portNumber(port)} of the host was forwarded to VM "${name}" with addForward`,
    hint: 'the forwards of its configuration stay as they are; all of them are in (await vm.status()).forwards',
  });
}

function without<T>(forwards: Readonly<Record<string, T>>, name: string | undefined): Record<string, T> {
  return Object.fromEntries(Object.entries(forwards).filter(([other]) => other !== name));
}

/** passt is given its ports when it starts. */
function refusePasst({ record: { name, spec }, machine }: HeldVm): void {
  if (spec.network.kind !== 'passt' || !machine) return;
  throw new GoqemuError({
    code: 'forward-refused',
    source: 'environment',
    subject: name,
    message: `the forwarded ports of VM "${name}" cannot change while it runs: passt has them, which is given its ports when it starts`,
    hint: 'stop the VM first, or use a tunnel',
  });
}
