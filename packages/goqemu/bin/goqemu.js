#!/usr/bin/env node
import { existsSync } from 'node:fs';
import module from 'node:module';

const program = new URL('../dist/cli.js', import.meta.url);

if (existsSync(program)) {
  module.enableCompileCache?.(); // Node.js 22.1 and newer: compiled code is kept between runs
  const { main } = await import(program.href);
  await main();
} else {
  process.stderr.write('goqemu is not built in this checkout: run "npm run quickstart", or "npm run build".\n');
  process.exitCode = 1;
}
