import { GoqemuError } from '@goqemu/core';
import type { ExecuteOptions, QmpClient } from '@goqemu/protocol';

/**
 * Where the next PCI device is plugged in: a port of `hotplugPorts` that has nothing behind it, or nowhere in
 * particular on a machine with a plain PCI bus.
 *
 * @throws GoqemuError `hotplug-port-missing`
 */
export async function freePort(qmp: QmpClient, options: ExecuteOptions): Promise<{ bus?: string }> {
  const peripherals = await qmp.execute('qom-list', { path: '/machine/peripheral' }, options);
  const ports = peripherals.filter(({ type }) => type === 'child<pcie-root-port>').map(({ name }) => name);
  for (const port of ports) {
    // The port's bus has the port's name; what is plugged in is a child of it. `query-pci` knows neither before the
    // firmware has numbered the buses.
    const bus = await qmp.execute('qom-list', { path: `/machine/peripheral/${port}/${port}` }, options);
    if (!bus.some(({ name }) => name.startsWith('child['))) return { bus: port };
  }
  const type = await qmp.execute('qom-get', { path: '/machine', property: 'type' }, options);
  if (/^pc-i440fx-/.test(String(type))) return {}; // its only bus takes devices at any time
  throw new GoqemuError({
    code: 'hotplug-port-missing',
    source: 'user',
    message: `all ${ports.length} ports for hot-plugged devices of this machine are taken`,
    hint: 'start it with more hotplugPorts, or use a SCSI or USB disk',
  });
}
