import type { CommandInput } from '../../arguments/command-spec.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import { showNetworks, withNetworks } from './live-networks.ts';
import type { NetworkOptions } from './network.spec.ts';

export async function run(
  context: CommandContext,
  { options, positionals }: CommandInput<NetworkOptions>,
): Promise<number> {
  const [name = '', ...groups] = positionals;
  const partition = groups.map((group) => group.split(',').filter((machine) => machine !== ''));
  return withNetworks(context, options, async (live) => {
    await live.partition(name, partition);
    await showNetworks(context, options, live, [name]);
    return exitCode.done;
  });
}
