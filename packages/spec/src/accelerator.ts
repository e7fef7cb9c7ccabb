/** What runs a guest's code on the host: `tcg` emulates, the others use the host's processor. */
export const realAccelerators = ['kvm', 'hvf', 'whpx', 'tcg'] as const;
export type RealAccelerator = (typeof realAccelerators)[number];

/** `auto` is the best one that is proven to run a guest on this host. */
export const accelerators = ['auto', ...realAccelerators] as const;
/** What runs a guest's instructions: `auto` takes the best that is proven on this host, `tcg` is emulation. */
export type Accelerator = (typeof accelerators)[number];
