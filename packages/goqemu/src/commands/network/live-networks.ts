import type { LiveNetworks } from '@goqemu/lab';
import { type LabChoice, openDeployedLab } from '../../lab/open-lab.ts';
import { eventLog } from '../../render/event-log.ts';
import { renderNetwork } from '../../render/render-networks.ts';
import type { CommandContext } from '../../shell/command-context.ts';

/** Opens the networks of a lab for a command. */
export async function withNetworks<T>(
  context: CommandContext,
  choice: LabChoice,
  work: (networks: LiveNetworks) => Promise<T>,
): Promise<T> {
  await using lab = await openDeployedLab(context, choice, eventLog(context.logger).handle);
  return await work(await lab.engine.networks({ signal: context.shell.interrupt }));
}

/** Shows what goes wrong in networks, after it was changed. */
export async function showNetworks(
  context: CommandContext,
  { json }: { readonly json: boolean },
  live: LiveNetworks,
  names: readonly string[],
): Promise<void> {
  const networks = (await live.reports()).filter(({ name }) => names.includes(name));
  if (json) context.printJson({ version: 1, networks });
  else for (const network of networks) context.print(renderNetwork(network, context.style));
}
