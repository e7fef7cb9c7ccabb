/** ECMA-119 §7.2.3: little-endian, then big-endian. */
export function bothEndian16(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint16(0, value, true);
  view.setUint16(2, value, false);
  return new Uint8Array(view.buffer);
}

/** ECMA-119 §7.3.3: little-endian, then big-endian. */
export function bothEndian32(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, value, true);
  view.setUint32(4, value, false);
  return new Uint8Array(view.buffer);
}

export const ascii = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));

/** UCS-2 big-endian, as Joliet writes names. */
export const ucs2 = (text: string) => Uint8Array.from(Buffer.from(text, 'utf16le').swap16());

export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}

/** 2000-01-01 00:00:00 UTC as in ECMA-119 §9.1.5: a fixed time, so that equal content gives equal bytes. */
export const recordingTime = Uint8Array.of(100, 1, 1, 0, 0, 0, 0);

/** The same moment as in ECMA-119 §8.4.26.1. */
export const volumeTime = Uint8Array.from([...Buffer.from('2000010100000000', 'latin1'), 0]);
