const replacement = '•••';

/** Replaces every secret in a text, the longest first. */
export function maskText(text: string, secrets: readonly string[]): string {
  let masked = text;
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) {
    if (secret !== '' && masked.includes(secret)) masked = masked.replaceAll(secret, replacement);
  }
  return masked;
}

/** The same for every text in a value that is plain data. */
export function maskData<T>(value: T, secrets: readonly string[]): T {
  if (secrets.length === 0) return value;
  if (typeof value === 'string') return maskText(value, secrets) as T;
  if (Array.isArray(value)) return value.map((item) => maskData(item as unknown, secrets)) as T;
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, maskData(item, secrets)])) as T;
  }
  return value;
}

/** Masks a stream: holds back an end that may be the beginning of a secret until more has come. */
export class MaskedStream {
  readonly #secrets: () => readonly string[];
  #held = '';

  constructor(secrets: () => readonly string[]) {
    this.#secrets = secrets;
  }

  push(text: string): string {
    const secrets = this.#secrets();
    const masked = maskText(this.#held + text, secrets);
    const keep = longestBeginning(masked, secrets);
    this.#held = masked.slice(masked.length - keep);
    return masked.slice(0, masked.length - keep);
  }

  end(): string {
    const rest = this.#held;
    this.#held = '';
    return rest;
  }
}

/** How many characters at the end of a text could be the beginning of a secret. */
function longestBeginning(text: string, secrets: readonly string[]): number {
  let longest = 0;
  for (const secret of secrets) {
    for (let length = Math.min(secret.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(secret.slice(0, length))) longest = length;
    }
  }
  return longest;
}
