import type { PowerVerb } from '@goqemu/lab';
import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption, labOptions } from '../../arguments/global-options.ts';
import { applyOptions } from '../../arguments/plan-options.ts';
import { defineCommand, type RunnableCommand } from '../../shell/runnable-command.ts';

const options = { ...labOptions, ...applyOptions, ...jsonOption } as const satisfies OptionSpecs;

export type PowerOptions = typeof options;

interface PowerText {
  readonly summary: string;
  readonly description: string;
  readonly examples: readonly { readonly command: string; readonly does: string }[];
}

const texts: Readonly<Record<PowerVerb, PowerText>> = {
  stop: {
    summary: 'shut machines down',
    description:
      'Asks the guest first, and switches off what does not follow. A machine that was stopped stays so: plan shows no difference,\nand apply starts it only when it has work for it, such as a new step, or with --start. Of a suspended machine it drops\nthe RAM, after a question.',
    examples: [
      { command: 'goqemu stop', does: 'all machines of the lab' },
      { command: 'goqemu stop web worker-1', does: 'two of them' },
    ],
  },
  start: {
    summary: 'start machines that do not run, and wait until they are ready',
    description:
      'Boots from the disk; a suspended or paused machine resumes. Where the RAM of a suspended machine is lost or no longer\nfits, its disk boots.',
    examples: [{ command: 'goqemu start', does: 'all machines of the lab' }],
  },
  restart: {
    summary: 'shut machines down and start them again',
    description: 'As stop and start; a machine that is stopped is started.',
    examples: [{ command: 'goqemu restart web', does: 'one machine' }],
  },
  suspend: {
    summary: 'keep the RAM of machines on the disk and end them',
    description:
      'What runs in the guest continues with resume, also after the host was rebooted. Takes up to the memory of the machine on the\ndisk. Where RAM cannot be kept it is refused, and the machine runs on.',
    examples: [{ command: 'goqemu suspend', does: 'the whole lab, before the host is shut down' }],
  },
  resume: {
    summary: 'continue machines that are suspended or paused',
    description:
      'Never boots: where the RAM is lost or no longer fits it says so, and "goqemu start" boots from the disk.',
    examples: [{ command: 'goqemu resume', does: 'all machines that are suspended' }],
  },
};

function powerCommand(verb: PowerVerb): RunnableCommand<PowerOptions> {
  const { summary, description, examples } = texts[verb];
  return defineCommand({
    name: verb,
    summary,
    description,
    positionals: [
      {
        name: 'MACHINE',
        summary: 'machines of the lab (default: all)',
        optional: true,
        many: true,
        completes: 'machine',
      },
    ],
    options,
    examples,
    load: async () => {
      const { power } = await import('../lab-commands.ts');
      return { run: (context, input) => power.run(context, input, verb) };
    },
  });
}

export const powerCommands = (['stop', 'start', 'restart', 'suspend', 'resume'] as const).map(powerCommand);
