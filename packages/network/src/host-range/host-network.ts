/** How a machine meets the outside. */
export type HostNetwork =
  /** QEMU's own user-mode network: behind NAT, reached through forwarded ports. */
  | { readonly kind: 'user' }
  /** passt(1): the guest has the host's own address and speaks through the host's sockets. Linux, no privileges. */
  | { readonly kind: 'passt'; readonly program: string }
  /** A bridge that an administrator has allowed to users: an address of its own on the host's network. */
  | { readonly kind: 'bridge'; readonly bridge: string; readonly helper: string }
  /** macOS's bridged network: an address of its own on the network of this interface. */
  | { readonly kind: 'vmnet'; readonly interface: string };

/** `auto` takes the host's range where it can be had, `host` insists on it, `user` does without. */
export type NetworkWish = 'auto' | 'host' | 'user';

/** What was chosen, and why, in words that follow “because”. */
export interface ChosenNetwork {
  readonly network: HostNetwork;
  readonly reason: string;
}

/** One way into the host's range, or why it is closed and what would open it. */
export type Way<T extends HostNetwork = HostNetwork> =
  | { readonly network: T; readonly reason: string }
  | { readonly closed: string };
