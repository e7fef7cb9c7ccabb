import type { HostPort, PortForward } from '@goqemu/spec';

/** What is done by hand with the ports that are forwarded to a machine. */
export interface ForwardChange {
  /** Name of the machine. */
  readonly machine: string;
  /** A host port of 0 is chosen. */
  readonly add?: Pick<PortForward, 'protocol' | 'host' | 'guest'>;
  /** One that was added by hand. */
  readonly remove?: HostPort;
}
