/** A message of the QMP wire format (QEMU docs/interop/qmp-spec): one JSON object. */
export type WireMessage = Readonly<Record<string, unknown>>;

/** Reads one line. Undefined when it is blank; `'garbage'` when it is anything but a JSON object. */
export function parseMessage(line: Buffer): WireMessage | 'garbage' | undefined {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as WireMessage) : 'garbage';
  } catch {
    return isBlank(line) ? undefined : 'garbage';
  }
}

/** QMP ends its lines with CR LF, so the CR is white space to JSON; a line may be nothing but that. */
function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x0d || byte === 0x20 || byte === 0x09);
}

/** The first bytes of a line, printable, for an error message. */
export function excerpt(line: Buffer): string {
  const shown = JSON.stringify(line.subarray(0, 80).toString('latin1'));
  return line.length > 80 ? `${shown}… (${line.length} bytes)` : shown;
}
