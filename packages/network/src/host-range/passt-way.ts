import { randomBytes } from 'node:crypto';

import { join } from 'node:path';
import { errorMessage, type HostPlatform, isGoqemuError, removeFile } from '@goqemu/core';
import { endPasst } from '../passt/end-passt.ts';
import { findPasst } from '../passt/find-passt.ts';
import { startPasst } from '../passt/start-passt.ts';
import { defaultRouteInterface } from './default-route.ts';
import type { Way } from './host-network.ts';

interface PasstFacts {
  readonly platform: HostPlatform;
  readonly netdevs: readonly string[];
  readonly trialFolder: string;
  readonly signal?: AbortSignal;
}

/** passt where it is installed, QEMU can meet it, there is an address to share, and a first start has worked. */
export async function passtWay({ platform, netdevs, trialFolder, signal }: PasstFacts): Promise<Way> {
  const program = await findPasst(platform);
  if (!program) return { closed: 'passt is not installed (on Debian and Ubuntu: apt-get install passt)' };
  if (!netdevs.includes('stream')) return { closed: 'this QEMU cannot meet passt (it takes QEMU 7.2)' };
  const device = await defaultRouteInterface();
  if (!device) return { closed: 'this host has no IPv4 default route, so passt has no address to share' };
  const name = `passt-${randomBytes(3).toString('hex')}`;
  const files = { socket: join(trialFolder, name), log: join(trialFolder, `${name}.log`) };
  try {
    const passt = await startPasst({
      program,
      meet: { socket: files.socket },
      log: files.log,
      forwards: [],
      uid: platform.uid,
      ...(signal ? { signal } : {}),
    });
    await endPasst(passt);
    return { network: { kind: 'passt', program }, reason: `passt shares the address of ${device}` };
  } catch (error) {
    signal?.throwIfAborted();
    const why = isGoqemuError(error) ? (error.detail ?? error.message) : errorMessage(error);
    return { closed: `passt does not start here: ${why.split('\n').at(-1)}` };
  } finally {
    for (const path of Object.values(files)) await removeFile(path);
  }
}
