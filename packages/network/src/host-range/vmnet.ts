import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { HostPlatform } from '@goqemu/core';
import type { Way } from './host-network.ts';

const run = promisify(execFile);

export interface VmnetFacts {
  readonly platform: Pick<HostPlatform, 'uid'>;
  readonly netdevs: readonly string[];
  /** For tests: the interface of the default route. */
  readonly defaultRoute?: () => Promise<string | undefined>;
}

/** macOS gives its bridged network to root, or to programs that Apple has signed for it (vmnet.framework). */
export async function vmnetWay({ platform, netdevs, defaultRoute = askRoute }: VmnetFacts): Promise<Way> {
  if (!netdevs.includes('vmnet-bridged')) return { closed: 'this QEMU was built without vmnet (it takes QEMU 7.1)' };
  if (platform.uid !== 0) return { closed: 'macOS gives vmnet to root only, and this is not root' };
  const device = await defaultRoute();
  if (!device) return { closed: 'this Mac has no default route' };
  return { network: { kind: 'vmnet', interface: device }, reason: `macOS bridges it to ${device}` };
}

/** route(8) of macOS: a line `interface: en0`. */
async function askRoute(): Promise<string | undefined> {
  const answer = await run('route', ['-n', 'get', 'default']).catch(() => ({ stdout: '' })); // there is no route
  return /^\s*interface: (\S+)$/m.exec(answer.stdout)?.[1];
}
