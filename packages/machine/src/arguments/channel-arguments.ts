import type { ChardevConfig } from '../configuration/peripherals.ts';
import type { SocketEndpoint } from '../sockets/machine-sockets.ts';
import type { ArgumentContext } from './argument-context.ts';
import { device, slot, virtio } from './device-arguments.ts';
import { optionText } from './option-text.ts';

/** The key of the machine's sockets, where these are on TCP. */
export const tlsId = 'monitor-tls';

/** What the guest finds in `/sys/class/virtio-ports/…/name`. */
export const standbyPortName = 'org.goqemu.standby.0';

/** The three monitors, and the keys of their sockets where these are on TCP. */
export function monitorArguments({ config }: ArgumentContext): string[] {
  const { sockets } = config;
  const keyed = sockets.control.kind === 'tls-psk' ? sockets.control : undefined;
  return [
    ...(keyed
      ? [
          '-object',
          JSON.stringify({ 'qom-type': 'tls-creds-psk', id: tlsId, endpoint: 'server', dir: keyed.keyFolder }),
        ]
      : []),
    ...(['control', 'readers', 'tools'] as const).flatMap((name) => [
      ...['-chardev', socketText(name, sockets[name])],
      ...['-mon', optionText(undefined, { chardev: name, mode: 'control' })],
    ]),
  ];
}

/** Serial ports, the guest agent's and other virtio ports, and what they are joined to. */
export function channelArguments(context: ArgumentContext): string[] {
  const { config } = context;
  const console = config.sockets.console;
  const virtioPorts = [
    ...(config.sockets.agent ? [{ name: 'org.qemu.guest_agent.0', chardev: 'agent' }] : []),
    ...(usesSpiceAgent(context) ? [{ name: 'com.redhat.spice.0', chardev: 'spice-agent' }] : []),
    ...config.virtioPorts,
    ...(config.sockets.standby ? [{ name: standbyPortName, chardev: 'standby' }] : []),
  ];
  return [
    ...config.chardevs.flatMap((item) => ['-chardev', chardevText(item)]),
    ...(console ? ['-chardev', socketText('console', console, config.serialLog), '-serial', 'chardev:console'] : []),
    ...config.serialPorts.flatMap((chardev) => ['-serial', `chardev:${chardev}`]),
    ...(config.sockets.agent ? ['-chardev', socketText('agent', config.sockets.agent)] : []),
    ...(config.sockets.standby ? ['-chardev', socketText('standby', config.sockets.standby)] : []),
    ...(usesSpiceAgent(context) ? ['-chardev', 'spicevmc,id=spice-agent,name=vdagent'] : []),
    ...(virtioPorts.length > 0
      ? device(context, virtio(context, 'virtio-serial'), { id: 'serial', ...slot(context, 'serial') })
      : []),
    ...virtioPorts.flatMap(({ name, chardev }, index) =>
      device(context, 'virtserialport', { id: `port-${chardev}`, bus: 'serial.0', nr: index + 1, name, chardev }),
    ),
  ];
}

function usesSpiceAgent({ config }: ArgumentContext): boolean {
  return config.display.kind === 'spice' && config.display.agent;
}

function socketText(id: string, endpoint: SocketEndpoint, log?: string): string {
  const common = { server: true, wait: false, logfile: log, logappend: log === undefined ? undefined : true };
  return endpoint.kind === 'unix'
    ? optionText('socket', { id, path: endpoint.path, ...common })
    : optionText('socket', { id, host: endpoint.host, port: endpoint.port, ...common, 'tls-creds': tlsId });
}

function chardevText({ id, backend }: ChardevConfig): string {
  switch (backend.kind) {
    case 'file':
      return optionText('file', { id, path: backend.path, append: true });
    case 'socket': {
      const { address, server, log } = backend;
      const wait = server ? false : undefined; // only a server takes `wait`
      return optionText('socket', { id, ...address, server, wait, logfile: log, logappend: log ? true : undefined });
    }
    default:
      return optionText(backend.kind, { id });
  }
}
