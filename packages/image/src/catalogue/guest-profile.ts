import type { GuestProfile, GuestSystem } from './catalogue-entry.ts';

const profiles: Readonly<Record<GuestSystem, GuestProfile>> = {
  debian: { system: 'debian', user: 'debian', shell: '/bin/bash', guestAgent: 'installable' },
  ubuntu: { system: 'ubuntu', user: 'ubuntu', shell: '/bin/bash', guestAgent: 'installable' },
  fedora: { system: 'fedora', user: 'fedora', shell: '/bin/bash', guestAgent: 'included' },
  rocky: { system: 'rocky', user: 'rocky', shell: '/bin/bash', guestAgent: 'included' },
  alma: { system: 'alma', user: 'almalinux', shell: '/bin/bash', guestAgent: 'included' },
  alpine: { system: 'alpine', user: 'alpine', shell: '/bin/sh', guestAgent: 'installable' },
  arch: { system: 'arch', user: 'arch', shell: '/bin/bash', guestAgent: 'installable' },
  unknown: { system: 'unknown', user: 'goqemu', shell: '/bin/sh', guestAgent: 'installable' },
};

/** How publishers name their files; the first match counts, so the more special names come first. */
const marks: readonly (readonly [RegExp, GuestSystem])[] = [
  [/ubuntu|(^|[^a-z])(jammy|noble)([^a-z]|$)/, 'ubuntu'],
  [/alma(linux)?/, 'alma'],
  [/rocky/, 'rocky'],
  [/fedora/, 'fedora'],
  [/alpine/, 'alpine'],
  [/arch[-_]?linux|(^|[^a-z])arch-?boxes/, 'arch'],
  [/debian|(^|[^a-z])(bookworm|trixie|bullseye|sid)([^a-z]|$)/, 'debian'],
];

export const guestProfile = (system: GuestSystem): GuestProfile => profiles[system];

/** Tells the guest's system from the name of an image file, and failing that from its whole URL or path. */
export function recogniseGuest(location: string): GuestProfile {
  const text = location.toLowerCase();
  const fileName =
    text
      .replace(/[?#].*$/, '')
      .split(/[/\\]/)
      .pop() ?? '';
  for (const candidate of [fileName, text]) {
    const mark = marks.find(([pattern]) => pattern.test(candidate));
    if (mark) return profiles[mark[1]];
  }
  return profiles.unknown;
}
