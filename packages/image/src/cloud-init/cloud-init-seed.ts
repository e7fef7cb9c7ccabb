import { type CloudConfigOptions, cloudConfig } from './cloud-config.ts';
import { isoImage } from './iso9660-writer.ts';
import { yamlSafeJson } from './yaml-safe-json.ts';

export interface CloudInitSeedOptions extends CloudConfigOptions {
  /** A new one makes cloud-init take this seed as another machine's at the next boot. */
  readonly instanceId: string;
  /** A document of cloud-init's network configuration, version 2. Default: DHCP on the first network card. */
  readonly networkConfig?: Readonly<Record<string, unknown>>;
}

/**
 * A NoCloud seed: an ISO 9660 image called `cidata`, to be attached as a read-only disk or CD.
 * Equal options give equal bytes. It holds the host's private key: write it for its owner alone (0600).
 *
 * Source: cloud-init 22.4, “NoCloud” data source.
 *
 * @example
 * const seed = cloudInitSeed({
 *   instanceId: 'web-1a2b', hostname: 'web', user: 'debian', authorizedKeys: ['ssh-ed25519 AAAA… lab'], sshHostKeys,
 * });
 * await writeFile('seed.iso', seed, { mode: 0o600 });
 */
export function cloudInitSeed(options: CloudInitSeedOptions): Uint8Array {
  const texts: Record<string, string> = {
    'user-data': cloudConfig(options),
    'meta-data': `${yamlSafeJson({ 'instance-id': options.instanceId, 'local-hostname': options.hostname })}\n`,
    ...(options.networkConfig ? { 'network-config': `${yamlSafeJson(options.networkConfig)}\n` } : {}),
  };
  return isoImage({
    volumeId: 'cidata',
    files: Object.entries(texts).map(([name, text]) => ({ name, content: Buffer.from(text, 'utf8') })),
  });
}
