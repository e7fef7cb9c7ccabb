import { readFileSync } from 'node:fs';
import { posix, win32 } from 'node:path';

/** What differs between hosts; injected in tests. */
const thisHost = { platform: process.platform, node: process.execPath };

/**
 * A program and its arguments as they can be started without a shell, which would take a path apart at its blanks. npm's
 * commands are batch files on Windows, and only a shell starts those: there node runs the scripts that they would.
 *
 * @returns the program and all of its arguments
 */
export function program(command, args, { platform, node } = thisHost) {
  if (platform !== 'win32' || !/^np[mx]$/.test(command)) return [command, args];
  return [node, [win32.join(win32.dirname(node), 'node_modules', 'npm', 'bin', `${command}-cli.js`), ...args]];
}

/** A tool of this checkout's node_modules, which node runs itself on every host. */
export function tool(name, args, root, { platform, node } = thisHost) {
  const path = platform === 'win32' ? win32 : posix;
  const folder = path.join(root, 'node_modules', ...packageOf[name].split('/'));
  const { bin } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  return [node, [path.join(folder, typeof bin === 'string' ? bin : bin[name]), ...args]];
}

const packageOf = { biome: '@biomejs/biome', tsc: 'typescript', depcruise: 'dependency-cruiser', knip: 'knip' };
