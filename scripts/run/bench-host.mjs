import { execFileSync } from 'node:child_process';
import { arch, cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { root } from './run.mjs';

/** What figures depend on: the host, its QEMU, and what was measured. */
export function benchHost() {
  const processors = cpus();
  return {
    system: `${type()} ${release().replace(/-.*/, '')}`,
    arch: arch(),
    processor: processors[0]?.model.trim() ?? 'unknown',
    processors: processors.length,
    memoryMiB: Math.round(totalmem() / 2 ** 20),
    accelerator: accelerator(),
    node: process.version,
    qemu: said('qemu-system-x86_64', '--version'),
    commit: said('git', 'rev-parse', 'HEAD'),
  };
}

/** The first that runs guests here, by goqemu's own proof; null where it cannot be asked. */
function accelerator() {
  const printed = output(process.execPath, join(root, 'packages/goqemu/bin/goqemu.js'), 'doctor', '--json');
  const { facts = [] } = printed === null ? {} : JSON.parse(printed);
  const usable = facts.find(({ name, status }) => name.startsWith('accelerator ') && status === 'ok');
  return usable?.name.slice('accelerator '.length) ?? null;
}

/** The first line that a program prints, or null where there is no such program. */
function said(program, ...words) {
  return output(program, ...words)?.split('\n', 1)[0] ?? null;
}

function output(program, ...words) {
  try {
    return execFileSync(program, words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch ({ stdout }) {
    return stdout || null; // the doctor ends with another code where it has found something
  }
}
