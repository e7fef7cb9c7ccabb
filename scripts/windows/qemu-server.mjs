/**
 * Runs this host's QEMU for its stand-ins under Wine: relays arguments, standard streams and the exit code, and tells
 * the stand-in which files QEMU has open, so that it holds them as QEMU for Windows would. A stand-in that ends, or is
 * killed, takes its QEMU with it.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';

/** Milliseconds between two looks at what a QEMU has open. */
const lookEveryMs = 40;

/**
 * @param driveC the folder that Wine has as drive C
 * @param library windows-paths.c, compiled
 * @param workFolder where the programs stand
 * @param log called with a line
 */
export async function startQemuServer({ driveC, library, workFolder, log }) {
  const token = randomBytes(16).toString('hex');
  const children = new Set();
  const environment = {
    PATH: '/usr/bin:/bin',
    LD_PRELOAD: library,
    GOQEMU_DRIVE_C: driveC,
    TMPDIR: workFolder,
    LC_ALL: 'C',
  };
  const server = createServer((socket) => {
    let child;
    const send = (kind, bytes) => {
      const header = Buffer.alloc(5);
      header.write(kind, 0);
      header.writeUInt32BE(bytes.length, 1);
      if (!socket.destroyed) socket.write(Buffer.concat([header, bytes]));
    };
    const start = (words) => {
      const [given, name = '', ...args] = words;
      const program = `/usr/bin/${name.replace(/\.exe$/i, '').toLowerCase()}`;
      if (given !== token || !/^\/usr\/bin\/qemu-(?:system-[\w]+|img)$/.test(program) || !existsSync(program))
        return socket.destroy();
      child = spawn(program, args.map(emulated), { cwd: workFolder, env: environment });
      children.add(child);
      log(`${child.pid} ${program} ${args.join(' ')}`);
      child.stdout.on('data', (bytes) => send('O', bytes));
      child.stderr.on('data', (bytes) => send('R', bytes));
      child.stdin.on('error', () => undefined); // it may have ended
      child.once('close', (code, signal) => {
        children.delete(child);
        log(`${child.pid} ended with ${code ?? signal}`);
        send('X', Buffer.from(String(code ?? 3)));
      });
      tellOpenFiles(child, driveC, (list) => send('F', Buffer.from(list)));
    };
    readFrames(socket, (kind, bytes) => {
      if (kind === 'A') start(bytes.toString('utf8').split('\0').slice(0, -1));
      else if (kind === 'I') child?.stdin.write(bytes);
      else if (kind === 'E') child?.stdin.end();
      else if (kind === 'N') log(`${child?.pid} ${bytes}`);
    });
    socket.on('error', () => undefined); // the stand-in was killed, which `close` tells too
    socket.once('close', () => child?.exitCode === null && child.kill('SIGKILL'));
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    /** What the stand-ins read. */
    address: `${server.address().port} ${token}\n`,
    close() {
      server.close();
      for (const child of children) child.kill('SIGKILL');
    },
  };
}

/** This host has no Windows Hypervisor Platform: a machine that asks for it is emulated, and the rest is as under WHPX. */
function emulated(argument) {
  return argument === 'whpx' || argument.startsWith('whpx,') ? 'tcg' : argument; // whose options are other ones
}

function readFrames(socket, onFrame) {
  let buffer = Buffer.alloc(0);
  socket.on('data', (bytes) => {
    buffer = Buffer.concat([buffer, bytes]);
    while (buffer.length >= 5 && buffer.length >= 5 + buffer.readUInt32BE(1)) {
      const size = buffer.readUInt32BE(1);
      onFrame(String.fromCharCode(buffer[0]), buffer.subarray(5, 5 + size));
      buffer = buffer.subarray(5 + size);
    }
  });
}

/** Only what changed is told. */
function tellOpenFiles(child, driveC, tell) {
  let told = '';
  const look = setInterval(() => {
    const list = openFiles(child.pid, driveC);
    if (list !== undefined && list !== told) tell(list);
    told = list ?? told;
  }, lookEveryMs);
  child.once('exit', () => clearInterval(look));
}

/** `R PATH` or `W PATH` a line, for each disk or other image below drive C. */
function openFiles(pid, driveC) {
  const found = new Map();
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      const path = readlinkSync(`/proc/${pid}/fd/${fd}`);
      if (!path.startsWith(`${driveC}/`) || !/\.(?:qcow2|raw|img|iso)$/.test(path)) continue;
      const flags = /flags:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0';
      const writes = (Number.parseInt(flags, 8) & 3) !== 0;
      const name = `C:${path.slice(driveC.length).replaceAll('/', '\\')}`;
      if (found.get(name) !== 'W') found.set(name, writes ? 'W' : 'R');
    }
  } catch {
    return undefined; // it has ended, or closed a file meanwhile
  }
  return [...found]
    .map(([name, how]) => `${how} ${name}`)
    .sort()
    .join('\n');
}
