#!/usr/bin/env node
// Asked for instead of imported: an import of node:fs loads all that it has, streams and all.
const { existsSync, readFileSync } = process.getBuiltinModule('node:fs');

// Commands that look at a lab, those that reach into its machines, and those that act on one have a program each, with what
// they need and little else.
const looks = ['graph', 'output', 'plan', 'status'];
const reaches = ['console', 'cp', 'exec', 'logs', 'qmp', 'screenshot', 'ssh', 'ssh-config'];
const acts = [
  'apply',
  'capture',
  'checkpoint',
  'destroy',
  'forward',
  'history',
  'import',
  'lock',
  'network',
  'refresh',
  'restart',
  'resume',
  'start',
  'stop',
  'suspend',
];
const command = process.argv[2] ?? '';
const programs = { look: looks, reach: reaches, act: acts };
const [file = 'cli'] = Object.keys(programs).filter((name) => programs[name].includes(command));
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
