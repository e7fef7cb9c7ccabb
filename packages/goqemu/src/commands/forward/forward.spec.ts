import type { OptionSpecs } from '../../arguments/command-spec.ts';
import { jsonOption, labOptions } from '../../arguments/global-options.ts';
import { applyOptions } from '../../arguments/plan-options.ts';
import { defineCommand } from '../../shell/runnable-command.ts';

const options = {
  remove: { kind: 'text', value: 'HOST', summary: 'take a forward away that was added here: 8080, udp:5353' },
  ...labOptions,
  ...applyOptions,
  ...jsonOption,
} as const satisfies OptionSpecs;

export type ForwardOptions = typeof options;

export const forwardCommand = defineCommand({
  name: 'forward',
  summary: 'reach a port of a machine on 127.0.0.1, without a restart',
  description:
    'HOST is a port of 127.0.0.1, GUEST one of the machine; with 0 for HOST goqemu chooses one. What is added here is not in\nthe lab: it stays while the machine is restarted, restored or applied, until --remove, or until the machine is deleted. Of\na machine that does not run it counts from its next start. Without a port, lists all that are forwarded.',
  positionals: [
    { name: 'MACHINE', summary: 'a machine of the lab', completes: 'machine' },
    { name: '[tcp:|udp:]HOST:GUEST', summary: 'ports of the host and of the guest', optional: true },
  ],
  options,
  examples: [
    { command: 'goqemu forward web 8080:80', does: 'http://127.0.0.1:8080 leads to port 80 of web' },
    { command: 'goqemu forward web udp:0:53', does: 'by UDP, on a port that goqemu chooses' },
    { command: 'goqemu forward web --remove 8080', does: 'take it away again' },
    { command: 'goqemu forward web', does: 'what is forwarded to web' },
  ],
  load: async () => (await import('../lab-commands.ts')).forward,
});
