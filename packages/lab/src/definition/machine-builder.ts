import type { WaitCondition } from '@goqemu/spec';
import type { LateValue } from '../value/late-value.ts';
import type { TextInput } from '../value/text.ts';
import type { CaptureOptions, FileOptions, RunOptions, StepOptions, UploadOptions } from './machine-options.ts';
import type { CheckpointReference } from './references.ts';

/**
 * A machine while the lab describes it. Each step builds on the one before. Every method returns the same
 * machine, with what it has learned in its type: an output or a checkpoint that is not there does not compile. A lab
 * that returns it hands its names on to scripts and tests.
 */
export interface MachineBuilder<
  Output extends string = never,
  Checkpoint extends string = never,
  Forward extends string = never,
  Card extends string = never,
  Name extends string = string,
  Step extends string = string,
> {
  readonly name: Name;
  readonly hostname: string;
  /** The host's loopback port that is forwarded to the guest's SSH server. */
  readonly sshPort: number;
  /** Where a forwarded port is reached: `http://127.0.0.1:8080` where the forward is called http or https, else `127.0.0.1:5432`. */
  readonly forwarded: { readonly [F in Forward]: string };
  /** The machine's IPv4 addresses in the lab's networks, by the names of its cards: `web.ip.lan`. Known before it is made. */
  readonly ip: { readonly [C in Card]: string };
  /** Its IPv6 addresses, in networks that have such. */
  readonly ip6: { readonly [C in Card]: string };
  /** Captured output, late. */
  readonly out: { readonly [O in Output]: LateValue };
  readonly at: { readonly [C in Checkpoint]: CheckpointReference<Step> };

  /** Runs a script, as root unless the options say otherwise. */
  run<Added extends string>(
    name: Added,
    script: TextInput,
    options?: RunOptions,
  ): MachineBuilder<Output, Checkpoint, Forward, Card, Name, Step | Added>;
  /** Copies a file or a folder; the source is relative to the lab's folder. */
  upload<Added extends string>(
    name: Added,
    source: string,
    destination: string,
    options?: UploadOptions,
  ): MachineBuilder<Output, Checkpoint, Forward, Card, Name, Step | Added>;
  /** Writes one file. */
  file<Added extends string>(
    name: Added,
    path: string,
    contents: TextInput,
    options?: FileOptions,
  ): MachineBuilder<Output, Checkpoint, Forward, Card, Name, Step | Added>;
  // As `file`, with one parameter more: what takes them by name would be the only one of its kind here.
  /** Writes one file from a template beside the lab, in which `{{name}}` stands for a value. */
  render<Added extends string>(
    name: Added,
    template: string,
    path: string,
    values: Readonly<Record<string, TextInput | number>>,
    options?: FileOptions,
  ): MachineBuilder<Output, Checkpoint, Forward, Card, Name, Step | Added>;
  /** Runs a script and keeps its standard output, without the trailing newline, as `out.<name>`. */
  capture<Added extends string>(
    name: Added,
    script: TextInput,
    options?: CaptureOptions,
  ): MachineBuilder<Output | Added, Checkpoint, Forward, Card, Name, Step | Added>;
  /** Waits until a port, a unit, a URL or a file is there. */
  waitFor<Added extends string>(
    name: Added,
    condition: WaitCondition,
    options?: StepOptions,
  ): MachineBuilder<Output, Checkpoint, Forward, Card, Name, Step | Added>;
  /**
   * Reboots the guest, as root, and waits until it is ready again, within `timeout` (default: 10 min). The next step runs
   * in the booted guest. What a reboot loses, such as `/run` and processes that no service starts, is lost.
   *
   * @throws when it runs: GoqemuError `reboot-timed-out`; `step-failed` when the guest cannot reboot; `stage-stalled`
   * and `boot-failed` when it does not come back; `machine-exited`
   * @example
   * lab.vm('web').run('kernel', 'apt-get install -y linux-image-cloud-amd64').reboot('new kernel');
   */
  reboot<Added extends string>(
    name: Added,
    options?: Pick<StepOptions, 'timeout' | 'after' | 'cache'>,
  ): MachineBuilder<Output, Checkpoint, Forward, Card, Name, Step | Added>;
  /** Gives the state reached so far a name to go back to, and to start other machines `from`. */
  checkpoint<Added extends string>(name: Added): MachineBuilder<Output, Checkpoint | Added, Forward, Card, Name, Step>;
}
