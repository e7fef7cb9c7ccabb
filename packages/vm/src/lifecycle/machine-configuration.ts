import { basename, join } from 'node:path';
import { cardSocketNames, type MachineConfigInput } from '@goqemu/machine';
import { forwardsOf, loopbackForward } from '../vm/forwards.ts';
import { labCardAddress, labCards } from '../vm/lab-cards.ts';
import { variablesName } from '../vm/uefi-variables.ts';
import type { Vm } from '../vm/vm.ts';
import { managementMac, networkOf, outwardMac } from '../vm/vm-network.ts';
import type { VmSpec } from '../vm/vm-spec.ts';
import type { VmState } from '../vm/vm-state.ts';
import type { MachineConfiguration } from './device-digest.ts';

/** Id of the one disk; overlays are put above its node. */
export const diskId = 'disk0';

/** The configuration of one start of QEMU. The devices are the same at every start, or RAM could not be restored. */
export function machineConfiguration(vm: Vm, state: VmState): MachineConfiguration {
  const { folder } = vm;
  return {
    ...propertyArguments(vm, state),
    uuid: state.uuid,
    drives: [
      { id: diskId, source: folder.file(state.disk), format: 'qcow2' },
      // A disk and not a CD: Debian's cloud kernel has no driver for SATA. cloud-init finds it by its label.
      { id: 'seed', source: folder.seed, format: 'raw', readOnly: true },
    ],
    guestAgent: true,
    standbyPort: true,
    vmgenid: vm.spec.arch === 'amd64', // QEMU has the device for x86 alone (hw/acpi/Kconfig)
    serialLog: folder.serialLog,
    stderrLog: folder.qemuLog,
    runtimeFolder: vm.runtimeFolder,
  };
}

/** What QEMU is passed of each property of a machine: one that is forgotten does not compile. */
function propertyArguments(vm: Vm, state: VmState): MachineConfiguration {
  const { spec, folder } = vm;
  const each = {
    name: { name: spec.name },
    arch: { arch: spec.arch },
    firmware: {
      firmware:
        spec.firmware === 'uefi' ? { kind: 'uefi', variables: folder.file(variablesName(state)) } : { kind: 'bios' },
    },
    accelerator: { accelerator: spec.accelerator },
    memory: { memory: spec.memory },
    cpus: { cpus: spec.cpus },
    disk: null, // its file has that size
    display: spec.display ? displayDevices(spec) : null,
    user: null, // cloud-init's seed makes it
    network: { networks: [...networks(vm, state), ...labCardArguments(vm)] },
    // The cards have their addresses and ports.
    identity: null,
    forwards: null,
    timeouts: null,
    wayOut: null, // an option of its first card's netdev
  } satisfies Record<keyof VmSpec, MachineConfiguration | null>;
  return Object.assign({}, ...Object.values(each)) as MachineConfiguration;
}

/** A screen that nothing shows, and a pointer with places instead of movements. The PC has a keyboard of its own. */
function displayDevices({ arch }: VmSpec): MachineConfiguration {
  const keyboard = arch === 'amd64' ? [] : [{ kind: 'keyboard' } as const];
  return { video: arch === 'amd64' ? 'std' : 'virtio', usb: { devices: [...keyboard, { kind: 'tablet' }] } };
}

/** Where QEMU waits for passt. */
export function passtSocket(runtimeFolder: string): string {
  return join(runtimeFolder, cardSocketNames.passt);
}

type Networks = NonNullable<MachineConfigInput['networks']>;
type StreamAddress = Extract<Networks[number], { readonly kind: 'stream' }>['address'];

/** The same cards for a QEMU in another runtime folder, while another one holds the ports. */
export function withoutForwards(networks: MachineConfigInput['networks'], runtimeFolder: string): Networks {
  return inFolder(networks, runtimeFolder).map((network) =>
    network.kind === 'user' ? { ...network, forwards: [] } : network,
  );
}

/** The same cards for a QEMU in another runtime folder. */
export function inFolder(networks: MachineConfigInput['networks'], runtimeFolder: string): Networks {
  return (networks ?? []).map((network) =>
    network.kind === 'stream' ? { ...network, address: addressInFolder(network.address, runtimeFolder) } : network,
  );
}

function addressInFolder(address: StreamAddress, folder: string): StreamAddress {
  if ('path' in address) return { path: join(folder, basename(address.path)) };
  if ('portFile' in address) return { portFile: join(folder, basename(address.portFile)) };
  return address;
}

function networks(vm: Vm, state: VmState): Networks {
  const { spec } = vm;
  const network = networkOf(spec);
  const card = { id: 'net0', mac: managementMac(spec, state) };
  if (network.kind === 'passt')
    return [{ ...card, kind: 'stream', server: true, address: { path: passtSocket(vm.runtimeFolder) } }];
  const forwards = forwardsOf(spec).map(loopbackForward);
  const outward = { id: 'net1', mac: outwardMac(spec) };
  // Its IPv6 has no use without a way out.
  const closed = spec.wayOut === 'none' ? { restrict: true, ipv6: false } : {};
  const user = { ...card, kind: 'user', forwards, ...closed } as const;
  switch (network.kind) {
    case 'user':
      return [user];
    case 'bridge':
      return [user, { ...outward, kind: 'bridge', bridge: network.bridge, helper: network.helper }];
    case 'vmnet':
      return [user, { ...outward, kind: 'vmnet', mode: 'bridged', interface: network.interface }];
  }
}

/**
 * The cards for a lab's networks. QEMU listens at each and the lab's switch calls, so that the switch alone decides which
 * network a card is in: also while the machine runs, and for a machine that is a copy.
 */
function labCardArguments(vm: Vm): Networks {
  return labCards(vm.spec).map(({ id, position, slot, mac }) => ({
    id,
    slot,
    mac,
    kind: 'stream',
    optional: true,
    server: true,
    address: labCardAddress(vm.runtimeFolder, position, vm.host.platform),
  }));
}
