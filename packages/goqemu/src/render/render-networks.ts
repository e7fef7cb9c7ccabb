import { formatDuration } from '@goqemu/core';
import type { CardReport, CardTraffic, LiveNetworkReport } from '@goqemu/lab';
import type { Faults } from '@goqemu/spec';
import { roundedSize } from './rounded-size.ts';
import type { Style } from './style.ts';
import { table } from './table.ts';

/** A network with what goes wrong in it, and a row for each card. */
export function renderNetwork(network: LiveNetworkReport, style: Style): string {
  const { name, cidr, state, cards } = network;
  const paint = state === 'running' ? style.green : style.red;
  const faults = faultLines(network).map((line) => `  ${line}\n`);
  const rows = cards.map((card) => row(card, name, style));
  const headings = ['  MACHINE', 'ADDRESS', 'LINK', 'SENT', 'RECEIVED', 'DROPPED'];
  const above = `${style.bold(name)}  ${cidr}  ${paint(state)}\n${faults.join('')}`;
  return `${above}${table(headings, rows, style)}${refusedLines(network, style)}`;
}

/** Refusals that a person is shown; `--json` has all that are kept. */
const mostShown = 10;

/** `web asked for deb.debian.org: not in the list (3 times)`. */
function refusedLines({ refused }: LiveNetworkReport, style: Style): string {
  const lines = refused.slice(0, mostShown).map(({ machine, what, why, times }) => {
    const often = times === 1 ? '' : ` (${times} times)`;
    return `  ${style.yellow('refused')}  ${style.bold(machine)} asked for ${what}: ${why}${often}\n`;
  });
  const more = refused.length - lines.length;
  return [...lines, ...(more > 0 ? [`  and ${more} more: --json has them\n`] : [])].join('');
}

/** What goes wrong in a network, a line for each place. */
function faultLines({ faults, manual }: LiveNetworkReport): readonly string[] {
  const { partition = [], machines = {}, ...all } = faults;
  const lines = [
    ...(hasAmounts(all) ? [`to each machine: ${amounts(all)}`] : []),
    ...(partition.length > 0 ? [`partition: ${partition.map((group) => group.join(',')).join(' | ')} | others`] : []),
    ...Object.entries(machines).flatMap(([machine, { from = {}, to = {}, cable = true }]) => [
      ...(cable ? [] : [`${machine}: unplugged`]),
      ...(hasAmounts(from) ? [`from ${machine}: ${amounts(from)}`] : []),
      ...(hasAmounts(to) ? [`to ${machine}: ${amounts(to)}`] : []),
    ]),
  ];
  if (!manual) return lines;
  return [...lines, `${lines.length === 0 ? 'nothing goes wrong: ' : ''}set by goqemu network; heal ends it`];
}

function hasAmounts(faults: Faults): boolean {
  return Object.keys(faults).length > 0;
}

/** `latency 50 ms, loss 5 %, rate 125 kB/s`. */
function amounts(faults: Faults): string {
  return Object.entries(faults as Readonly<Record<string, number>>)
    .map(([name, amount]) => {
      if (name === 'latency' || name === 'jitter') return `${name} ${formatDuration(amount)}`;
      if (name === 'rate') return `${name} ${roundedSize(amount)}/s`;
      return `${name} ${Math.round(amount * 1e6) / 1e4} %`;
    })
    .join(', ');
}

function row({ machine, card, ip, ip6, isConnected, sent, received }: CardReport, network: string, style: Style) {
  return [
    `  ${style.bold(machine)}${card === network ? '' : ` (${card})`}`,
    ip6 === undefined ? ip : `${ip} ${ip6}`,
    isConnected ? style.green('up') : style.yellow('down'),
    traffic(sent),
    traffic(received),
    dropped(sent, received),
  ];
}

function traffic({ frames, bytes }: CardTraffic): string {
  return `${frames} frames, ${roundedSize(bytes)}`;
}

function dropped(sent: CardTraffic, received: CardTraffic): string {
  const all = [...Object.entries(sent.dropped), ...Object.entries(received.dropped)];
  const sums = new Map<string, number>();
  for (const [reason, frames] of all) sums.set(reason, (sums.get(reason) ?? 0) + frames);
  return [...sums].map(([reason, frames]) => `${frames} ${reason}`).join(', ') || '-';
}
