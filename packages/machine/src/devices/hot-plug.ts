import { GoqemuError, hasErrorCode } from '@goqemu/core';
import type { ExecuteOptions, QmpClient } from '@goqemu/protocol';

export interface UnplugOptions {
  /** Milliseconds for the guest to let go; 10 000 unless given. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

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

/** Asks the guest to let go of a device and waits until it has; some devices go without asking. */
export async function unplug(qmp: QmpClient, id: string, options: UnplugOptions): Promise<void> {
  const timeoutMs = options.timeoutMs ?? 10_000;
  try {
    await qmp.waitFor('DEVICE_DELETED', {
      match: (event) => event.data.device === id,
      timeoutMs,
      ...(options.signal ? { signal: options.signal } : {}),
      trigger: () => qmp.execute('device_del', { id }),
    });
  } catch (error) {
    if (!hasErrorCode(error, 'timeout')) throw error;
    throw new GoqemuError({
      code: 'unplug-refused',
      source: 'environment',
      subject: id,
      message: `the guest has not let go of ${id} within ${timeoutMs} ms`,
      hint: 'a guest that is still in its firmware, or has the disk mounted, does not: unmount it, and try again',
      cause: error,
    });
  }
}
