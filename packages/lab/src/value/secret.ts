import type { SourceLocation } from '@goqemu/core';
import { checkResourceName } from '@goqemu/core';
import { sourceLocation } from '../evaluate/source-location.ts';
import { type LateValue, lateValue } from './late-value.ts';

/** Where a secret comes from. */
export type SecretSource =
  /** An environment variable of the one who applies. */
  | { readonly env: string }
  /** A file, relative to the lab's folder; one trailing newline is not part of the secret. */
  | { readonly file: string }
  /** Asked for once, then kept encrypted in the state. */
  | { readonly prompt: string }
  /** Made once, of this many random bytes (16 to 1024) written in base64url, then kept encrypted in the state. */
  | { readonly generate: number };

export interface SecretDeclaration {
  readonly name: string;
  readonly source: SecretSource;
  readonly location: SourceLocation | undefined;
}

export interface SecretValue extends LateValue {
  readonly declaration: SecretDeclaration;
}

/**
 * A value that is in no state file, log, event, plan, layer key or process list. Steps that use it run again
 * when it changes.
 *
 * @example
 * const token = secret('join-token', { env: 'JOIN_TOKEN' });
 * web.run('login', 'login --stdin <<<"$TOKEN"', { environment: { TOKEN: token } });
 * @throws GoqemuError `name-invalid`
 */
export function secret(name: string, source: SecretSource): SecretValue {
  checkResourceName(name, 'secret');
  const late = lateValue({ secret: name });
  const declaration: SecretDeclaration = { name, source, location: sourceLocation() };
  return Object.freeze(
    Object.defineProperties(
      {},
      { ...Object.getOwnPropertyDescriptors(late), declaration: { value: declaration } },
    ) as SecretValue,
  );
}
