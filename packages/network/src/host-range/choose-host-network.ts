import { GoqemuError, type HostPlatform } from '@goqemu/core';
import { bridgeWay } from './bridge.ts';
import type { ChosenNetwork, NetworkWish, Way } from './host-network.ts';
import { passtWay } from './passt-way.ts';
import { vmnetWay } from './vmnet.ts';

export interface ChooseNetworkOptions {
  readonly platform: HostPlatform;
  /** Kinds that QEMU was built with: `user`, `stream`, `bridge`, `vmnet-bridged`, … */
  readonly netdevs: readonly string[];
  /** A private folder with a short path, in which passt is tried. */
  readonly trialFolder: string;
  readonly signal?: AbortSignal;
}

/**
 * Puts a machine into the host's range where that works without privileges: over a bridge that an administrator has
 * allowed, with passt, or over macOS's vmnet. What is chosen has been tried, as far as that changes nothing.
 *
 * @throws GoqemuError `host-network-unavailable` for `host` where no way is open, with what would open one
 * @example
 * const { network, reason } = await chooseHostNetwork('auto', { platform, netdevs, trialFolder });
 */
export async function chooseHostNetwork(wish: NetworkWish, options: ChooseNetworkOptions): Promise<ChosenNetwork> {
  if (wish === 'user') return { network: { kind: 'user' }, reason: 'it was asked for' };
  const closed: string[] = [];
  for (const way of waysOf(options)) {
    const found = await way();
    if ('network' in found) return found;
    closed.push(found.closed);
  }
  if (wish === 'auto') return { network: { kind: 'user' }, reason: closed.join('; ') };
  throw new GoqemuError({
    code: 'host-network-unavailable',
    source: 'environment',
    subject: 'network',
    message: "network: 'host' was asked for, and this host has no way into its own range without privileges",
    detail: closed.join('\n'),
    hint: "open one of these ways, or let network: 'auto' fall back to user mode",
  });
}

function waysOf(options: ChooseNetworkOptions): readonly (() => Promise<Way>)[] {
  switch (options.platform.system) {
    case 'linux':
      return [() => bridgeWay(options), () => passtWay(options)];
    case 'darwin':
      return [() => vmnetWay(options)];
    default:
      return [async () => ({ closed: 'Windows has no network that QEMU can bridge to without an added driver' })];
  }
}
