import type { NetworkConfiguration, PortConfiguration } from '../control/configuration.ts';
import { macText } from '../frames/ethernet.ts';
import { type DhcpReply, type DhcpRequest, dhcpOption, dhcpReply, dhcpType, readDhcp } from './dhcp-message.ts';
import { ip4Bytes, ipBytes, range4 } from './ip-range.ts';

const nowhere = Buffer.alloc(4);

export interface DhcpAnswer {
  readonly message: Buffer;
  /** The client's address when it can be reached by it; else the answer is for all. */
  readonly to: Buffer | undefined;
}

/**
 * A server of DHCPv4 (RFC 2131) with one fixed address for each card, by its MAC. It keeps nothing: every answer follows
 * from the configuration, so that the switch, a restored machine and a fork agree on them at once. Cards that it does not
 * know get no answer.
 */
export function answerDhcp(
  bytes: Buffer,
  network: NetworkConfiguration,
  ports: readonly PortConfiguration[],
  server: Buffer,
): DhcpAnswer | undefined {
  const request = readDhcp(bytes);
  if (!request?.relayIp.equals(nowhere)) return undefined;
  const mac = macText(request.clientMac);
  const port = ports.find((each) => each.mac === mac);
  if (!port?.ip) return undefined;
  const yourIp = ipBytes(port.ip);
  const type = answerType(request, yourIp, server);
  if (type === undefined) return undefined;
  const reply = replyOf(type, { network, port, yourIp, server });
  const isKnownThere = type !== dhcpType.nak && !request.wantsBroadcast;
  const informed = request.type === dhcpType.inform;
  const message = dhcpReply(request, informed ? { ...reply, yourIp: nowhere } : reply);
  return { message, to: isKnownThere ? (request.clientIp.equals(nowhere) ? yourIp : request.clientIp) : undefined };
}

/** RFC 2131 §4.3: a request for another server is not answered, one for another address is refused. */
function answerType(request: DhcpRequest, yourIp: Buffer, server: Buffer): number | undefined {
  if (request.type === dhcpType.discover) return dhcpType.offer;
  if (request.type === dhcpType.inform) return dhcpType.ack;
  if (request.type !== dhcpType.request) return undefined;
  const chosen = request.options.get(dhcpOption.server);
  if (chosen && !chosen.equals(server)) return undefined;
  const wanted = request.options.get(dhcpOption.requestedIp) ?? request.clientIp;
  return wanted.equals(yourIp) ? dhcpType.ack : dhcpType.nak;
}

interface Lease {
  readonly network: NetworkConfiguration;
  readonly port: PortConfiguration;
  readonly yourIp: Buffer;
  readonly server: Buffer;
}

function replyOf(type: number, { network, port, yourIp, server }: Lease): DhcpReply {
  if (type === dhcpType.nak) return { type, yourIp: nowhere, serverIp: server, options: [] };
  const { mask, broadcast } = range4(network.cidr);
  const seconds = (count: number) => ip4Bytes(count);
  const domain = Buffer.from(network.domain, 'latin1');
  return {
    type,
    yourIp,
    serverIp: server,
    options: [
      [dhcpOption.mask, ip4Bytes(mask)],
      ...(port.router ? [[dhcpOption.router, server] as const] : []),
      [dhcpOption.dns, server],
      [dhcpOption.hostname, Buffer.from(port.hostname ?? port.machine, 'latin1')],
      [dhcpOption.domain, domain],
      [dhcpOption.search, searchList(network.domain)],
      [dhcpOption.mtu, Buffer.from([network.mtu >> 8, network.mtu & 0xff])],
      [dhcpOption.broadcast, ip4Bytes(broadcast)],
      [dhcpOption.leaseSeconds, seconds(network.leaseSeconds)],
      [dhcpOption.renewal, seconds(Math.floor(network.leaseSeconds / 2))],
      [dhcpOption.rebinding, seconds(Math.floor(network.leaseSeconds * 0.875))],
    ],
  };
}

/** One name as DNS writes it (RFC 3397): each label after its length, and a zero. */
function searchList(domain: string): Buffer {
  const labels = domain.split('.').map((label) => Buffer.from(String.fromCharCode(label.length) + label, 'latin1'));
  return Buffer.concat([...labels, Buffer.alloc(1)]);
}
