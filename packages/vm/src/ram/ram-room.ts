import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import {
  acquireFileLock,
  folderNames,
  isAlive,
  ownIdentity,
  type ProcessIdentity,
  parseJson,
  readOwnText,
  removeFile,
  writeOwnFile,
} from '@goqemu/core';
import { findGuestRam, makeRuntimeFolder, removeRuntimeFiles } from '@goqemu/machine';
import * as z from 'zod/mini';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';

/** What one machine may still take, in its runtime folder. */
const roomSchema = z.object({
  version: z.literal(1),
  /** The goqemu that starts it, then its QEMU; the room is free again when that has ended. */
  owner: z.object({ pid: z.int().check(z.positive()), startTime: z.string(), bootId: z.string() }),
  /** The guest's memory. */
  bytes: z.int().check(z.positive()),
  /** The file system that its RAM is a file of (stat(2), st_dev). */
  device: z.number(),
  started: z.boolean(),
});
type Room = z.infer<typeof roomSchema>;

/** Removed with the sockets that it lies beside. */
const roomName = 'room';
const lockName = 'rooms.lock';
/** Milliseconds: others hold the lock for as long as it takes to look at a file system. */
const lockWaitMs = 30_000;

/** Bytes of the file system that a folder is on which other machines have been promised and do not hold yet. */
export type PromisedOn = (folder: string) => Promise<number>;

/** Room that is kept for one machine. Disposing of it gives it back, unless a QEMU has it by then. */
export interface RamRoom extends AsyncDisposable {
  /** The QEMU that was started has it from now on, until it ends. */
  handOver(machine: ProcessIdentity): Promise<void>;
}

/**
 * Keeps room for the file of a machine's memory before it is started. The file takes its room page by page as the guest
 * writes, and a page that finds none ends QEMU (SIGBUS); to fill it beforehand would take seconds, and make its copies
 * large. So all who start machines for this user look one after another, and count what those before them may still
 * take. A goqemu or QEMU that was killed keeps nothing.
 *
 * @param choose says in which folder there is room
 * @throws what `choose` throws; GoqemuError `locked`, `runtime-folder-unsafe`
 */
export async function keepRoom(
  vm: Vm,
  runtimeFolder: string,
  choose: (promisedOn: PromisedOn) => Promise<string>,
  call: VmCall,
): Promise<RamRoom> {
  await makeRuntimeFolder(runtimeFolder, vm.host.platform);
  const path = join(runtimeFolder, roomName);
  const bytes = vm.spec.memory;
  const root = dirname(runtimeFolder);
  await using _lock = await acquireFileLock(join(root, lockName), {
    command: `start ${vm.spec.name}`,
    waitMs: lockWaitMs,
    ...(call.signal ? { signal: call.signal } : {}),
  });
  // The machine's other QEMU, which a restore ends, makes room.
  const own = vm.runtimeFolders.map((folder) => basename(folder));
  const promisedOn = await promisedBelow(root, own);
  const folder = await choose(promisedOn).catch(async (error: unknown) => {
    await removeRuntimeFiles(runtimeFolder);
    throw error;
  });
  const owner = await ownIdentity();
  const { dev: device } = await stat(folder);
  const write = (room: Room) => writeOwnFile(path, `${JSON.stringify(room)}\n`, { mode: 0o600 });
  await write({ version: 1, owner, bytes, device, started: false });
  let handedOver = false;
  return {
    async handOver({ pid, startTime, bootId }) {
      handedOver = true;
      await write({ version: 1, owner: { pid, startTime, bootId }, bytes, device, started: true });
    },
    async [Symbol.asyncDispose]() {
      if (!handedOver) await removeFile(path);
    },
  };
}

async function promisedBelow(root: string, own: readonly string[]): Promise<PromisedOn> {
  const names = (await folderNames(root)).filter((name) => !own.includes(name));
  const found = await Promise.all(names.map((name) => readRoom(join(root, name, roomName))));
  const rooms = found.filter((room) => room !== undefined);
  return async (folder) => {
    const { dev } = await stat(folder);
    const outstanding = await Promise.all(rooms.filter(({ device }) => device === dev).map(outstandingOf));
    return outstanding.reduce((sum, bytes) => sum + bytes, 0);
  };
}

/**
 * Undefined where there is none, or its owner has ended; a file that the host broke down over is none, since what had it
 * has ended then.
 */
async function readRoom(path: string): Promise<Room | undefined> {
  const content = readOwnText(path);
  if (content === undefined) return undefined;
  const { data: room } = roomSchema.safeParse(parseJson(content));
  return room && (await isAlive(room.owner)) ? room : undefined;
}

/** What a QEMU holds already is no longer free. */
async function outstandingOf({ owner, bytes, started }: Room): Promise<number> {
  const ram = started ? await findGuestRam(owner.pid, bytes) : undefined;
  const held = ram ? (await stat(ram.path)).blocks * 512 : 0;
  return Math.max(0, bytes - held);
}
