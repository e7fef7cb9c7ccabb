import { cloudInitSeed } from '@goqemu/image';

/** What the tiny guest takes from a seed. */
export interface TinyGuestSeedOptions {
  /** The guest's name, and the name of its instance: another one applies the seed again. */
  readonly hostname: string;
  /** The account that is made, with sudo and without a password. */
  readonly user: string;
  /** Public keys that are let in, in OpenSSH's form. */
  readonly authorizedKeys: readonly string[];
  /** The guest's SSH host key in OpenSSH's forms. */
  readonly hostKey: { readonly privateKey: string; readonly publicKey: string };
}

/** A NoCloud seed for a tiny guest whose QEMU is not goqemu's: the bytes of an ISO image, for a second disk. */
export function tinyGuestSeed({ hostname, user, authorizedKeys, hostKey }: TinyGuestSeedOptions): Uint8Array {
  return cloudInitSeed({
    instanceId: hostname,
    hostname,
    user,
    authorizedKeys,
    sshHostKeys: { ed25519Private: hostKey.privateKey, ed25519Public: hostKey.publicKey },
  });
}
