import type {
  Command,
  CommandStream,
  InteractiveShell,
  ReverseTunnelOptions,
  ShellOptions,
  Tunnel,
  TunnelOptions,
} from '@goqemu/guest';
import type { ExecOptions, ExecResult, StreamOptions } from '../guest/command-options.ts';
import type { Guest } from '../guest/guest.ts';
import type { GuestAddress } from '../guest/guest-address.ts';
import type { DownloadFileOptions, UploadFileOptions } from '../guest/transfer-options.ts';
import type { OperationOptions } from '../operation-options.ts';
import type { LabGuests } from './lab-guests.ts';

/**
 * A machine of a lab. The lab need not be applied before the first call.
 *
 * @example
 * await using lab = await openLab('lab.ts');
 * await lab.machine('web').exec('systemctl restart nginx', { sudo: true, check: true });
 */
export class LabMachine implements Guest {
  /** As the lab names it. */
  readonly name: string;
  readonly #guests: LabGuests;
  readonly #guest: Guest;

  /** @internal */
  constructor(name: string, guests: LabGuests) {
    this.name = name;
    this.#guests = guests;
    this.#guest = guests.guest(name);
  }

  /**
   * Ports of 127.0.0.1 by the names of `forward`; a fork has its own.
   *
   * @throws GoqemuError `machine-unknown`
   */
  async forwards(): Promise<Readonly<Record<string, number>>> {
    const { spec } = await this.#guests.find(this.name);
    return Object.fromEntries(Object.entries(spec.forwards).map(([name, { host }]) => [name, host]));
  }

  exec(command: Command, options?: ExecOptions): Promise<ExecResult> {
    return this.#guest.exec(command, options);
  }

  stream(command: Command, options?: StreamOptions): CommandStream {
    return this.#guest.stream(command, options);
  }

  shell(options?: ShellOptions): Promise<InteractiveShell> {
    return this.#guest.shell(options);
  }

  upload(source: string, destination: string, options?: UploadFileOptions): Promise<void> {
    return this.#guest.upload(source, destination, options);
  }

  download(source: string, destination: string, options?: DownloadFileOptions): Promise<void> {
    return this.#guest.download(source, destination, options);
  }

  tunnel(guestPort: number, options?: TunnelOptions): Promise<Tunnel> {
    return this.#guest.tunnel(guestPort, options);
  }

  reverseTunnel(hostPort: number, options?: ReverseTunnelOptions): Promise<Tunnel> {
    return this.#guest.reverseTunnel(hostPort, options);
  }

  ip(options?: OperationOptions): Promise<GuestAddress> {
    return this.#guest.ip(options);
  }

  /** Alias of {@link LabMachine.exec}. */
  sendCommand(command: Command, options?: ExecOptions): Promise<ExecResult> {
    return this.exec(command, options);
  }
}
