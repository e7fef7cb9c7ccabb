import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { program } from './program.mjs';

/** A Node.js of this host. */
export interface NodeVersion {
  /** `v20.19.0` */
  readonly version: string;
  readonly path: string;
}

/** The Node.js that runs this. */
export const ownNode: NodeVersion = { version: process.version, path: process.execPath };

/**
 * A Node.js of this release line, which npx fetches where it is not cached.
 *
 * @param line as npm names it: `22`, `latest`
 * @throws Error where npx cannot get it
 */
export async function nodeOf(line: string): Promise<NodeVersion> {
  const { stdout } = await promisify(execFile)(
    ...program('npx', ['--yes', `--package=node@${line}`, '--', 'node', '-p', describeNode]),
    { env: { ...process.env, npm_config_package: '' }, timeout: 120_000 },
  );
  return JSON.parse(stdout) as NodeVersion;
}

/** The Node.js at this path. */
export async function nodeAt(path: string): Promise<NodeVersion> {
  return JSON.parse((await promisify(execFile)(path, ['-p', describeNode])).stdout) as NodeVersion;
}

/** What {@link nodeOf} has a Node.js print about itself. */
const describeNode = 'JSON.stringify({ version: process.version, path: process.execPath })';
