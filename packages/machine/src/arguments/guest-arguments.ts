import { canonicalJson, type HostPlatform } from '@goqemu/core';
import { type Accelerator, type MachineConfigInput, parseMachineConfig } from '../configuration/machine-config.ts';
import type { QemuInstallation } from '../find/installation.ts';
import { unixSockets } from '../sockets/machine-sockets.ts';
import { machineArguments } from './machine-arguments.ts';
import { parseOption } from './option-text.ts';

/**
 * What of QEMU's arguments a saved state depends on, in their order: two machines in which they are equal have the same
 * devices. Left out is what the host alone sees, and differs from start to start: names, paths, addresses, ports, keys,
 * where memory comes from, and how the machine begins. What is not known here stays as it is, so that a change in it is
 * found.
 */
export function guestArguments(argv: readonly string[]): string[] {
  return optionsOf(argv).flatMap(({ option, value }) => {
    const seen = seenByGuest(option, value);
    return seen === undefined ? [] : [seen === '' ? `-${option}` : `-${option} ${seen}`];
  });
}

/** In the place of the port that a start would choose, which no guest sees. */
const anyPort = { host: '127.0.0.1', port: 1 };

/**
 * The same of a machine that is not started: nothing is made, and no port chosen.
 *
 * @throws GoqemuError as {@link machineArguments} and {@link parseMachineConfig} do
 */
export function plannedGuestArguments(
  input: MachineConfigInput & { readonly accelerator: Accelerator },
  installation: QemuInstallation,
  platform: HostPlatform,
): string[] {
  const config = parseMachineConfig(input);
  const { firmware, guestAgent: agent, standbyPort: standby } = config;
  const runtimeFolder = config.runtimeFolder ?? '';
  const resolved = {
    ...config,
    networks: config.networks.map((network) =>
      network.kind === 'stream' && 'portFile' in network.address ? { ...network, address: anyPort } : network,
    ),
    accelerator: input.accelerator,
    runtimeFolder,
    firmware: firmware.kind === 'uefi' ? { ...firmware, code: firmware.code ?? 'code' } : firmware,
    sockets: unixSockets(runtimeFolder, { agent, standby, console: true }, platform),
  };
  return guestArguments(machineArguments(resolved, installation, platform));
}

interface Option {
  readonly option: string;
  readonly value: string;
}

function optionsOf(argv: readonly string[]): Option[] {
  const options: { option: string; value: string }[] = [];
  for (const word of argv) {
    const option = /^--?([a-zA-Z][\w-]*)$/.exec(word)?.[1];
    const last = options.at(-1);
    if (option !== undefined) options.push({ option, value: '' });
    else if (last) last.value = last.value === '' ? word : `${last.value} ${word}`;
  }
  return options;
}

/** The host's own affairs as a whole: who it is, how it is watched over and spoken to, how it begins. */
const unseen = new Set(['name', 'uuid', 'sandbox', 'mon', 'incoming', 'S', 'vnc', 'spice', 'display', 'L']);

/** Undefined for what no guest can tell. */
function seenByGuest(option: string, value: string): string | undefined {
  if (unseen.has(option)) return undefined;
  switch (option) {
    case 'object':
      return objectText(propertiesOf(value, 'qom-type'));
    case 'chardev':
    case 'netdev': {
      const kind = option === 'netdev' ? 'type' : 'backend';
      const { id, [kind]: type } = propertiesOf(value, kind);
      return canonicalJson({ [kind]: type, id });
    }
    case 'blockdev':
      return canonicalJson(withoutPlaces(propertiesOf(value, 'driver')));
    case 'device': {
      const { mac: _mac, guid: _guid, ...properties } = propertiesOf(value, 'driver');
      return canonicalJson(properties);
    }
    default:
      return value;
  }
}

type Properties = Record<string, unknown>;

/** In QEMU's JSON or in its text form, whose first word is the value of `first`. */
function propertiesOf(value: string, first: string): Properties {
  if (value.startsWith('{')) return JSON.parse(value) as Properties;
  const { '': head, ...rest } = parseOption(value);
  return head === undefined ? rest : { [first]: head, ...rest };
}

function objectText(object: Properties): string | undefined {
  const type = String(object['qom-type']);
  if (type.startsWith('tls-creds-') || type === 'secret') return undefined;
  return canonicalJson(type.startsWith('memory-backend-') ? { id: object.id, size: object.size } : object);
}

/** A node's own file is a node too. */
function withoutPlaces(node: Properties): Properties {
  const { filename: _filename, server: _server, file, ...rest } = node;
  if (file === undefined) return rest;
  return { ...rest, file: typeof file === 'object' && file !== null ? withoutPlaces(file as Properties) : file };
}

/** In words, what keeps a state of one machine from fitting another; undefined when nothing does. */
export function argumentDifference(before: readonly string[], now: readonly string[]): string | undefined {
  const lost = before.find((argument) => !now.includes(argument));
  const found = now.find((argument) => !before.includes(argument));
  if (lost === undefined && found === undefined)
    return before.join('\n') === now.join('\n') ? undefined : 'its arguments are in another order';
  return [
    ...(lost === undefined ? [] : [`QEMU was started with ${lost}`]),
    ...(found === undefined ? [] : [`it would be started with ${found}`]),
  ].join(', and now ');
}
