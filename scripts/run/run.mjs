import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { program } from './program.mjs';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs a program with this terminal; resolves to its exit code. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(...program(command, args), { cwd: root, stdio: 'inherit', ...options });
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });
}

/** Runs a program and returns what it wrote; `code` is 127 where there is no such program. */
export function capture(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(...program(command, args), { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.once('error', (error) => resolve({ code: 127, stdout, stderr: String(error) }));
    child.once('close', (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}
