import { dirname } from 'node:path';
import { parseOption } from '../arguments/option-text.ts';
import { type Accelerator, accelerators } from '../configuration/machine-config.ts';
import type { MachineSockets, SocketEndpoint } from '../sockets/machine-sockets.ts';

/** What a running QEMU's own arguments tell about it. */
export interface FoundMachine {
  readonly sockets: MachineSockets;
  readonly runtimeFolder: string;
  readonly qemuPath: string;
  readonly accelerator: Accelerator | 'unknown';
  readonly machineType: string;
  readonly cpu: string;
  readonly serialLog?: string;
}

/**
 * Reads the arguments of a QEMU that goqemu started, or of any other one with a QMP monitor on a Unix socket
 * (`-qmp unix:PATH,…`, or `-chardev socket,…,path=PATH` with `-mon …,mode=control`).
 */
export function readArguments(argv: readonly string[]): FoundMachine | undefined {
  const options = pairs(argv);
  const chardevs = options
    .filter(({ option }) => option === 'chardev')
    .map(({ value }) => parseOption(value))
    .filter((chardev) => chardev[''] === 'socket');
  const endpointOf = (id: string) =>
    endpoint(
      chardevs.find((chardev) => chardev.id === id),
      options,
    );
  const control = endpointOf('control') ?? foreignMonitor(options, endpointOf);
  if (!control) return undefined;
  const agent = endpointOf('agent') ?? foreignAgent(options, endpointOf);
  const standby = endpointOf('standby');
  const console = endpointOf('console');
  const serialLog = chardevs.find((chardev) => chardev.id === 'console')?.logfile;
  const accelerator = parseOption(last(options, 'accel') ?? '')[''];
  return {
    sockets: {
      control,
      readers: endpointOf('readers') ?? control,
      tools: endpointOf('tools') ?? control,
      ...(agent ? { agent } : {}),
      ...(standby ? { standby } : {}),
      ...(console ? { console } : {}),
    },
    runtimeFolder: control.kind === 'unix' ? dirname(control.path) : control.keyFolder,
    qemuPath: argv[0] ?? '',
    accelerator: accelerators.find((known) => known === accelerator) ?? 'unknown',
    machineType: parseOption(last(options, 'machine') ?? last(options, 'M') ?? '')[''] ?? '',
    cpu: last(options, 'cpu') ?? '',
    ...(serialLog ? { serialLog } : {}),
  };
}

interface Option {
  readonly option: string;
  readonly value: string;
}

function pairs(argv: readonly string[]): Option[] {
  return argv.flatMap((word, index) => {
    const match = /^--?([a-zA-Z][\w-]*)$/.exec(word);
    return match?.[1] ? [{ option: match[1], value: argv[index + 1] ?? '' }] : [];
  });
}

function last(options: readonly Option[], name: string): string | undefined {
  return options.findLast(({ option }) => option === name)?.value;
}

function endpoint(chardev: Record<string, string> | undefined, options: readonly Option[]): SocketEndpoint | undefined {
  if (!chardev) return undefined;
  if (chardev.path) return { kind: 'unix', path: chardev.path };
  const keyFolder = options
    .filter(({ option, value }) => option === 'object' && value.includes('tls-creds-psk'))
    .map(({ value }) => (JSON.parse(value) as { dir?: string }).dir)[0];
  return chardev.host && chardev.port && keyFolder
    ? { kind: 'tls-psk', host: chardev.host, port: Number(chardev.port), keyFolder }
    : undefined;
}

/** The port that qemu-ga(8) looks for, whatever the chardev behind it is called. */
function foreignAgent(
  options: readonly Option[],
  endpointOf: (id: string) => SocketEndpoint | undefined,
): SocketEndpoint | undefined {
  const port = options
    .filter(({ option, value }) => option === 'device' && value.includes('org.qemu.guest_agent.0'))
    .map(({ value }) =>
      value.startsWith('{') ? (JSON.parse(value) as Record<string, string>) : parseOption(value),
    )[0];
  return port?.chardev === undefined ? undefined : endpointOf(port.chardev);
}

function foreignMonitor(
  options: readonly Option[],
  endpointOf: (id: string) => SocketEndpoint | undefined,
): SocketEndpoint | undefined {
  for (const { option, value } of options) {
    if (option === 'qmp' && value.startsWith('unix:')) {
      return { kind: 'unix', path: parseOption(value)['']?.replace(/^unix:/, '') ?? '' };
    }
    if (option !== 'mon') continue;
    const monitor = parseOption(value);
    const found = monitor.mode === 'control' ? endpointOf(monitor.chardev ?? monitor[''] ?? '') : undefined;
    if (found) return found;
  }
  return undefined;
}
