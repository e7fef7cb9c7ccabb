/** The bytes of a listing: those at the beginning of each line; what comes after two blanks, and `;`, is a description. */
export function assemble(listing: string): Buffer {
  const bytes = listing
    .split('\n')
    .filter((line) => !line.startsWith(';'))
    .map((line) => /^(?:[0-9a-f]{2} )*[0-9a-f]{2}(?= |$)/.exec(line)?.[0].replaceAll(' ', '') ?? '');
  return Buffer.from(bytes.join(''), 'hex');
}
