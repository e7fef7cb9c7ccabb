import type { CommandInput } from '../../arguments/command-spec.ts';
import { renderNetwork } from '../../render/render-networks.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import { withNetworks } from './live-networks.ts';
import type { NetworkOptions } from './network.spec.ts';

export async function run(
  context: CommandContext,
  { options, positionals }: CommandInput<NetworkOptions>,
): Promise<number> {
  return withNetworks(context, options, async (live) => {
    for (const name of positionals) live.mustKnow(name);
    const networks = (await live.reports()).filter(
      ({ name }) => positionals.length === 0 || positionals.includes(name),
    );
    if (options.json) context.printJson({ version: 1, networks });
    else if (networks.length === 0)
      context.print("The lab has no networks; declare one with: const lan = lab.network('lan')\n");
    else context.print(networks.map((network) => renderNetwork(network, context.style)).join('\n'));
    return exitCode.done;
  });
}
