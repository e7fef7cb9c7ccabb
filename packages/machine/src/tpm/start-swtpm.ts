import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import type { Socket } from 'node:net';
import {
  GoqemuError,
  type HostPlatform,
  internalError,
  lastingEnvironment,
  makeFolders,
  type ProcessIdentity,
  type ProcessTable,
} from '@goqemu/core';
import { firstExecutable } from '../find/executable.ts';
import { binaryFolders } from '../find/usual-places.ts';
import { ownProcess } from '../process/owned-processes.ts';
import { signalProcess } from '../process/signal-process.ts';

export interface StartSwtpmOptions {
  /** Where the TPM's state is kept; made when it is not there. */
  readonly stateFolder: string;
  /** What swtpm says goes where QEMU's words go, so that they are read together. */
  readonly log: string;
  readonly platform: HostPlatform;
  readonly processes: ProcessTable;
}

/** An swtpm that waits for its QEMU. It ends when this is disposed of, unless it was handed over to one that runs. */
export class StartedSwtpm implements AsyncDisposable {
  /** QEMU's end of the connection. */
  readonly wire: Socket;
  readonly #identity: ProcessIdentity;
  readonly #processes: ProcessTable;
  readonly #release: () => void;
  #handedOver = false;

  constructor(wire: Socket, identity: ProcessIdentity, processes: ProcessTable, release: () => void) {
    this.wire = wire;
    this.#identity = identity;
    this.#processes = processes;
    this.#release = release;
  }

  /** From now on it ends with QEMU, in whatever way that ends (`--terminate`). */
  handOver(): void {
    this.#handedOver = true;
    this.#release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.wire.destroy();
    if (this.#handedOver) return;
    await signalProcess(this.#identity, 'SIGTERM', this.#processes);
    this.#release();
  }
}

/**
 * Starts swtpm(8) for one machine, joined to it by a pair of sockets and not by one with a name: no other process can connect.
 * swtpm ends with a QEMU that it served; until there is one, this process's watcher ends it, should this process die.
 *
 * @throws GoqemuError `swtpm-missing` with the command that installs it
 */
export async function startSwtpm(options: StartSwtpmOptions): Promise<StartedSwtpm> {
  const { stateFolder, log, platform, processes } = options;
  const program = await firstExecutable('swtpm', binaryFolders(platform), platform);
  if (!program || platform.system === 'win32') throw swtpmMissing(platform);
  makeFolders(stateFolder, { mode: 0o700 });
  const output = await open(log, 'a', 0o600);
  try {
    const argv = ['socket', '--tpm2', '--tpmstate', 'dir=.', '--ctrl', 'type=unixio,clientfd=3', '--terminate'];
    // In the folder of its state: swtpm's options have no escape for a comma in a path.
    const child = spawn(program, argv, {
      cwd: stateFolder,
      detached: true,
      env: lastingEnvironment(),
      stdio: ['ignore', output.fd, output.fd, 'pipe'],
    });
    const wire = child.stdio[3] as Socket;
    wire.pause().on('error', () => undefined); // its end is reported by QEMU, whose connection breaks
    await once(child, 'spawn');
    child.unref();
    const identity = await processes.identify(child.pid ?? 0);
    if (!identity || wire.destroyed) throw internalError(`${program} ended at once; its words are in ${log}`);
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    ownProcess(identity, released);
    return new StartedSwtpm(wire, identity, processes, release);
  } finally {
    await output.close();
  }
}

function swtpmMissing(platform: HostPlatform): GoqemuError {
  const commands = {
    linux: 'install it (Debian, Ubuntu: sudo apt install swtpm; Fedora: sudo dnf install swtpm)',
    darwin: 'install it (brew install swtpm)',
    win32: 'swtpm runs on Linux and macOS; on Windows do without a TPM',
  };
  return new GoqemuError({
    code: 'swtpm-missing',
    source: 'environment',
    subject: 'tpm',
    message: 'tpm: swtpm, which is the TPM of the machine, is not installed on this host',
    hint: commands[platform.system],
  });
}
