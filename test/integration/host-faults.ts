import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';

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

const written = {
  folder: ['mkdir', 'mkdtemp', 'rename', 'link', 'copyFile', 'writeFile', 'truncate', 'unlink', 'rm', 'rmdir'],
  handle: ['write', 'writev', 'writeFile', 'appendFile', 'sync', 'datasync', 'truncate'],
} as const;

/**
 * A device that fails every write of this process below the folder with EIO. Node.js' own functions are replaced: there
 * is no file system in the kernel that fails on demand and needs no device.
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
      const error = deviceError(name.replace(/Sync$/, ''), args.find(isBelow));
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
