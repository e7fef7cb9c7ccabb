import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface BareRestore {
  readonly running: number;
  readonly command: number;
}

/**
 * What a script does that restores a RAM file by QEMU's own documentation (docs/system/vm-templating.rst) and runs one
 * command through the guest's agent: nothing is checked, kept or cleaned up. Milliseconds from its start.
 *
 * @param pid a machine that was restored by goqemu: its arguments are taken
 * @param setsClock also sets the guest's clock by date(1) before the command, as goqemu leaves no guest without
 */
export async function bareRestore(
  pid: number,
  state: string,
  disk: readonly [string, string],
  setsClock: boolean,
): Promise<BareRestore> {
  const folder = await mkdtemp(join(tmpdir(), 'bare-'));
  const argv = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replace(/\0$/, '').split('\0');
  const [program = '', ...given] = argv;
  const sandbox = given.indexOf('-sandbox');
  const args = given
    .filter((_, index) => index !== sandbox && index !== sandbox + 1)
    .map((text) => text.replaceAll(disk[0], disk[1]).replace(/path=[^,]*\/([a-z]),/, `path=${folder}/$1,`))
    .map((text) => text.replace(/,logfile=[^,]*,logappend=on/, ''));
  const begun = performance.now();
  const child = spawn(program, args, { stdio: 'ignore' });
  try {
    const qmp = await patientConnect(join(folder, 'c'));
    const ask = asker(qmp);
    await ask({ execute: 'qmp_capabilities' });
    await ask({
      execute: 'migrate-set-capabilities',
      arguments: { capabilities: [{ capability: 'x-ignore-shared', state: true }] },
    });
    await ask({ execute: 'migrate-incoming', arguments: { uri: `exec:cat ${state}` } });
    for (;;) {
      const { status } = (await ask({ execute: 'query-status' })) as { status: string };
      if (status !== 'inmigrate') break;
      await sleep(2);
    }
    await ask({ execute: 'cont' });
    const running = performance.now() - begun;
    const agent = await patientConnect(join(folder, 'a'));
    const tell = asker(agent);
    await tell({ execute: 'guest-sync', arguments: { id: 1 } });
    const run = async (path: string, arg: readonly string[]) => {
      const started = await tell({ execute: 'guest-exec', arguments: { path, arg, 'capture-output': true } });
      for (;;) {
        const status = await tell({ execute: 'guest-exec-status', arguments: started as object });
        if ((status as { exited: boolean }).exited) return;
        await sleep(2);
      }
    };
    if (setsClock) await run('/bin/date', ['-u', '-s', `@${Math.round(Date.now() / 1000)}`]);
    await run('/bin/true', []);
    const command = performance.now() - begun;
    qmp.destroy();
    agent.destroy();
    return { running, command };
  } finally {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
    await rm(folder, { recursive: true, force: true });
  }
}

async function patientConnect(path: string): Promise<Socket> {
  for (;;) {
    const socket = connect(path);
    const found = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    if (found) return socket;
    await sleep(2);
  }
}

/** Lines of JSON; events and the greeting have neither `return` nor `error`. */
function asker(socket: Socket): (command: object) => Promise<unknown> {
  let text = '';
  let settle: ((answer: { return?: unknown; error?: unknown }) => void) | undefined;
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end).trim();
      text = text.slice(end + 1);
      const message = line ? (JSON.parse(line) as { return?: unknown; error?: unknown }) : {};
      if ('return' in message || 'error' in message) settle?.(message);
    }
  });
  return async (command) => {
    const answer = new Promise<{ return?: unknown; error?: unknown }>((resolve) => {
      settle = resolve;
    });
    socket.write(`${JSON.stringify(command)}\n`);
    const { return: result, error } = await answer;
    if (error) throw new Error(JSON.stringify(error));
    return result;
  };
}
