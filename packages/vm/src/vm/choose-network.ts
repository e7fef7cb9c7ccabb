import { defaultRuntimeFolder, makeRuntimeFolder, removeRuntimeFiles } from '@goqemu/machine';
import { type ChosenNetwork, chooseHostNetwork, type NetworkWish } from '@goqemu/network';
import type { VmCall, VmHost } from './vm-host.ts';
import type { VmSpec } from './vm-spec.ts';

/**
 * How a machine meets the outside of this host. Ways are tried where the machine's own sockets will be: a profile of
 * AppArmor may allow one folder and not another.
 *
 * @param place a text of the machine's own, from which the folder for the trial is made
 * @throws GoqemuError `host-network-unavailable`
 */
export async function chooseNetwork(
  host: VmHost,
  { wish, arch, place }: { readonly wish: NetworkWish; readonly arch: VmSpec['arch']; readonly place: string },
  call: VmCall,
): Promise<ChosenNetwork> {
  const { features } = await host.installation(arch, call.signal);
  const trialFolder = defaultRuntimeFolder(`${place}/trial`, host.platform);
  await makeRuntimeFolder(trialFolder, host.platform);
  try {
    return await chooseHostNetwork(wish, {
      platform: host.platform,
      netdevs: features.netdevs,
      trialFolder,
      ...(call.signal ? { signal: call.signal } : {}),
    });
  } finally {
    await removeRuntimeFiles(trialFolder);
  }
}
