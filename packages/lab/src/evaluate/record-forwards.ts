import { type SourceLocation, shownValue } from '@goqemu/core';
import { type HostPort, hostPortOf, type PortForward } from '@goqemu/spec';
import type { MachineOptions } from '../definition/machine-options.ts';
import type { Allocator } from './allocations.ts';
import { checkOptions } from './check-options.ts';
import { checkNamed } from './check-shapes.ts';
import { isPort } from './check-wait-condition.ts';
import { labError } from './lab-error.ts';

/** The ports of the host that are forwarded to the lab's machines: each belongs to one machine. */
export class ForwardRecorder {
  readonly #allocator: Allocator;
  readonly #owners = new Map<HostPort, string>();

  constructor(allocator: Allocator) {
    this.#allocator = allocator;
  }

  record(
    machine: { readonly name: string; readonly formerName: string | undefined },
    options: NonNullable<MachineOptions['forward']>,
    place: () => SourceLocation | undefined,
  ): { readonly forwards: Readonly<Record<string, PortForward>>; readonly fixedPorts: readonly HostPort[] } {
    const { name, formerName } = machine;
    const forwards: Record<string, PortForward> = {};
    const fixedPorts: HostPort[] = [];
    checkNamed(options, { subject: name, option: 'forward', place }, 'http: 80');
    for (const [forward, option] of Object.entries(options)) {
      const { guest, host, protocol } = this.#read(option, {
        what: `${name}: forward.${forward}`,
        forward,
        name,
        place,
      });
      const allocated = () => this.#allocator.forwardPort(name, formerName, { name: forward, ...protocol });
      const isFixed = host !== 0 && !this.#allocator.isFork;
      if (host !== 0) this.#take(hostPortOf({ ...protocol, host }), name, forward, place);
      if (isFixed) fixedPorts.push(hostPortOf({ ...protocol, host }));
      forwards[forward] = { ...protocol, host: isFixed ? host : allocated(), guest };
    }
    return { forwards, fixedPorts };
  }

  /** A host port of 0 is for goqemu to choose. */
  #read(
    option: NonNullable<MachineOptions['forward']>[string],
    { what, ...declared }: DeclaredPort,
  ): { readonly guest: number; readonly host: number; readonly protocol: Pick<PortForward, 'protocol'> } {
    const { name, place } = declared;
    if (typeof option !== 'number') checkOptions('forward', option, { subject: what, place });
    const { guest, host = 0, protocol = 'tcp' } = typeof option === 'number' ? { guest: option } : option;
    checkPort(guest, { what: `${what}.guest`, ...declared });
    if (host !== 0) checkPort(host, { what: `${what}.host`, ...declared });
    if (protocol === 'tcp' || protocol === 'udp')
      return { guest, host, protocol: protocol === 'udp' ? { protocol } : {} };
    throw labError('option-invalid', {
      message: `${what}.protocol must be 'tcp' or 'udp', got ${shownValue(protocol)}`,
      location: place(),
      hint: 'leave it out for TCP',
      subject: name,
    });
  }

  #take(port: HostPort, name: string, forward: string, place: () => SourceLocation | undefined): void {
    const owner = this.#owners.get(port);
    if (owner === undefined) {
      this.#owners.set(port, `${name}.${forward}`);
      return;
    }
    throw labError('port-duplicate', {
      message: `${name}: port ${port} of the host is already forwarded to ${owner}`,
      location: place(),
      hint: 'leave the host port out and goqemu chooses a free one',
      subject: name,
    });
  }
}

interface DeclaredPort {
  readonly what: string;
  readonly forward: string;
  readonly name: string;
  readonly place: () => SourceLocation | undefined;
}

function checkPort(port: unknown, { what, forward, name, place }: DeclaredPort): void {
  if (isPort(port)) return;
  throw labError('port-invalid', {
    message: `${what} must be a port from 1 to 65535, got ${shownValue(port)}`,
    location: place(),
    hint: `write forward: { ${forward}: { guest: 80, host: 8080 } }`,
    subject: name,
  });
}
