import type {
  Command,
  CommandStream,
  InteractiveShell,
  ReverseTunnelOptions,
  ShellOptions,
  Tunnel,
  TunnelOptions,
} from '@goqemu/guest';
import type { OperationOptions } from '../operation-options.ts';
import type { MachineScreen } from '../screen/machine-screen.ts';
import type { ExecOptions, ExecResult, StreamOptions } from './command-options.ts';
import type { GuestAddress } from './guest-address.ts';
import type { DownloadFileOptions, UploadFileOptions } from './transfer-options.ts';

/**
 * What runs in a machine, from the outside: a {@link QemuVM} and a machine of a lab ({@link LabMachine}) are both one, so
 * that a function written for one works with the other.
 *
 * Calls may run at once: they share one connection, which is made again after it has broken. Each rejects with
 * `vm-not-running` or `machine-not-running` when its machine is not running.
 *
 * @example
 * import type { Guest } from 'goqemu';
 *
 * async function installNginx(guest: Guest): Promise<void> {
 *   await guest.exec(['apt-get', 'install', '-y', 'nginx'], { sudo: true, check: true, timeout: '10 min' });
 * }
 */
export interface Guest {
  /**
   * Runs a command as the machine's user and waits for its end. An exit code other than 0 is a result, with its `error`.
   * A command that was not sent before the connection broke is sent over the next one.
   *
   * @param command a shell script, or a list of words, which are quoted one by one
   * @throws GoqemuError `connection-lost` when the connection broke while it ran, unless `repeatable`;
   * `command-interrupted` when the machine was stopped or restored meanwhile; `timeout`; `command-failed` with `check`;
   * `option-invalid`
   * @example
   * const { stdout } = await guest.exec('uname -r', { check: true });
   */
  exec(command: Command, options?: ExecOptions): Promise<ExecResult>;

  /**
   * Runs a command and gives its output as it comes. The command waits while its output is not read, and leaving the
   * loop ends it.
   *
   * @throws as `exec`, where the output is read; `option-invalid` at once
   * @example
   * for await (const { data } of guest.stream('dmesg -w')) process.stdout.write(data);
   */
  stream(command: Command, options?: StreamOptions): CommandStream;

  /**
   * A terminal in the guest, for a person: the user's login shell, or one program.
   *
   * @throws GoqemuError `connection-lost`
   * @example
   * await using shell = await guest.shell({ terminal: { columns: 120, rows: 40 } });
   */
  shell(options?: ShellOptions): Promise<InteractiveShell>;

  /**
   * Copies a file or a folder into the guest; each file appears whole or not at all.
   *
   * @param source path on this host, relative to the working folder
   * @param destination path in the guest, relative to the user's home folder
   * @throws GoqemuError `connection-lost`, `timeout` without progress for `stall`, `option-invalid`
   * @example
   * await guest.upload('site', '/var/www/html', { owner: 'www-data' });
   */
  upload(source: string, destination: string, options?: UploadFileOptions): Promise<void>;

  /**
   * Copies a file or a folder out of the guest; each file appears whole or not at all.
   *
   * @param source path in the guest, relative to the user's home folder
   * @param destination path on this host, relative to the working folder
   * @throws GoqemuError `connection-lost`, `timeout` without progress for `stall`, `option-invalid`
   */
  download(source: string, destination: string, options?: DownloadFileOptions): Promise<void>;

  /**
   * Forwards a port of this host's loopback to a port of the guest, until it is disposed of.
   *
   * @throws GoqemuError `port-taken`
   * @example
   * await using database = await guest.tunnel(5432);
   * console.log(`postgres://127.0.0.1:${database.hostPort}`);
   */
  tunnel(guestPort: number, options?: TunnelOptions): Promise<Tunnel>;

  /** Forwards a port of the guest's loopback to a port of this host, until it is disposed of. */
  reverseTunnel(hostPort: number, options?: ReverseTunnelOptions): Promise<Tunnel>;

  /**
   * The guest's IPv4 address, how it was found, and whether this host reaches it there.
   *
   * @throws GoqemuError `address-unknown`
   */
  ip(options?: OperationOptions): Promise<GuestAddress>;

  /** The screen, keyboard and pointer of a machine with `display: true`; its calls reject for another. */
  readonly screen: MachineScreen;
}
