import { type HostPlatform, readIfThere } from '@goqemu/core';
import type { StateStream } from './state-stream.ts';

/**
 * Whether this process may read the memory of another of the same user, which saving a copy-on-write machine takes.
 * Yama, where it is on, allows that to parents alone, to root, or not at all (Linux,
 * Documentation/admin-guide/LSM/Yama.rst).
 */
export async function mayReadMemory(platform: HostPlatform): Promise<boolean> {
  if (platform.system !== 'linux') return false;
  const level = Number(readIfThere('/proc/sys/kernel/yama/ptrace_scope') ?? 0); // the file is there when Yama is
  return level === 0 || (level < 3 && platform.uid === 0);
}

/**
 * True when every RAM block in a state, that is all but the main memory, is firmware that nothing writes to: then the
 * blocks of an earlier state are as good as those of a later one. Video memory and UEFI variables are not.
 */
export function hasFixedRomsOnly(state: StateStream): boolean {
  return state.blocks.every((name) => /^(pc\.bios|pc\.rom|\/rom@.*|.*\.rom)$/.test(name));
}
