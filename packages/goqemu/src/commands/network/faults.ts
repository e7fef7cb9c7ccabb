import type { Faults, NetworkFaults } from '@goqemu/spec';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { usageError } from '../../arguments/usage-error.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import { showNetworks, withNetworks } from './live-networks.ts';
import type { NetworkFaultOptions } from './network.spec.ts';
import { readAmounts } from './read-amounts.ts';

type Options = CommandInput<NetworkFaultOptions>['options'];

export async function run(
  context: CommandContext,
  { options, positionals }: CommandInput<NetworkFaultOptions>,
): Promise<number> {
  const [name = ''] = positionals;
  if ((options.from || options.to) && options.machine === undefined)
    throw usageError('--from and --to are directions of a machine', 'name it: --machine db --from');
  const amounts = readAmounts(options);
  return withNetworks(context, options, async (live) => {
    const { faults } = await live.report(name);
    if (Object.keys(amounts).length > 0) await live.setFaults(name, changed(faults, amounts, options));
    await showNetworks(context, options, live, [name]);
    return exitCode.done;
  });
}

/** The faults with other amounts; without a direction, those of a machine are for both. */
function changed(faults: NetworkFaults, amounts: Faults, { machine, from, to }: Options): NetworkFaults {
  if (machine === undefined) return { ...faults, ...amounts };
  const before = faults.machines?.[machine] ?? {};
  const isBoth = from === to;
  const own = {
    ...before,
    ...(from || isBoth ? { from: { ...before.from, ...amounts } } : {}),
    ...(to || isBoth ? { to: { ...before.to, ...amounts } } : {}),
  };
  return { ...faults, machines: { ...faults.machines, [machine]: own } };
}
