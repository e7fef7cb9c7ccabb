import { readFileSync, writeFileSync } from 'node:fs';
import functions from 'node:fs/promises';

const imported = /\bimport(?:\{([^{}]*)\}|\*as ([\w$]+)|(?: ([\w$]+) ))from"(node:[a-z0-9/_]+)";/g;

/** It has functions that are imported by name, and takes a millisecond to load: asked for when one of them is called. */
const late = 'node:fs/promises';

/**
 * Has a bundled file ask `process.getBuiltinModule` for Node.js' own modules. An import makes a module of each, and reads
 * everything that it exports to do so, also what Node.js itself loads late: `node:fs` brings in all streams, which takes a
 * quarter of the time that Node.js needs to start.
 */
export function askForBuiltinModules(file) {
  const asked = [];
  const rest = readFileSync(file, 'utf8').replace(imported, (_statement, names, all, one, module) => {
    if (module === late && names !== undefined) {
      for (const [name, local = name] of names.split(',').map((one) => one.split(' as '))) {
        if (typeof functions[name] !== 'function') throw new Error(`${file}: ${name} of ${late} is no function`);
        asked.push(`const ${local}=(...given)=>process.getBuiltinModule("${late}").${name}(...given);`);
      }
      return '';
    }
    const taken = names === undefined ? (all ?? one) : `{${names.replaceAll(' as ', ':')}}`;
    asked.push(`const ${taken}=process.getBuiltinModule("${module}");`);
    return '';
  });
  if (/\bfrom"node:/.test(rest)) throw new Error(`${file} imports a module of Node.js in a way that is not known here`);
  const [, start = '', code] = /^((?:#!.*\n)?)(.*)$/s.exec(rest) ?? [];
  writeFileSync(file, `${start}${asked.join('')}${code}`);
}
