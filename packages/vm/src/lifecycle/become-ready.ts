import { isAlive, statIfThere } from '@goqemu/core';
import { type GuestSession, readinessStages, type StageReached, waitUntilReady } from '@goqemu/guest';
import type { Machine } from '@goqemu/machine';
import { throughAgent, throughSession } from '../guest/as-root.ts';
import { ensureAgent } from '../guest/ensure-agent.ts';
import { giveNameAndMachineId } from '../guest/give-identity.ts';
import { joinNetworks } from '../guest/join-networks.ts';
import { cardsDigest } from '../vm/lab-cards.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { bootLimits } from './time-limits.ts';

/** A guest that boots. */
export interface BootingGuest {
  readonly vm: Vm;
  readonly machine: Machine;
  readonly session: GuestSession;
  /** Where this boot begins in the log of the serial console, in bytes. */
  readonly serialOffset: number;
}

/**
 * Waits until a guest that boots is ready, and notes that it is, and whether it has an agent.
 *
 * @throws GoqemuError what `waitUntilReady` throws
 */
export async function becomeReady({ vm, machine, session, serialOffset }: BootingGuest, call: VmCall): Promise<void> {
  await vm.update({ agent: undefined }); // that of the boot before: until this one has one, commands take SSH
  await waitUntilReady({
    serialLog: vm.folder.serialLog,
    session,
    isProcessAlive: () => isAlive(machine.record),
    machine: vm.spec.name,
    emulationMayHelp: machine.record.accelerator !== 'tcg',
    serialOffset,
    ...bootLimits(vm.host, machine.record, vm.spec.timeouts),
    onStage: tellStages(call),
    ...(call.signal ? { signal: call.signal } : {}),
  });
  const agent = await ensureAgent(vm, machine, session, call);
  const { layer, identity } = await vm.state();
  if (layer && identity !== vm.spec.identity.instanceId)
    await giveNameAndMachineId({ vm, machine, session, agent }, call);
  const run = agent ? throughAgent(machine, call) : throughSession(session, call);
  await joinNetworks(vm, machine, { run, known: undefined }, call);
  await vm.update({ identity: vm.spec.identity.instanceId, agent, cards: cardsDigest(vm.spec), ready: true });
}

/** Each stage begins when the one before it is reached. */
export function tellStages(call: VmCall): (reached: StageReached) => void {
  return ({ stage, tookMs }) => {
    call.onProgress?.({ kind: 'stage', stage, status: 'done', durationMs: tookMs });
    const next = readinessStages[readinessStages.indexOf(stage) + 1];
    if (next) call.onProgress?.({ kind: 'stage', stage: next, status: 'started' });
  };
}

/** Bytes that a serial console has written: the log continues from boot to boot. */
export async function consoleSize(path: string): Promise<number> {
  return (await statIfThere(path))?.size ?? 0;
}
