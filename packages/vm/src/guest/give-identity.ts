import { randomBytes } from 'node:crypto';
import { applyIdentity, GuestSession, newEntropySeed } from '@goqemu/guest';
import type { Machine } from '@goqemu/machine';
import type { Layer } from '../layers/layer.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { throughAgent, throughSession } from './as-root.ts';
import { answerMs, correctClock } from './guest-clock.ts';
import { joinNetworks } from './join-networks.ts';
import { Standby } from './standby.ts';

/** A guest that runs, by the ways into it. */
interface ReachedGuest {
  readonly vm: Vm;
  readonly machine: Machine;
  readonly session: GuestSession;
}

type Limits = { readonly signal?: AbortSignal };

/**
 * After RAM was restored: the guest's clock stands where it was cut and its random pool is that of every sibling;
 * and a guest that was cut from another machine still takes itself for that one.
 *
 * @param begun of `beginRenewal`; what it leaves undone is done here
 */
export async function giveIdentity(
  { vm, machine, layer, session }: ReachedGuest & { readonly layer: Layer },
  begun: Renewal,
  call: VmCall,
): Promise<void> {
  const { manifest } = layer;
  const known = manifest.identity.cards;
  const same = await isItself(vm, layer);
  if (manifest.agent) {
    const renewed = await begun.done;
    vm.trace(
      renewed
        ? 'restore: the process on standby has set the clock'
        : 'restore: no process on standby set the clock in time',
    );
    if (!renewed) await renew(machine, call);
    const run = throughAgent(machine, call);
    if (!same) await applyIdentity(run, await ownIdentity(vm));
    await joinNetworks(vm, machine, { run, known }, call);
    return;
  }
  if (same) {
    const run = throughSession(session, call);
    await applyIdentity(run, renewal());
    await joinNetworks(vm, machine, { run, known }, call);
    return;
  }
  // Without an agent the guest lets in only whom it knew when it was cut.
  const access = await vm.host.keys.loadOrCreate(manifest.identity.lineage);
  await using former = new GuestSession({
    ...session.endpoint,
    user: manifest.identity.user,
    privateKey: access.privateKey,
    hostKey: manifest.identity.hostKey,
  });
  const run = throughSession(former, call);
  await applyIdentity(run, { ...renewal(), ...(await ownIdentity(vm)) });
  await joinNetworks(vm, machine, { run, known }, call);
}

/**
 * Whether the guest that was cut is this machine: its name, the host key that it shows, and whom it lets in. One that
 * was destroyed and made again has the instance id that it had, and a new host key.
 */
async function isItself(vm: Vm, { manifest: { identity } }: Layer): Promise<boolean> {
  if (identity.instanceId !== vm.spec.identity.instanceId) return false;
  if (identity.hostKey !== (await vm.hostKey()).publicKey) return false;
  if (identity.lineage === vm.scope.lineage) return true;
  const [its, own] = await Promise.all([vm.host.keys.load(identity.lineage), vm.host.keys.load(vm.scope.lineage)]);
  return its !== undefined && its.publicKey === own?.publicKey;
}

/**
 * After a boot from the disk of another machine's layer: cloud-init has set the host name and the keys, but leaves the
 * machine id alone, and the other machine's name in /etc/hosts.
 */
export async function giveNameAndMachineId(
  { vm, machine, session, agent }: ReachedGuest & { readonly agent: boolean },
  call: VmCall,
): Promise<void> {
  const { machineId, hostname } = vm.spec.identity;
  const { layer: key } = await vm.state();
  const former = key === undefined ? undefined : (await vm.host.layers.get(key)).manifest.identity.hostname;
  await applyIdentity(agent ? throughAgent(machine, call) : throughSession(session, call), {
    machineId,
    hostname,
    ...(former === undefined ? {} : { formerHostname: former }),
  });
}

/** What was begun before the guest resumed. */
export interface Renewal {
  /** False when no process is on standby in the guest, or it did not do its work. */
  readonly done: Promise<boolean>;
}

/**
 * Opens the agent's port, and leaves word at the other one for the process on standby, which sets the guest's clock and
 * reseeds its generator. To be called before the guest resumes: both then find what there is to do when they first look.
 */
export async function beginRenewal(machine: Machine, { manifest }: Layer, call: VmCall): Promise<Renewal> {
  const limits = call.signal ? { signal: call.signal } : {};
  if (!manifest.agent) return { done: Promise.resolve(false) };
  await machine.openAgentPort(limits);
  if (!manifest.standbyPort) return { done: Promise.resolve(false) };
  const standby = await Standby.join(machine, limits);
  const renewed = standby.setClock(limits).finally(() => standby.leave());
  const done = Promise.all([renewed, answered(machine, limits)]).then(([isSet]) => isSet);
  done.catch(() => undefined); // a guest that cannot resume is reported first
  return { done };
}

/** Wakes the agent, so that who comes next need not wait for that. */
async function answered(machine: Machine, limits: Limits): Promise<void> {
  const agent = await machine.agent({ timeoutMs: answerMs, ...limits });
  await agent.close();
}

/**
 * For a guest without a process on standby. The kernel's generator is reseeded by the vmgenid device (Linux 5.18); older
 * ones mix in what is written to it here.
 */
async function renew(machine: Machine, call: VmCall): Promise<void> {
  const limits = call.signal ? { signal: call.signal } : {};
  await using agent = await machine.agent({ timeoutMs: answerMs, ...limits });
  await Promise.all([correctClock(agent, limits), mixEntropy(agent, limits)]);
}

async function mixEntropy(agent: Awaited<ReturnType<Machine['agent']>>, limits: Limits): Promise<void> {
  const handle = await agent.execute('guest-file-open', { path: '/dev/urandom', mode: 'w' }, limits);
  const bytes = randomBytes(64).toString('base64');
  await agent.execute('guest-file-write', { handle, 'buf-b64': bytes }, limits);
  await agent.execute('guest-file-close', { handle }, limits);
}

function renewal() {
  return { clock: Date.now(), entropySeed: newEntropySeed() };
}

async function ownIdentity(vm: Vm) {
  const { identity, user } = vm.spec;
  const [access, sshHostKey] = await Promise.all([vm.host.keys.loadOrCreate(vm.scope.lineage), vm.hostKey()]);
  return {
    hostname: identity.hostname,
    machineId: identity.machineId,
    sshHostKey,
    authorizedKeys: { user, keys: [access.publicKey] },
  };
}
