import { anySignal, GoqemuError, hasErrorCode } from '@goqemu/core';
import { farEndLauncher, type Greeting, greet, notLaunched, PortLine, protocolVersion } from '@goqemu/guest';
import { connectStandby, type MachineRecord, standbyPortName, withAgent } from '@goqemu/machine';
import type { Transport } from '@goqemu/protocol';
import type { Vm } from '../vm/vm.ts';
import { readWay, writeWay } from './way-record.ts';

/** Milliseconds to wait for the one who has the port: it may be about to leave. */
const turnMs = 100;
/** Milliseconds after which a program that is known to listen, or may, is started again, or for the first time. */
const graceMs = { known: 500, unknown: 60 };
/** Milliseconds to wait for one's turn at the agent, and for its answer: SSH is there as well. */
const agentMs = 5_000;
/** Milliseconds for the agent to start the program, in an emulated guest on a busy host. */
const launchMs = 20_000;
/** Milliseconds for the program to answer once it was started. */
const answerMs = 30_000;
/** What will be so for as long as the QEMU runs. */
const lasting = [5, 6, 9];

/**
 * Opens the port at which goqemu's program in the guest listens, and has the guest's agent start that program where
 * nothing answers: before the first command, and after the guest has booted.
 *
 * @throws GoqemuError `far-end-absent` where there can be none, or the port is another process's
 */
export async function openGuestChannel(vm: Vm, signal: AbortSignal): Promise<Transport> {
  const { machine: record, agent } = await vm.state();
  if (vm.host.platform.env.GOQEMU_GUEST_WAY === 'ssh') throw absent(vm, 'GOQEMU_GUEST_WAY says so');
  if (!record?.sockets.standby) throw absent(vm, 'the machine has no port for it');
  if (!agent) throw absent(vm, 'the guest has no agent to start its other end');
  const known = readWay(record);
  if (known?.way === 'ssh') throw absent(vm, known.reason ?? 'it was tried before');
  const transport = await connectStandby(record, { waitMs: turnMs, signal }).catch((error: unknown) => {
    throw hasErrorCode(error, 'locked') ? absent(vm, 'another process is at it') : error;
  });
  try {
    await reach(vm, record, transport, signal);
  } catch (error) {
    await transport.close();
    throw error;
  }
  if (!known) await writeWay(record, { way: 'channel' });
  return transport;
}

async function reach(vm: Vm, record: MachineRecord, transport: Transport, signal: AbortSignal): Promise<void> {
  const line = new PortLine(transport);
  let found = await greet(line, 'frames', graceMs[readWay(record) ? 'known' : 'unknown'], signal);
  found ??= await started({ vm, record, line }, signal);
  if (found.version === protocolVersion) return;
  // An older one was left in a layer's RAM, and may have been slow to answer.
  await greet(line, 'quit', answerMs, signal);
  found = await started({ vm, record, line }, signal);
  if (found.version !== protocolVersion) throw absent(vm, 'an older program in the guest keeps the port');
}

interface Start {
  readonly vm: Vm;
  readonly record: MachineRecord;
  readonly line: PortLine;
}

/** Has the program started, and greets it; or the one that was there and slow to answer, whose port a second cannot have. */
async function started({ vm, record, line }: Start, signal: AbortSignal): Promise<Greeting> {
  const stop = new AbortController();
  const until = anySignal(signal, stop.signal);
  const answered = greet(line, 'frames', answerMs, until);
  const launched = launch(vm, record, until);
  try {
    const first = await Promise.race([answered, launched]);
    if (typeof first === 'string') throw absent(vm, first);
    const greeting = await answered;
    if (!greeting) throw absent(vm, 'the program in the guest did not answer');
    return greeting;
  } finally {
    stop.abort(new Error('the greeting is over'));
    await Promise.allSettled([answered, launched]);
  }
}

/** @returns why it could not be started */
async function launch(vm: Vm, record: MachineRecord, signal: AbortSignal): Promise<string | undefined> {
  const { script, input } = farEndLauncher(vm.spec.arch, standbyPortName);
  try {
    const { exitCode } = await withAgent(
      record,
      { timeoutMs: agentMs, logger: vm.host.logger, signal, command: 'goqemu exec' },
      (agent) =>
        agent.exec({ path: '/bin/sh', args: ['-c', script], input, capture: false, timeoutMs: launchMs, signal }),
    );
    vm.trace(`channel: the program in the guest was started, with exit code ${exitCode}`);
    if (exitCode === 0) return undefined;
    const reason = notLaunched[exitCode ?? -1] ?? `starting it ended with exit code ${exitCode}`;
    if (lasting.includes(exitCode ?? -1)) await writeWay(record, { way: 'ssh', reason });
    return reason;
  } catch (error) {
    if (!hasErrorCode(error, 'qga-command-failed')) throw error;
    // Some publishers' agents refuse guest-exec.
    const reason = 'the guest’s agent starts no programs';
    await writeWay(record, { way: 'ssh', reason });
    return reason;
  }
}

function absent({ spec: { name } }: Vm, reason: string): GoqemuError {
  return new GoqemuError({
    code: 'far-end-absent',
    source: 'environment',
    subject: name,
    message: `there is no channel for commands into ${name}: ${reason}`,
    hint: 'commands go by SSH then',
  });
}
