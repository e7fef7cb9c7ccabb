import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { KeptCode } from './kept-code.ts';

type Exports = Readonly<Record<string, unknown>>;

/** Evaluated programs, by their paths. */
const loaded = new Map<string, Exports>();

/**
 * Evaluates a program of `dist`, a CommonJS module of one file, from the code that V8 compiled in an earlier run: compiling
 * it is a quarter of what `goqemu plan` does. The end of a good run keeps the code that it compiled.
 *
 * @param file path of a `.cjs` file
 * @returns what it exports
 */
export function loadProgram(file: string, home?: string): Exports {
  const known = loaded.get(file);
  if (known) return known;
  const text = readFileSync(file, 'latin1'); // esbuild writes ASCII
  const kept = new KeptCode(file, text, home);
  const cachedData = kept.read();
  const script = new Script(`${opening}${text}\n})`, {
    filename: pathToFileURL(file).href,
    columnOffset: -opening.length,
    cachedData,
  });
  if (!cachedData || script.cachedDataRejected)
    process.on('exit', (code) => {
      if (code === 0) kept.write(script); // a run that failed called little of it
    });
  const module = { exports: {} as Exports };
  loaded.set(file, module.exports);
  const require = createRequire(file);
  const requireHere = (name: string) =>
    name.startsWith('./') ? loadProgram(join(dirname(file), basename(name)), home) : require(name);
  script.runInThisContext()(module.exports, requireHere, module, file, dirname(file), importHere);
  loaded.set(file, module.exports);
  return module.exports;
}

/** What Node.js gives to a CommonJS module, and a way to import, which a script has not. */
const opening = '(function (exports, require, module, __filename, __dirname, goqemuImport) {';

/** Programs lie in this file's folder. */
function importHere(specifier: string): Promise<unknown> {
  return import(specifier);
}
