import { type DiskHeader, readDiskHeader } from './disk-header.ts';

/** The backing file that a qcow2 image names. Undefined for an image without one. */
export async function backingFile(path: string): Promise<string | undefined> {
  return backingOf(readDiskHeader(path));
}

/** Whether a file is a qcow2 image by its header; undefined when there is none. */
export async function isQcow2(path: string): Promise<boolean | undefined> {
  const { kind } = readDiskHeader(path);
  return kind === 'missing' ? undefined : kind === 'qcow2';
}

/** Every file below an image, nearest first. */
export async function backingChain(path: string): Promise<readonly string[]> {
  const chain: string[] = [];
  for (let next = await backingFile(path); next && !chain.includes(next); next = await backingFile(next))
    chain.push(next);
  return chain;
}

export function backingOf(header: DiskHeader): string | undefined {
  return header.kind === 'qcow2' ? header.backing : undefined;
}
