import { askGuest, readFields } from '../ask/ask-guest.ts';
import type { WaitOptions } from '../options/wait-options.ts';
import type { ProbeOf } from '../probes/probe.ts';
import type { Check } from './check.ts';

/** What a service is expected to be, whichever init the guest has: systemd, OpenRC, runit, or scripts in /etc/init.d. */
export interface ServiceMatchers {
  /** It runs, as the guest's service manager says. */
  toBeRunning(options?: WaitOptions): Promise<void>;
}

export type ServiceProbe = ProbeOf<'service', string>;

interface ServiceState {
  readonly manager: string;
  readonly isRunning: boolean;
  readonly words: string;
}

export function serviceMatchers({ subject, machine: { guest } }: ServiceProbe, check: Check): ServiceMatchers {
  return {
    toBeRunning: (options) =>
      check('toBeRunning', [], options, () => ({
        expected: 'running',
        ask: async (call): Promise<ServiceState> => {
          const { fields, body } = readFields(
            (await askGuest(guest, call, { script: status, words: [subject] })).stdout,
          );
          return { manager: fields.manager ?? '', isRunning: fields.code === '0', words: body };
        },
        holds: ({ isRunning }: ServiceState) => isRunning,
        got: ({ isRunning, words }) =>
          isRunning ? 'running' : `not running: ${words.trim().split('\n').at(-1)?.trim() || 'no such service'}`,
        evidence: async (_seen, call) => {
          const { stdout } = await askGuest(guest, call, { script: details, words: [subject] });
          return { title: `the status of ${subject}`, text: stdout, from: 'end' };
        },
      })),
  };
}

/** LSB 5.0, Init Script Actions: \`status\` ends with 0 when the program runs; OpenRC's and runit's do likewise. */
const status = `if [ -d /run/systemd/system ]; then manager=systemd; said=$(systemctl is-active -- "$1" 2>&1); code=$?
elif [ -d /run/openrc ] && has rc-service; then manager=openrc; said=$(rc-service -- "$1" status 2>&1); code=$?
elif has sv && [ -d "/etc/service/$1" ]; then manager=runit; said=$(sv status "/etc/service/$1" 2>&1); code=$?
case $said in run:*) code=0 ;; *) code=1 ;; esac
elif [ -d /etc/init.d ]; then manager=init.d
if [ -x "/etc/init.d/$1" ]; then said=$("/etc/init.d/$1" status 2>&1); code=$?; else said="there is no /etc/init.d/$1"; code=4; fi
else lacks 'service manager that goqemu knows (systemd, OpenRC, runit, /etc/init.d)'; fi
printf 'manager %s\\ncode %s\\n\\n%s\\n' "$manager" "$code" "$said"`;

const details = `if [ -d /run/systemd/system ]; then systemctl status --no-pager --full --lines=10 -- "$1" 2>&1
elif [ -d /run/openrc ] && has rc-service; then rc-service -- "$1" status 2>&1; rc-status --servicelist 2>/dev/null
elif has sv && [ -d "/etc/service/$1" ]; then sv status "/etc/service/$1" 2>&1
else "/etc/init.d/$1" status 2>&1 || ls /etc/init.d; fi
:`;
