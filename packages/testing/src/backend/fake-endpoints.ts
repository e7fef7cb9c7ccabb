import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { GoqemuError, sleep } from '@goqemu/core';
import type { Endpoint, GuestCredentials, LogRequest, MachineSpec } from '@goqemu/lab';
import type { OpensshServer } from '../ssh-server/openssh-server.ts';
import type { FakeHost } from './fake-host.ts';

/** What stands for the guests of all machines: one real sshd, and how one logs in to it. */
export interface FakeGuest {
  readonly server: OpensshServer;
  readonly privateKey: string;
  readonly hostKey: string;
}

/** How fake machines are reached: by SSH where there is a guest, and by the logs that a test gave the host. */
export class FakeEndpoints {
  readonly #host: FakeHost;
  readonly #guest: FakeGuest | undefined;

  constructor(host: FakeHost, guest: FakeGuest | undefined) {
    this.#host = host;
    this.#guest = guest;
  }

  async open({ name }: MachineSpec, endpoint: Endpoint, signal: AbortSignal): Promise<Duplex> {
    if (endpoint === 'commands') throw commandsBySsh(name);
    if (endpoint !== 'ssh') throw hasNo(name, endpoint);
    const { host, port } = this.#guestOf(name).server;
    const socket = connect({ host, port, signal });
    await once(socket, 'connect');
    return socket;
  }

  async credentials({ name }: MachineSpec): Promise<GuestCredentials> {
    const { server, privateKey, hostKey } = this.#guestOf(name);
    return { user: server.user, privateKey, hostKey };
  }

  async *readLog({ name }: MachineSpec, request: LogRequest, signal: AbortSignal): AsyncGenerator<Buffer> {
    const text = this.#host.logs.get(name)?.[request.log] ?? '';
    const lines = text.split(/(?<=\n)/);
    yield Buffer.from(request.lines === undefined ? text : lines.slice(lines.length - request.lines).join(''));
    if (request.follow) await sleep(2 ** 31 - 1, signal).catch(() => undefined); // nothing more is ever written
  }

  #guestOf(machine: string): FakeGuest {
    if (!this.#guest) throw hasNo(machine, 'guest that runs commands');
    return this.#guest;
  }
}

function commandsBySsh(machine: string): GoqemuError {
  return new GoqemuError({
    code: 'far-end-absent',
    source: 'environment',
    subject: machine,
    message: `there is no channel for commands into ${machine}: the fake backend has none`,
    hint: 'commands go by SSH then',
  });
}

function hasNo(machine: string, what: string): GoqemuError {
  return new GoqemuError({
    code: 'fake-machine',
    source: 'user',
    subject: machine,
    message: `a machine of the fake backend has no ${what}`,
    hint: 'unset GOQEMU_BACKEND to work with QEMU',
  });
}
