import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { arch, cpus, release, totalmem, type } from 'node:os';
import { root } from './run.mjs';

/** What figures depend on: the host, its QEMU, and what was measured. */
export function benchHost() {
  const processors = cpus();
  return {
    system: `${type()} ${release()}`,
    arch: arch(),
    processor: processors[0]?.model.trim() ?? 'unknown',
    processors: processors.length,
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    kvmDevice: isWritable('/dev/kvm'),
    node: process.version,
    qemu: said('qemu-system-x86_64', '--version'),
    commit: said('git', 'rev-parse', 'HEAD'),
  };
}

function isWritable(path) {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** The first line, or null where there is no such program. */
function said(program, ...words) {
  try {
    const text = execFileSync(program, words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return text.split('\n', 1)[0];
  } catch {
    return null;
  }
}
