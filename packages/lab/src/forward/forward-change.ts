import type { HostPort, PortForward } from '@goqemu/spec';

/** What is done manually with the ports that are forwarded to a machine. */
export interface ForwardChange {
  /** Name of the machine. */
  readonly machine: string;
  /** A host port of 0 is chosen. */
  readonly add?: Pick<PortForward, 'protocol' | 'host' | 'guest'>;
  /** One that was added manually. */
  readonly remove?: HostPort;
}
