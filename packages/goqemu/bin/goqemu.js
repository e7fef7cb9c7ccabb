#!/usr/bin/env node
// Asked for instead of imported: an import of node:fs loads all that it has, streams and all.
const { existsSync, readFileSync } = process.getBuiltinModule('node:fs');

// Commands that look at a lab, and those that act on one, have a file each with what they need and little else.
const looks = ['graph', 'output', 'plan', 'status'];
const acts = [
  'apply',
  'capture',
  'checkpoint',
  'console',
  'cp',
  'destroy',
  'exec',
  'forward',
  'history',
  'import',
  'lock',
  'logs',
  'network',
  'qmp',
  'refresh',
  'restart',
  'resume',
  'screenshot',
  'ssh',
  'ssh-config',
  'start',
  'stop',
  'suspend',
];
const command = process.argv[2] ?? '';
const file = looks.includes(command) ? 'look' : acts.includes(command) ? 'act' : 'cli';
const program = new URL(`../dist/${file}.cjs`, import.meta.url);

if (process.argv[2] === '--version' && process.argv.length === 3) {
  // What scripts and editors ask most, without loading anything.
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  process.stdout.on('error', ({ code, message }) => {
    if (code === 'EPIPE') return;
    process.stderr.write(`error: the version could not be written to standard output: ${message}\n`);
    process.exitCode = 1;
  });
  process.stdout.write(`${version}\n`);
} else if (existsSync(program)) {
  const { loadProgram } = await import('../dist/start.js');
  await loadProgram(process.getBuiltinModule('node:url').fileURLToPath(program)).main();
} else {
  process.stderr.write('goqemu is not built in this checkout: run "npm run quickstart", or "npm run build".\n');
  process.exitCode = 1;
}
