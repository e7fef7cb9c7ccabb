import { readFileSync } from 'node:fs';

/** Which way of installing packages this host has: `debian` (apt), `darwin`, `win32`, or another Linux by name. */
export function hostFamily() {
  if (process.platform !== 'linux') return process.platform;
  let release = '';
  try {
    release = readFileSync('/etc/os-release', 'utf8');
  } catch {
    return 'unknown';
  }
  const field = (name) => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(release)?.[1] ?? '';
  const names = `${field('ID')} ${field('ID_LIKE')}`.split(/\s+/);
  for (const [family, members] of Object.entries({
    debian: ['debian', 'ubuntu'],
    fedora: ['fedora', 'rhel', 'centos'],
    arch: ['arch'],
    suse: ['suse', 'opensuse', 'opensuse-tumbleweed'],
    alpine: ['alpine'],
  }))
    if (names.some((name) => members.includes(name))) return family;
  return 'unknown';
}
