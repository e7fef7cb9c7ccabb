import { writeOwnFile } from '@goqemu/core';
import type { NetworkConfig } from '../configuration/machine-config.ts';
import type { LoopbackPorts } from './loopback-ports.ts';

/**
 * The cards, those with a `portFile` at a port that was chosen for them and that the file says. Its one line is the port in
 * decimal; a program that calls reads it again for each call, since the next QEMU has another port.
 */
export async function publishedPorts(
  networks: readonly NetworkConfig[],
  ports: LoopbackPorts,
): Promise<NetworkConfig[]> {
  return await Promise.all(
    networks.map(async (network) => {
      if (network.kind !== 'stream' || !('portFile' in network.address)) return network;
      const [port = 0] = await ports.take(1);
      await writeOwnFile(network.address.portFile, `${port}\n`, { mode: 0o600 });
      return { ...network, address: { host: '127.0.0.1', port } };
    }),
  );
}
