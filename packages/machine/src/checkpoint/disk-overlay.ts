import { errorMessage, GoqemuError, internalError, systemErrorCode } from '@goqemu/core';
import { qcow2Size, writeEmptyOverlay } from './empty-overlay.ts';
import type { Monitor } from './monitor.ts';

export interface OverlayOptions {
  /** Absolute path of qemu-img. */
  readonly qemuImg: string;
  /** Absolute path of the image below. */
  readonly backing: string;
  /** @default 'qcow2' */
  readonly backingFormat?: 'qcow2' | 'raw';
  /** Bytes as the guest sees them. Default: the size of the backing image. */
  readonly size?: number;
  readonly signal?: AbortSignal;
}

/**
 * Makes an empty qcow2 overlay: by itself where all is as usual, else by qemu-img(1), create.
 *
 * @throws GoqemuError `disk-create-failed` with the reason, `no-room`
 */
export async function createOverlay(path: string, options: OverlayOptions): Promise<void> {
  const { backing, backingFormat = 'qcow2' } = options;
  const whole = backingFormat === 'qcow2' ? await qcow2Size(backing) : options.size;
  const size = options.size ?? whole;
  try {
    if (whole !== undefined && size !== undefined && (await writeEmptyOverlay(path, { backing, backingFormat, size })))
      return;
  } catch (error) {
    throw overlayError(path, errorMessage(error), systemErrorCode(error) === 'ENOSPC', error);
  }
  await createByTool(path, options);
}

async function createByTool(path: string, options: OverlayOptions): Promise<void> {
  const size = options.size === undefined ? [] : [String(options.size)];
  const { execa } = await import('execa'); // late: most commands start no program
  const result = await execa(
    options.qemuImg,
    ['create', '-q', '-f', 'qcow2', '-F', options.backingFormat ?? 'qcow2', '-b', options.backing, path, ...size],
    {
      reject: false,
      timeout: 30_000,
      env: { LC_ALL: 'C' },
      ...(options.signal ? { cancelSignal: options.signal } : {}),
    },
  );
  if (result.exitCode === 0) return;
  options.signal?.throwIfAborted();
  const reason = result.stderr || result.shortMessage || 'qemu-img gave no reason';
  throw overlayError(path, reason, /No space left/.test(result.stderr), result.cause);
}

function overlayError(path: string, detail: string, full: boolean, cause: unknown): GoqemuError {
  return new GoqemuError({
    code: full ? 'no-room' : 'disk-create-failed',
    source: 'environment',
    subject: path,
    message: full ? `there is no room for a disk at ${path}` : `the disk ${path} could not be made`,
    detail,
    hint: full ? 'free some room, or delete checkpoints: goqemu checkpoint list' : 'see the reason above',
    cause,
  });
}

interface BlockInfo {
  readonly qdev?: string;
  readonly inserted?: { readonly 'node-name'?: string; readonly file?: string };
}

/** The node that a disk device writes to now. */
export async function topNode(monitor: Monitor, deviceId: string, signal?: AbortSignal): Promise<string> {
  const node = (await blockOf(monitor, deviceId, signal))?.inserted?.['node-name'];
  if (!node) throw internalError(`the machine has no disk called ${deviceId}`);
  return node;
}

/** The file that a disk device writes to now. */
export async function diskFile(monitor: Monitor, deviceId: string, signal?: AbortSignal): Promise<string | undefined> {
  return (await blockOf(monitor, deviceId, signal))?.inserted?.file;
}

async function blockOf(monitor: Monitor, deviceId: string, signal?: AbortSignal): Promise<BlockInfo | undefined> {
  const blocks = (await monitor.executeUntyped('query-block', {}, signal ? { signal } : {})) as BlockInfo[];
  return blocks.find(({ qdev }) => qdev === deviceId || qdev?.split('/').includes(deviceId));
}

/**
 * Continues a disk on a new overlay; what was written so far is read-only from then on
 * (QEMU's QAPI reference, `blockdev-snapshot`). The overlay must be there and name its backing file.
 */
export async function continueOnOverlay(
  monitor: Monitor,
  deviceId: string,
  overlay: { readonly path: string; readonly nodeName: string },
  signal?: AbortSignal,
): Promise<void> {
  const options = signal ? { signal } : {};
  const node = await topNode(monitor, deviceId, signal);
  await monitor.executeUntyped(
    'blockdev-add',
    {
      'node-name': overlay.nodeName,
      driver: 'qcow2',
      file: { driver: 'file', filename: overlay.path },
      backing: null, // blockdev-snapshot puts the old node there
    },
    options,
  );
  try {
    await monitor.executeUntyped('blockdev-snapshot', { node, overlay: overlay.nodeName }, options);
  } catch (error) {
    await monitor.executeUntyped('blockdev-del', { 'node-name': overlay.nodeName }, options);
    throw error;
  }
}
