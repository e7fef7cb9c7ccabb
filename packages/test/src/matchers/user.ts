import { askGuest, readFields } from '../ask/ask-guest.ts';
import type { Question } from '../expect/question.ts';
import { checkName } from '../options/check-options.ts';
import type { WaitOptions } from '../options/wait-options.ts';
import type { ProbeOf } from '../probes/probe.ts';
import type { Check } from './check.ts';

/** What a user of the guest is expected to be. */
export interface UserMatchers {
  /** The guest knows it, from wherever it has its users. */
  toExist(options?: WaitOptions): Promise<void>;
  /** It is in this group, as its first one or another. One that does not exist is neither in it nor not. */
  toBeInGroup(group: string, options?: WaitOptions): Promise<void>;
}

export type UserProbe = ProbeOf<'user', string>;

/** The groups of a user that exists. */
type Seen = { readonly groups: readonly string[]; readonly id: string } | undefined;

export function userMatchers(probe: UserProbe, check: Check): UserMatchers {
  return {
    toExist: (options) =>
      check('toExist', [], options, () => userQuestion(probe, `a user ${probe.subject}`, (seen) => seen !== undefined)),
    toBeInGroup: (group, options) =>
      check('toBeInGroup', [group], options, (what): Question<Seen> => {
        checkName(what, group, 'the name of a group');
        return {
          ...userQuestion(probe, `in the group ${group}`, (seen) => seen?.groups.includes(group)),
          expectedValue: group,
          gotValue: (seen) => seen?.groups,
        };
      }),
  };
}

function userQuestion(
  { subject, machine: { guest } }: UserProbe,
  expected: string,
  holds: (seen: Seen) => boolean | undefined,
): Question<Seen> {
  return {
    expected,
    holds,
    ask: async (call) => {
      const { stdout } = await askGuest(guest, call, { script: groups, words: [subject] });
      const { id, groups: names = '' } = readFields(stdout).fields;
      return id === undefined ? undefined : { id, groups: names.split(' ').filter(Boolean) };
    },
    got: (seen) => (seen ? `user ${seen.id}, in the groups ${seen.groups.join(', ')}` : 'there is no such user'),
  };
}

/** id(1) asks whatever the guest has its users from; busybox's takes no \`--\`, and no name begins with a hyphen. */
const groups = `id=$(id -u "$1" 2>/dev/null) || exit 0
printf 'id %s\\ngroups %s\\n' "$id" "$(id -Gn "$1")"`;
