import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { sleep } from '@goqemu/core';
import type { TestedGuest } from '@goqemu/test';
import { unpackPackages } from '@goqemu/testing';

/** What OpenRC, RPM and a shell need to run; from the release of the host, unpacked and not installed. */
const packages = [
  ...[
    'dash',
    'busybox-static',
    'libc6',
    'openrc',
    'libeinfo1',
    'librc1',
    'libpam0g',
    'libaudit1',
    'libselinux1',
    'libcap-ng0',
  ],
  ...[
    'libpcre2-8-0',
    'rpm',
    'rpm-common',
    'librpm9',
    'librpmio9',
    'librpmbuild9',
    'librpmsign9',
    'libpopt0',
    'liblua5.3-0',
  ],
  ...[
    'libsqlite3-0',
    'libarchive13',
    'libelf1',
    'libdw1',
    'zlib1g',
    'liblzma5',
    'libbz2-1.0',
    'libzstd1',
    'libgcrypt20',
  ],
  ...[
    'libgpg-error0',
    'libacl1',
    'libcap2',
    'libreadline8',
    'libtinfo6',
    'libfsverity0',
    'libgomp1',
    'libssl3',
    'libmagic1',
  ],
  ...['libimaevm2', 'libmagic-mgc'],
];

/** A system without systemd and dpkg, in a root, mounts and processes of its own: nothing of it outlives the object. */
export interface ForeignRoot extends AsyncDisposable {
  readonly guest: TestedGuest;
  /** Writes a file, below its root. */
  write(path: string, content: string, mode?: number): void;
}

const isRoot = process.getuid?.() === 0;

export async function openForeignRoot(): Promise<ForeignRoot> {
  const unpacked = await unpackPackages({ name: 'foreign-root', suite: (release) => release, packages });
  const root = mkdtempSync(`${unpacked}-`);
  cpSync(unpacked, root, { recursive: true, verbatimSymlinks: true });
  for (const path of ['proc', 'run', 'tmp', 'dev', 'var/lib/rpm', 'var/tmp'])
    mkdirSync(join(root, path), { recursive: true });
  const tools = `/bin/busybox --install -s /bin; rm -f /bin/rpm /bin/dpkg; mount -t proc proc /proc; mount -t tmpfs run /run
for device in null urandom; do : > /dev/$device; done; cd /run; echo ready; exec sleep 100000`;
  const child = spawn('unshare', [isRoot ? '-mpf' : '-rmpf', '-R', root, '/bin/dash', '-c', tools], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: path },
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const first = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
  assert.match(first, /^\d+$/);
  const enter = [
    '-t',
    first,
    ...(isRoot ? [] : ['-U', '--preserve-credentials']),
    '-m',
    '-p',
    '-r',
    '-w',
    '/bin/dash',
    '-c',
  ];
  return {
    guest: {
      exec: async (command) => {
        const inside = spawn('nsenter', [...enter, String(command)], {
          stdio: ['ignore', 'pipe', 'pipe'],
          env: { PATH: path },
        });
        const ended = new Promise<number | null>((resolve, reject) =>
          inside.once('close', resolve).once('error', reject),
        );
        const [stdout, stderr] = await Promise.all([text(inside.stdout), text(inside.stderr)]);
        return { stdout, stderr, exitCode: await ended };
      },
    },
    write: (file, content, mode = 0o644) => {
      mkdirSync(join(root, file, '..'), { recursive: true });
      writeFileSync(join(root, file), content, { mode });
    },
    [Symbol.asyncDispose]: async () => {
      process.kill(Number(first), 'SIGKILL'); // the first process of its name space: all others end with it
      while (existsSync(`/proc/${first}`)) await sleep(20);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

const path = '/usr/bin:/usr/sbin:/sbin:/bin';
