import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sleep } from '@goqemu/core';

/** What befalls the file system of a folder; `end` makes it well again. */
export interface HostFault {
  begin(): void;
  end(): void;
}

/** The folder is a mount of its own. */
export function fullDisk(folder: string): HostFault {
  const filler = join(folder, 'filler');
  return {
    begin: () => {
      const descriptor = fs.openSync(filler, 'w');
      try {
        for (const size of [2 ** 20, 4096])
          try {
            for (;;) fs.writeSync(descriptor, Buffer.alloc(size));
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
          }
      } finally {
        fs.closeSync(descriptor);
      }
    },
    end: () => fs.rmSync(filler, { force: true }),
  };
}

/** What is open for writing stays so, as it does for mount(8): every other way to the files is read-only. */
export function readOnlyDisk(folder: string): HostFault {
  return {
    begin: () => {
      execFileSync('mount', ['--bind', folder, folder]);
      execFileSync('mount', ['-o', 'remount,bind,ro', folder]);
    },
    end: () => {
      execFileSync('umount', ['--lazy', folder]);
    },
  };
}

/**
 * A device that fails every write below a mount point with EIO, to QEMU as to goqemu: a file system of our own (FUSE), which
 * keeps what it holds in another folder. It ends when it is disposed of.
 *
 * @param folder where the mount point `disk`, and what is kept, are to be
 */
export async function failingFileSystem(folder: string): Promise<HostFault & AsyncDisposable> {
  const [kept, mountPoint, broken] = ['kept', 'disk', 'broken'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [kept, mountPoint]) fs.mkdirSync(path);
  const program = fileURLToPath(new URL('failing-disk.py', import.meta.url));
  const server = spawn('/usr/bin/python3', [program, kept, mountPoint, broken], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(server, 'exit');
  while (fs.statSync(mountPoint).dev === fs.statSync(folder).dev) {
    if (server.exitCode !== null) throw new Error(`the file system ended with ${server.exitCode}`);
    await sleep(20);
  }
  return {
    begin: () => fs.writeFileSync(broken, ''),
    end: () => fs.rmSync(broken, { force: true }),
    [Symbol.asyncDispose]: async () => {
      execFileSync('umount', ['--lazy', mountPoint]);
      await ended;
    },
  };
}

const written = {
  folder: ['mkdir', 'mkdtemp', 'rename', 'link', 'copyFile', 'writeFile', 'truncate', 'unlink', 'rm', 'rmdir'],
  handle: ['write', 'writev', 'writeFile', 'appendFile', 'sync', 'datasync', 'truncate'],
} as const;

/** The system calls of those that are not called like theirs, which Node.js names in its errors. */
const systemCalls: Readonly<Record<string, string>> = {
  copyFile: 'copyfile',
  writeFile: 'write',
  appendFile: 'write',
  truncate: 'ftruncate',
  sync: 'fsync',
  datasync: 'fdatasync',
};

/**
 * A device that fails every write of this process below the folder with EIO. Node.js' own functions are replaced, so that it
 * needs nothing of the host.
 */
export async function failingDevice(folder: string): Promise<HostFault> {
  const handle = await open('/dev/null');
  const handles = Object.getPrototypeOf(handle) as FileHandle;
  await handle.close();
  const isBelow = (path: unknown) => typeof path === 'string' && path.startsWith(folder);
  const undo: (() => void)[] = [];
  const replace = (owner: object, name: string, fails: (args: readonly unknown[]) => boolean, isSync: boolean) => {
    const functions = owner as Record<string, (...args: unknown[]) => unknown>;
    const usual = functions[name];
    if (!usual) return;
    functions[name] = function (this: unknown, ...args: unknown[]) {
      if (!fails(args)) return usual.apply(this, args);
      const called = name.replace(/Sync$/, '');
      const error = deviceError(systemCalls[called] ?? called, args.find(isBelow));
      if (isSync) throw error;
      return Promise.reject(error);
    };
    undo.push(() => {
      functions[name] = usual;
    });
  };
  return {
    begin: () => {
      for (const name of written.folder) {
        replace(fs.promises, name, (args) => args.some(isBelow), false);
        replace(fs, `${name}Sync`, (args) => args.some(isBelow), true);
      }
      for (const name of written.handle) replace(handles, name, () => true, false);
      for (const name of ['fsyncSync', 'writeSync', 'ftruncateSync'])
        replace(fs, name, ([descriptor]) => Number(descriptor) > 2, true);
      syncBuiltinESMExports();
    },
    end: () => {
      for (const again of undo.splice(0)) again();
      syncBuiltinESMExports();
    },
  };
}

/** As Node.js makes it (libuv's uv_strerror). */
function deviceError(syscall: string, path: unknown): Error {
  const about = typeof path === 'string' ? { path } : {};
  return Object.assign(new Error(`EIO: i/o error, ${syscall}`), { errno: -5, code: 'EIO', syscall, ...about });
}
