/** A form that says less than this of a secret would mask words of every log. */
const shortest = 8;

/**
 * The forms in which programs print what they were given: base64 wherever in a longer text it stands (as in
 * `Authorization: Basic`), hexadecimal, percent-encoding, JSON, between a shell's quotes, and each of them of the last.
 */
export function secretForms(value: string): readonly string[] {
  // `sh` puts a word into a script, and the script is a word again where it is passed to a shell.
  const words = [value, inQuotes(value), inQuotes(inQuotes(value)), traced(value)];
  return [...new Set(words.flatMap((word) => [word, ...encodings(word)]))].filter(
    (form) => form !== value && form.length >= shortest,
  );
}

/** A value as it stands between the quotes of the POSIX shell, see `shellQuote`. */
function inQuotes(value: string): string {
  return value.replaceAll("'", `'\\''`);
}

/** The same as dash writes it with `set -x`. */
function traced(value: string): string {
  return value.replaceAll("'", `'"'"'`);
}

function encodings(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const hex = bytes.toString('hex');
  return [
    ...[0, 1, 2].flatMap((shift) => shiftedBase64(bytes, shift)),
    hex,
    hex.toUpperCase(),
    percentEncoded(value),
    JSON.stringify(value).slice(1, -1),
  ];
}

/** The characters of base64 that hold bytes of the value alone, when so many other bytes come before it. */
function shiftedBase64(bytes: Buffer, shift: number): readonly string[] {
  const whole = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const first = Math.ceil((shift * 8) / 6);
  const last = Math.floor(((shift + bytes.length) * 8) / 6);
  const core = whole.slice(first, last);
  return [core, core.replaceAll('+', '-').replaceAll('/', '_')];
}

/** A value from a file or a variable is well-formed; one that is not has no such form. */
function percentEncoded(value: string): string {
  try {
    return encodeURIComponent(value);
  } catch {
    return '';
  }
}
