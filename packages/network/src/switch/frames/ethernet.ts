/** Bytes before the payload: two addresses and the type (IEEE 802.3). */
export const headerBytes = 14;
/** Bytes that one VLAN tag adds (IEEE 802.1Q). */
export const tagBytes = 4;

export const etherType = { ipv4: 0x0800, arp: 0x0806, vlan: 0x8100, serviceVlan: 0x88a8, ipv6: 0x86dd } as const;

/** All stations of a network. */
export const broadcastMac = Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);

/** Six bytes from `52:54:00:12:34:56`. */
export function macBytes(text: string): Buffer {
  return Buffer.from(text.replaceAll(':', ''), 'hex');
}

/** `52:54:00:12:34:56` from six bytes. */
export function macText(bytes: Uint8Array, at = 0): string {
  return Array.from(bytes.subarray(at, at + 6), (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** The VLAN of a frame's outer tag, 0 without one (IEEE 802.1Q: 12 bits). `at` is where the frame begins. */
export function vlanOf(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < headerBytes + tagBytes) return 0;
  const type = ((bytes[at + 12] as number) << 8) | (bytes[at + 13] as number);
  if (type !== etherType.vlan && type !== etherType.serviceVlan) return 0;
  return (((bytes[at + 14] as number) & 0x0f) << 8) | (bytes[at + 15] as number);
}

/** Bytes of headers that do not count against the MTU: 14, and 4 for each of up to two VLAN tags. */
export function framingBytes(bytes: Uint8Array, at: number, end: number): number {
  let length = headerBytes;
  for (let tag = 0; tag < 2 && end - at >= length + tagBytes; tag += 1) {
    const type = ((bytes[at + length - 2] as number) << 8) | (bytes[at + length - 1] as number);
    if (type !== etherType.vlan && type !== etherType.serviceVlan) break;
    length += tagBytes;
  }
  return length;
}
