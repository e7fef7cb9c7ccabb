import { readFile } from 'node:fs/promises';

/** Interface of the IPv4 default route, from /proc/net/route (proc(5)); undefined where there is none. */
export async function defaultRouteInterface(table = '/proc/net/route'): Promise<string | undefined> {
  const text = await readFile(table, 'utf8').catch(() => '');
  for (const line of text.split('\n').slice(1)) {
    const [name, destination, , flags, , , , mask] = line.split('\t');
    const isUp = (Number.parseInt(flags ?? '0', 16) & 1) === 1;
    if (name && isUp && destination === '00000000' && mask === '00000000') return name;
  }
  return undefined;
}
