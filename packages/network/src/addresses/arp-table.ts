/** The IPv4 address of a MAC in the kernel's table, as /proc/net/arp (proc(5)) or macOS's `arp -an` shows it. */
export function addressInArpTable(text: string, mac: string): string | undefined {
  const wanted = canonicalMac(mac);
  for (const line of text.split('\n')) {
    const linux = /^(\d+\.\d+\.\d+\.\d+)\s+0x\w+\s+0x(\w+)\s+([0-9a-f:]+)/i.exec(line);
    if (linux && linux[2] !== '0' && canonicalMac(linux[3] ?? '') === wanted) return linux[1];
    const mac = /\((\d+\.\d+\.\d+\.\d+)\) at ([0-9a-f:]+) /i.exec(line);
    if (mac && canonicalMac(mac[2] ?? '') === wanted) return mac[1];
  }
  return undefined;
}

/** macOS writes octets without a leading zero. */
export function canonicalMac(mac: string): string {
  return mac
    .toLowerCase()
    .split(':')
    .map((octet) => octet.padStart(2, '0'))
    .join(':');
}
