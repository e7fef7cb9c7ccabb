import type { SocketEndpoint } from '../sockets/machine-sockets.ts';
import type { QemuOption } from './qemu-options.ts';

/** A chardev as its process was given it: how it is reached, or why it is not. */
export type FoundChardev =
  | SocketEndpoint
  /** A listening socket that the process was started with, as libvirt does it. */
  | { readonly kind: 'inherited'; readonly fd: number }
  | { readonly kind: 'unreachable'; readonly why: string };

/** The QMP monitors of a QEMU, in the order of its arguments. */
export function monitorsOf(options: readonly QemuOption[]): FoundChardev[] {
  return options.flatMap(({ name, text, values }): FoundChardev[] => {
    if (name === 'qmp' || name === 'qmp-pretty') return [legacyChardev(text, values, options)];
    if (name !== 'mon' || values.mode !== 'control') return [];
    return [chardevOf(values.chardev ?? values[''] ?? '', options)];
  });
}

/** The chardev of an id. */
export function chardevOf(id: string, options: readonly QemuOption[]): FoundChardev {
  const found = options.find(({ name, values }) => name === 'chardev' && values.id === id);
  if (!found) return unreachable(`on the chardev "${id}", which its arguments do not describe`);
  const { values } = found;
  const backend = values.backend ?? values[''] ?? '';
  return backend === 'socket' ? socket(values, options) : unreachable(`on a chardev of the kind "${backend}"`);
}

/** The older form: `unix:PATH,server=on`, `tcp:HOST:PORT,server=on`, `chardev:ID`, `stdio` (chardev/char.c, 7.2). */
function legacyChardev(text: string, values: QemuOption['values'], options: readonly QemuOption[]): FoundChardev {
  const [, kind, rest = ''] = /^([\w-]+):?(.*)$/.exec(values[''] ?? '') ?? [];
  if (kind === 'chardev') return chardevOf(rest, options);
  if (kind === 'unix') return socket({ ...values, path: rest }, options);
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(rest) ?? [];
  if (kind === 'tcp') return socket({ ...values, host, port }, options);
  return unreachable(`on "${text}"`);
}

function socket(values: QemuOption['values'], options: readonly QemuOption[]): FoundChardev {
  const { path, fd, host, port } = values;
  const place = path ?? (fd === undefined ? `${host}:${port}` : `descriptor ${fd}`);
  if (!isOn(values.server)) return unreachable(`a client: it connects to ${place} and does not listen`);
  if (isOn(values.abstract)) return unreachable(`on the abstract socket "${path}"`);
  if (path !== undefined) return { kind: 'unix', path };
  if (fd !== undefined && /^\d+$/.test(fd)) return { kind: 'inherited', fd: Number(fd) };
  const keyFolder = options.find(
    ({ name, values: object }) => name === 'object' && isPsk(object) && object.id === values['tls-creds'],
  )?.values.dir;
  if (host !== undefined && port !== undefined && keyFolder !== undefined)
    return { kind: 'tls-psk', host, port: Number(port), keyFolder };
  return unreachable(`on ${place} without a pre-shared key of TLS, open to every user of this host`);
}

function isPsk(object: QemuOption['values']): boolean {
  return [object[''], object['qom-type']].includes('tls-creds-psk');
}

/** The words of QEMU for a switch that is on (util/cutils.c, qapi_bool_parse); the bare key counts as well. */
function isOn(value: string | undefined): boolean {
  return ['on', 'yes', 'true', 'y'].includes(value ?? '');
}

function unreachable(why: string): FoundChardev {
  return { kind: 'unreachable', why };
}
