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
