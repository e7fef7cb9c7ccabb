import { canonicalJson, lengthPrefixedDigest } from '@goqemu/core';
import { type BaseKeyProperty, baseKeyProperties, type MachineSpec } from '@goqemu/spec';

/** Enters every key: raised when the meaning of layers changes, so that old ones are not found any more. */
const layerVersion = '1';

/** What a machine is made of before its first step; identity, memory and cores are no part of it. */
export interface BaseMaterial extends Pick<MachineSpec, BaseKeyProperty> {
  readonly imageKey: string;
}

/**
 * Versions of what the first boot makes of an image, today's first: raised when the cloud-init seed does something
 * else to a guest. A machine that is recorded keeps the key that it was made with (docs/engine.md, "Versions").
 *
 * 2: `/etc/hosts` keeps what steps write. 1: cloud-init wrote it at each boot; its keys name no version.
 */
export const seedVersions = [2, 1] as const;

/** Version of what the cloud-init seed of a machine does. */
export type SeedVersion = (typeof seedVersions)[number];

/** The key of the layer that is cut when a machine from an image is ready for the first time. */
export function baseKey(base: BaseMaterial, seed: SeedVersion = seedVersions[0]): string {
  return lengthPrefixedDigest([
    'goqemu-base',
    layerVersion,
    base.imageKey,
    ...baseKeyProperties.map((property) => String(base[property])),
    ...(seed === 1 ? [] : [String(seed)]),
  ]);
}

/** The key after one more step: what is below, what the step is, and what it takes from other machines. */
export function stepKey(below: string, material: unknown, dependsOn: readonly string[]): string {
  return lengthPrefixedDigest(['goqemu-step', layerVersion, below, canonicalJson(material), ...dependsOn]);
}
