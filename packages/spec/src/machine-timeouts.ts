/**
 * The time-outs of a machine that a lab or a script can set: for the stages of its boot, in this order, and for its end.
 */
export const timeoutNames = ['firmware', 'kernel', 'sshBanner', 'login', 'cloudInit', 'stop'] as const;

/** Name of a time-out of a machine. */
export type TimeoutName = (typeof timeoutNames)[number];

/** In milliseconds; what is not set has its default. */
export type MachineTimeouts = Readonly<Partial<Record<TimeoutName, number>>>;
