import { canonicalJson, lengthPrefixedDigest } from '@goqemu/core';

/** How a Debian image is made here: everything that decides its content, apart from the packages' versions. */
export interface DebianRecipe {
  /** Raised with every change; it is in the identity of what is built. */
  readonly version: number;
  readonly name: string;
  /** Debian's name of the release. */
  readonly suite: string;
  /**
   * The suite is never released: it has no `-updates` and `-security` beside it, and what a mirror holds of it may
   * have expired.
   */
  readonly rolling?: true;
  readonly packages: readonly string[];
  /** Content by absolute path; `@ROOT_UUID@` stands for the UUID of the root file system. */
  readonly files: Readonly<Record<string, string>>;
  /** Files that must be there before the packages are set up. */
  readonly earlyFiles: Readonly<Record<string, string>>;
  /** Shell lines that run inside the new root at the end. */
  readonly finish: readonly string[];
  readonly diskBytes: number;
}

const grubConfig = `# Written by goqemu's image recipe. /vmlinuz and /initrd.img follow the newest kernel package.
serial --unit=0 --speed=115200
terminal_input serial console
terminal_output serial console
linux /vmlinuz root=UUID=@ROOT_UUID@ ro console=tty0 console=ttyS0,115200n8
initrd /initrd.img
boot
`;

/** NoCloud only, the sources of packages as they are, and no module for software that Debian does not have. */
const cloudConfig = `# Written by goqemu's image recipe.
datasource_list: [NoCloud, None]
apt:
  preserve_sources_list: true
cloud_init_modules:
  [seed_random, bootcmd, write-files, growpart, resizefs, disk_setup, mounts, set_hostname, update_hostname,
   update_etc_hosts, ca-certs, rsyslog, users-groups, ssh]
cloud_config_modules:
  [ssh-import-id, keyboard, locale, set-passwords, apt-configure, ntp, timezone, runcmd]
cloud_final_modules:
  [package-update-upgrade-install, write-files-deferred, puppet, chef, salt-minion, scripts-vendor,
   scripts-per-once, scripts-per-boot, scripts-per-instance, scripts-user, ssh-authkey-fingerprints,
   install-hotplug, phone-home, final-message, power-state-change]
`;

/** Debian as a cloud guest: the packages of Debian's own cloud images, as far as a lab needs them. */
const debian: Omit<DebianRecipe, 'name' | 'suite'> = {
  version: 1,
  packages: [
    ...['linux-image-cloud-amd64', 'initramfs-tools', 'zstd'],
    ...['systemd', 'systemd-sysv', 'systemd-resolved', 'systemd-timesyncd', 'libpam-systemd', 'dbus', 'udev'],
    ...['cloud-init', 'cloud-guest-utils', 'fdisk', 'e2fsprogs', 'openssh-server', 'qemu-guest-agent', 'sudo'],
    ...['iproute2', 'iputils-ping', 'netbase', 'ca-certificates', 'curl', 'apt-utils', 'gpgv'],
    ...['bash-completion', 'less', 'vim-tiny', 'procps', 'psmisc', 'lsb-release', 'kmod', 'python3', 'bind9-host'],
  ],
  earlyFiles: {
    '/etc/initramfs-tools/conf.d/goqemu': 'MODULES=most\nCOMPRESS=zstd\nRESUME=none\n',
    '/etc/kernel-img.conf': 'do_symlinks = yes\nlink_in_boot = no\n',
    '/usr/sbin/policy-rc.d': '#!/bin/sh\nexit 101\n',
  },
  files: {
    '/boot/grub/grub.cfg': grubConfig,
    '/etc/fstab': 'UUID=@ROOT_UUID@ / ext4 rw,discard,errors=remount-ro 0 1\n',
    '/etc/hostname': 'debian\n',
    '/etc/hosts': '127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n',
    '/etc/cloud/cloud.cfg.d/90_goqemu.cfg': cloudConfig,
    '/etc/default/locale': 'LANG=C.UTF-8\n',
  },
  finish: [
    'systemctl enable systemd-networkd.service systemd-resolved.service systemd-timesyncd.service ssh.service',
    'systemctl disable apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer',
    'systemctl mask e2scrub_reap.service',
    'ln -sf /run/systemd/resolve/stub-resolv.conf /etc/resolv.conf',
    'rm -f /etc/ssh/ssh_host_* /usr/sbin/policy-rc.d /vmlinuz.old /initrd.img.old /var/lib/systemd/random-seed',
    'rm -f /etc/apt/apt.conf.d/99mmdebstrap /var/lib/dbus/machine-id /var/log/*.log /var/log/apt/*',
    ': > /etc/machine-id',
  ],
  diskBytes: 2 * 2 ** 30,
};

export const debian12Recipe: DebianRecipe = { ...debian, name: 'debian-12', suite: 'bookworm' };

/** What goqemu can build, by the catalogue's name. */
export const debianRecipes: Readonly<Record<string, DebianRecipe>> = {
  [debian12Recipe.name]: debian12Recipe,
  'debian-13': { ...debian, name: 'debian-13', suite: 'trixie' },
  'debian-sid': { ...debian, name: 'debian-sid', suite: 'sid', rolling: true },
};

/** The part of an image's identity that is known before it is built. */
export function recipeDigest(recipe: DebianRecipe): string {
  return lengthPrefixedDigest(['goqemu debian recipe', canonicalJson(recipe)]);
}

/** The identity of an image that was built: its recipe and the versions of its packages. */
export function builtImageKey(recipe: DebianRecipe, packageVersions: readonly string[]): string {
  return lengthPrefixedDigest(['goqemu built image', recipeDigest(recipe), ...[...packageVersions].sort()]);
}

export function recipeName({ name, version }: DebianRecipe): string {
  return `recipe ${name}, version ${version}`;
}
