import type { CommandInput } from '../../arguments/command-spec.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import { showNetworks, withNetworks } from './live-networks.ts';
import type { NetworkOptions } from './network.spec.ts';

export async function run(
  context: CommandContext,
  { options, positionals }: CommandInput<NetworkOptions>,
): Promise<number> {
  return withNetworks(context, options, async (live) => {
    const changed = (await live.reports()).flatMap(({ name, manual }) => (manual ? [name] : []));
    const names = positionals.length > 0 ? positionals : changed;
    for (const name of names) await live.setFaults(name, null);
    if (names.length === 0 && !options.json) context.print('Nothing was set in any network.\n');
    else await showNetworks(context, options, live, names);
    return exitCode.done;
  });
}
