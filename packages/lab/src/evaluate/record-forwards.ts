import type { SourceLocation } from '@goqemu/core';
import type { PortForward } from '@goqemu/spec';
import type { MachineOptions } from '../definition/machine-options.ts';
import type { Allocator } from './allocations.ts';
import { checkOptions } from './check-options.ts';
import { isPort } from './check-wait-condition.ts';
import { labError } from './lab-error.ts';

/** The ports of the host that are forwarded to the lab's machines: each belongs to one machine. */
export class ForwardRecorder {
  readonly #allocator: Allocator;
  readonly #owners = new Map<number, string>();

  constructor(allocator: Allocator) {
    this.#allocator = allocator;
  }

  record(
    machine: { readonly name: string; readonly formerName: string | undefined },
    options: NonNullable<MachineOptions['forward']>,
    place: () => SourceLocation | undefined,
  ): { readonly forwards: Readonly<Record<string, PortForward>>; readonly fixedPorts: readonly number[] } {
    const { name, formerName } = machine;
    const forwards: Record<string, PortForward> = {};
    const fixedPorts: number[] = [];
    for (const [forward, option] of Object.entries(options)) {
      if (typeof option !== 'number')
        checkOptions('forward', option, { subject: `${name}: forward.${forward}`, place });
      const { guest, host } = typeof option === 'number' ? { guest: option, host: undefined } : option;
      checkPort(guest, { what: `${name}: forward.${forward}.guest`, forward, name, place });
      if (host !== undefined) {
        checkPort(host, { what: `${name}: forward.${forward}.host`, forward, name, place });
        this.#take(host, name, forward, place);
        if (!this.#allocator.isFork) fixedPorts.push(host);
      }
      const fixed = this.#allocator.isFork ? undefined : host;
      forwards[forward] = { host: fixed ?? this.#allocator.forwardPort(name, formerName, forward), guest };
    }
    return { forwards, fixedPorts };
  }

  #take(port: number, name: string, forward: string, place: () => SourceLocation | undefined): void {
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
    message: `${what} must be a port from 1 to 65535, got ${JSON.stringify(port)}`,
    location: place(),
    hint: `write forward: { ${forward}: { guest: 80, host: 8080 } }`,
    subject: name,
  });
}
