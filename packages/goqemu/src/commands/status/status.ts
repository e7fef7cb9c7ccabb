import { visibleWord } from '@goqemu/core';
import {
  type MachineReport,
  type MachineStatus,
  machineUnknown,
  type NetworkReport,
  type StatusReport,
} from '@goqemu/lab';
import type { CommandInput } from '../../arguments/command-spec.ts';
import { usageError } from '../../arguments/usage-error.ts';
import { chooseLab, isMachineWord } from '../../lab/choose-lab.ts';
import { openDeployedLab } from '../../lab/open-lab.ts';
import { eventLog } from '../../render/event-log.ts';
import { forwardTable } from '../../render/forward-table.ts';
import { renderOutputs } from '../../render/render-outputs.ts';
import type { Style } from '../../render/style.ts';
import { table } from '../../render/table.ts';
import type { CommandContext } from '../../shell/command-context.ts';
import { exitCode } from '../../shell/exit-code.ts';
import type { StatusOptions } from './status.spec.ts';

export async function run(context: CommandContext, input: CommandInput<StatusOptions>): Promise<number> {
  const names = input.positionals.filter((word) => isMachineWord(word, context.shell.workingFolder));
  const [file, ...others] = input.positionals.filter((word) => !names.includes(word));
  if (others.length > 0) throw usageError('the lab is named twice', `drop "${file}", or "${others[0]}"`);
  const choice = chooseLab(context, file, input.options);
  await using lab = await openDeployedLab(context, choice, eventLog(context.logger).handle);
  const status = only(names, await lab.engine.status({ signal: context.shell.interrupt }));
  if (input.options.json) {
    context.printJson(status);
    return exitCode.done;
  }
  const { style } = context;
  if (status.forkedFrom) {
    const { stack, id, description } = status.forkedFrom;
    context.tell(`Fork of ${stack} at ${visibleWord(description)} (${id}).`);
  }
  if (status.machines.length === 0) context.print(`Lab ${status.lab} has no machine; make them with: goqemu apply\n`);
  else
    context.print(
      table(
        ['MACHINE', 'STATE', 'ADDRESS', 'SSH', 'CHECKPOINT', 'ACCELERATOR', 'COMMANDS'],
        status.machines.map((machine) => row(machine, style)),
        style,
      ),
    );
  const forwarded = status.machines.filter(({ forwards }) => forwards.length > 0);
  if (forwarded.length > 0) context.print(`\n${forwardTable(forwarded, style)}`);
  if (status.networks.length > 0)
    context.print(
      `\n${table(
        ['NETWORK', 'STATE', 'RANGE'],
        status.networks.map((network) => networkRow(network, style)),
        style,
      )}`,
    );
  if (status.forks.length > 0)
    context.tell(`Forks: ${status.forks.join(', ')}; see one with --stack ${status.forks[0]}`);
  const outputs = renderOutputs(status.outputs, style);
  if (outputs) context.print(`\n${outputs}`);
  return exitCode.done;
}

/** @throws GoqemuError `machine-unknown` */
function only(names: readonly string[], status: StatusReport): StatusReport {
  const known = status.machines.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw machineUnknown(unknown, known);
  return names.length === 0
    ? status
    : { ...status, networks: [], machines: status.machines.filter(({ name }) => names.includes(name)) };
}

function row(machine: MachineReport, style: Style): string[] {
  const { ssh } = machine;
  return [
    style.bold(machine.name),
    paint(machine.state, style) + (machine.reason ? ` (${machine.reason})` : ''),
    machine.ip ?? '-',
    `${ssh.user}@${ssh.host}:${ssh.port}`,
    machine.checkpoint ?? '-',
    machine.accelerator ?? '-',
    machine.commands?.way ?? '-',
  ];
}

function networkRow({ name, state, reason, cidr }: NetworkReport, style: Style): string[] {
  return [
    style.bold(name),
    (state === 'running' ? style.green : style.red)(state) + (reason ? ` (${reason})` : ''),
    cidr,
  ];
}

function paint(state: MachineStatus, style: Style): string {
  if (state === 'running') return style.green(state);
  const isCalm = ['stopped', 'suspended', 'paused', 'incomplete'].includes(state);
  return isCalm ? style.yellow(state) : style.red(state);
}
