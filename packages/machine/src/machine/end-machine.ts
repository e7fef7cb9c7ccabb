import { isAlive, type Logger, type ProcessTable, sleep, withDeadline } from '@goqemu/core';
import type { GuestAgentClient, QmpClient } from '@goqemu/protocol';
import { untilEnded } from '../process/process-end.ts';
import { signalProcess } from '../process/signal-process.ts';
import { unstoppable } from './machine-errors.ts';
import type { MachineExit } from './machine-exit.ts';
import type { AgentOptions, StopOptions, StopResult } from './machine-options.ts';
import { identityOf, type MachineRecord } from './machine-record.ts';
import type { MachineState } from './machine-state.ts';
import { climb, defaultStopTimeouts, type Rung, type StopRung } from './stop-ladder.ts';

type Limits = { readonly signal?: AbortSignal };

/** What the ladder asks of a machine. */
interface EndingMachine {
  readonly record: MachineRecord;
  readonly state: MachineState;
  readonly qmp: QmpClient;
  status(options: Limits): Promise<MachineState>;
  shutdown(options: Limits): Promise<void>;
  agent(options: AgentOptions): Promise<GuestAgentClient>;
  wait(options: Limits): Promise<MachineExit>;
}

/**
 * Climbs the ladder from one rung on until the machine has ended.
 *
 * @throws GoqemuError `machine-unstoppable` when not even SIGKILL did it
 */
export async function endMachine(
  machine: EndingMachine,
  from: StopRung,
  { timeouts, signal }: StopOptions,
  { processes, logger }: { readonly processes: ProcessTable; readonly logger: Logger },
): Promise<StopResult> {
  const started = performance.now();
  const { record } = machine;
  const identity = identityOf(record);
  const alive = await isAlive(identity, processes);
  const all = rungs(machine, processes);
  const chosen = all.slice(all.findIndex((rung) => rung.name === from));
  if (alive && chosen.some((rung) => rung.skip)) await askStateBriefly(machine, signal);
  const ended = (inner: AbortSignal) => untilEnded(identity, processes, inner, machine.qmp.closed);
  const limits = { timeouts: { ...defaultStopTimeouts, ...timeouts }, signal, ended };
  const steps = alive ? await climb(chosen, limits) : [];
  const how = steps.find((step) => step.outcome === 'ended')?.rung;
  if (alive && !how) throw unstoppable(record, steps);
  const exit = await machine.wait(signal ? { signal } : {});
  logger.log('info', 'machine', how ? `ended by ${how}` : 'had ended already', { machine: record.name });
  return { how, steps, exit, durationMs: Math.round(performance.now() - started) };
}

function rungs(machine: EndingMachine, processes: ProcessTable): Rung[] {
  const { record, qmp } = machine;
  const asleep = () =>
    machine.state === 'running' || machine.state === 'unknown' ? undefined : `the machine is ${machine.state}`;
  const send = (name: NodeJS.Signals) => async () => {
    await signalProcess(identityOf(record), name, processes);
  };
  return [
    {
      name: 'guest-agent',
      skip: () => (record.sockets.agent ? asleep() : 'the machine has no guest agent'),
      ask: (signal) => askAgent(machine, signal),
    },
    { name: 'acpi', skip: asleep, ask: (signal) => pressPowerButton(machine, signal) },
    {
      name: 'quit',
      ask: async (signal) => {
        await qmp.execute('quit', undefined, { signal });
      },
    },
    { name: 'sigterm', ask: send('SIGTERM') },
    { name: 'sigkill', ask: send('SIGKILL') },
  ];
}

/** An agent that does not answer within 2 s is not there yet, or no longer. */
async function askAgent(machine: EndingMachine, signal: AbortSignal): Promise<void> {
  await using agent = await machine.agent({ timeoutMs: 2000, signal, command: 'goqemu stop' });
  await agent.shutdown('powerdown', { timeoutMs: 1000, signal });
}

/** Again every 5 s, until the machine has ended or the rung's time has: a guest that is still booting misses it. */
async function pressPowerButton(machine: EndingMachine, signal: AbortSignal): Promise<void> {
  for (;;) {
    await machine.shutdown({ signal });
    await sleep(5000, signal);
  }
}

/** One that does not answer is ended all the same. */
async function askStateBriefly(machine: EndingMachine, signal: AbortSignal | undefined): Promise<void> {
  const asking = withDeadline('asking for the state', 1000, signal, (inner) => machine.status({ signal: inner }));
  await asking.catch(() => undefined);
}
