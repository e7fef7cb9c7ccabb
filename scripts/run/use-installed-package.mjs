/** `node --import` this: `goqemu` and its subpaths are those of the installed package, whoever imports them. */
import { existsSync, readFileSync } from 'node:fs';
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';
import { installedFile } from './installed-package.mjs';

if (!existsSync(installedFile))
  throw new Error('no package is installed to test: run "npm test -- FILE", which does it');
const { folder } = JSON.parse(readFileSync(installedFile, 'utf8'));
register('./installed-package-hooks.mjs', import.meta.url, {
  data: { parentURL: pathToFileURL(`${folder}/../any.mjs`).href },
});
