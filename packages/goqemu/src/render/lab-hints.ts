import { changedError, type GoqemuError, isGoqemuError } from '@goqemu/core';
import { timeoutNames } from '@goqemu/spec';

/**
 * What to do about errors of the libraries, for the author of a lab: their own hints speak of options that a program
 * gives them, and that a lab has not. By code; `name` is the machine's, where the error says which.
 */
const hints: Readonly<Record<string, (name: string, error: GoqemuError) => string | undefined>> = {
  'socket-path-too-long': () => 'set XDG_RUNTIME_DIR to a folder with a shorter path, and try again',
  'runtime-folder-unsafe': () => 'remove it, or set XDG_RUNTIME_DIR to a folder that is yours alone',
  'runtime-folder-taken': () => 'move its files away, or set XDG_RUNTIME_DIR to a folder that is yours alone',
  'machine-config-invalid': (name) => `correct this option of ${name} in the lab`,
  'agent-absent': (name) => `install qemu-guest-agent in the image of ${name}, or in a step`,
  'qga-not-responding': (name) =>
    `look whether the agent runs: goqemu exec ${name} -- systemctl status qemu-guest-agent`,
  'connection-lost': (name) =>
    `the guest may have rebooted, or lost its network: read its console with "goqemu logs ${name}", then run it again`,
  'session-closed': () => 'run the command again',
  'authentication-failed': (name) => `a step may have changed the user or its authorized_keys: goqemu logs ${name}`,
  'stage-stalled': (name, { data }) => {
    const timeout = timeoutOf(data.stage);
    const longer = timeout && `; if it only needs more time, write timeouts: { ${timeout}: '20 min' } in the lab`;
    const slow = data.emulationMayHelp === true ? "; accelerator: 'tcg' tells whether the accelerator hangs" : '';
    return `read its whole console with: goqemu logs ${name}${longer ?? ''}${slow}`;
  },
  'machine-exited': (name) => `read the last words of its QEMU with: goqemu logs ${name} --source qemu`,
  'machine-already-running': () => 'see what runs with "goqemu status"; "goqemu apply" takes it over',
  'qemu-exited': (name) => `read the last words of its QEMU with: goqemu logs ${name} --source qemu`,
  'accelerator-unavailable': () =>
    "write accelerator: 'auto' or 'tcg' in the lab; \"goqemu doctor\" shows what works here",
  'image-locked': () => 'another program has the disk open: end it, then goqemu apply',
  'bad-cpu': () => 'update QEMU; "goqemu doctor" shows which one is used, and what it lacks',
  'sandbox-violation': (name) =>
    `update QEMU, which does not run in its own sandbox: goqemu logs ${name} --source qemu`,
  'access-key-damaged': () =>
    'put the files back from a backup, or make the machines again: goqemu destroy, goqemu apply',
  'qemu-missing': (_name, { hint }) => hint?.replace(/, or give the path of the executable$/, ''),
  'qemu-too-old': () => 'update QEMU; "goqemu doctor" shows which one is used',
  'suspend-refused': (name) => `nothing was changed; shut it down instead: goqemu stop ${name}`,
  'ram-lost': (name) => `boot from its disk, to which its guest wrote its data: goqemu start ${name}`,
  'firmware-missing': (_name, { hint }) => hint?.replace(/, or give firmware\.code its path$/, ''),
  'passt-failed': () => 'correct what it says',
};

/** The option of a stage: `ssh-banner` is `sshBanner`. */
function timeoutOf(stage: unknown): string | undefined {
  const name = String(stage).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return timeoutNames.find((one) => one === name);
}

/** An error with a hint that a user with a lab and a shell can follow. */
export function withLabHint(thrown: unknown): unknown {
  if (!isGoqemuError(thrown) || !Object.hasOwn(hints, thrown.code)) return thrown;
  const [name = ''] = thrown.subject?.split('/') ?? [];
  const hint = hints[thrown.code]?.(/^[a-z0-9-]+$/i.test(name) ? name : 'MACHINE', thrown);
  return hint === undefined ? thrown : changedError(thrown, { hint });
}

/** The same for everything that an object's methods throw, and for the objects that they return at once. */
export function withLabHints<T extends object>(target: T): T {
  return new Proxy(target, {
    get: (_target, property) => {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        const result: unknown = Reflect.apply(value, target, given);
        if (result instanceof Promise)
          return result.catch((error: unknown) => {
            throw withLabHint(error);
          });
        return typeof result === 'object' && result !== null ? withLabHints(result) : result;
      };
    },
  });
}
