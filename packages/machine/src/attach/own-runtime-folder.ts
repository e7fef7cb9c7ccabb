import { foundMachine } from './found-machine.ts';
import { qemuOptions } from './qemu-options.ts';

/**
 * The runtime folder of a QEMU that goqemu started, by its arguments: where its three monitors lie. Undefined for every
 * other process, also for one whose arguments name something in such a folder.
 */
export async function ownRuntimeFolder(argv: readonly string[]): Promise<string | undefined> {
  const { named } = foundMachine(await qemuOptions(argv, async () => ''));
  const folders = (['control', 'readers', 'tools'] as const).map((name) => {
    const monitor = named[name];
    if (monitor?.kind === 'tls-psk') return monitor.keyFolder;
    // What was started on Windows is also looked at here by its own rules.
    return monitor?.kind === 'unix' ? /^(.*)[\\/][^\\/]+$/.exec(monitor.path)?.[1] : undefined;
  });
  const [folder] = folders;
  return new Set(folders).size === 1 ? folder : undefined;
}
