import { readFile, stat } from 'node:fs/promises';
import type { HostPlatform } from '@goqemu/core';
import { defaultRouteInterface } from './default-route.ts';
import type { Way } from './host-network.ts';

/** Where distributions keep qemu-bridge-helper and the list of bridges that it may use. */
const helpers = [
  '/usr/lib/qemu/qemu-bridge-helper',
  '/usr/libexec/qemu-bridge-helper',
  '/usr/local/libexec/qemu-bridge-helper',
];
const lists = ['/etc/qemu/bridge.conf', '/etc/qemu-kvm/bridge.conf', '/usr/local/etc/qemu/bridge.conf'];

export interface BridgeFacts {
  readonly platform: Pick<HostPlatform, 'uid'>;
  readonly netdevs: readonly string[];
  /** For tests: what to look into instead of this host. */
  readonly host?: {
    readonly helpers: readonly string[];
    readonly lists: readonly string[];
    readonly defaultRoute: string | undefined;
    readonly isBridge: boolean;
  };
}

/**
 * The bridge that carries the host's own default route, when qemu-bridge-helper may be used for it (QEMU's
 * documentation, “Using the bridge helper”): a bridge without the host's network behind it is not the host's range.
 */
export async function bridgeWay({ platform, netdevs, host }: BridgeFacts): Promise<Way> {
  if (!netdevs.includes('bridge')) return { closed: 'this QEMU was built without the bridge network' };
  const bridge = host ? host.defaultRoute : await defaultRouteInterface();
  const isBridge = host ? host.isBridge : bridge !== undefined && (await exists(`/sys/class/net/${bridge}/bridge`));
  if (!bridge || !isBridge) return { closed: 'the default route of this host does not go over a bridge' };
  const helper = await usableHelper(host?.helpers ?? helpers, platform.uid);
  if (!helper) return { closed: `${bridge} is a bridge, but qemu-bridge-helper is not installed set-uid root` };
  if (!(await isAllowed(bridge, host?.lists ?? lists)))
    return { closed: `${bridge} is a bridge, but no "allow ${bridge}" stands in ${lists[0]}` };
  return {
    network: { kind: 'bridge', bridge, helper },
    reason: `the host's network is on ${bridge}, which ${helper} may use`,
  };
}

async function usableHelper(paths: readonly string[], uid: number | undefined): Promise<string | undefined> {
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile() && (uid === 0 || (found.uid === 0 && (found.mode & 0o4000) !== 0))) return path;
  }
  return undefined;
}

/** `allow NAME` or `allow all`; a `deny` wins. */
async function isAllowed(bridge: string, paths: readonly string[]): Promise<boolean> {
  let allowed = false;
  for (const path of paths) {
    const text = await readFile(path, 'utf8').catch(() => ''); // none, or not for us to read: the helper says no as well
    for (const line of text.split('\n')) {
      const [verb, name] = line.trim().split(/\s+/);
      if (name !== bridge && name !== 'all') continue;
      if (verb === 'deny') return false;
      if (verb === 'allow') allowed = true;
    }
  }
  return allowed;
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
