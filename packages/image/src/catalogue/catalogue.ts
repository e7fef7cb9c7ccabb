import type { ChecksumAlgorithm } from '../download/checksum-file.ts';
import type { CatalogueEntry, GuestArch, GuestSystem, PublishedImage } from './catalogue-entry.ts';
import { guestProfile } from './guest-profile.ts';

/**
 * Publishers name processors in Debian's way (`{deb}`) or in the kernel's (`{uname}`), and some of them what boots the
 * image (`{boot}`): UEFI on arm64, which has no BIOS.
 */
interface Template {
  readonly name: string;
  readonly title: string;
  readonly system: GuestSystem;
  readonly aliases?: readonly string[];
  readonly architectures: readonly GuestArch[];
  readonly url: string;
  /** Taken relative to the image's own URL; `{file}` is the image's file name. */
  readonly checksum: string;
  readonly algorithm: ChecksumAlgorithm;
}

const both: readonly GuestArch[] = ['x86_64', 'aarch64'];

const templates: readonly Template[] = [
  debian('12', 'bookworm'),
  debian('13', 'trixie'),
  {
    name: 'debian-sid',
    title: 'Debian unstable (sid)',
    system: 'debian',
    aliases: ['sid'],
    architectures: both,
    url: 'https://cloud.debian.org/images/cloud/sid/daily/latest/debian-sid-genericcloud-{deb}-daily.qcow2',
    checksum: 'SHA512SUMS',
    algorithm: 'sha512',
  },
  ubuntu('22.04', 'jammy'),
  ubuntu('24.04', 'noble'),
  {
    name: 'fedora-43',
    title: 'Fedora Cloud 43',
    system: 'fedora',
    aliases: ['fedora'],
    architectures: both,
    url: 'https://download.fedoraproject.org/pub/fedora/linux/releases/43/Cloud/{uname}/images/Fedora-Cloud-Base-Generic-43-1.6.{uname}.qcow2',
    checksum: 'Fedora-Cloud-43-1.6-{uname}-CHECKSUM',
    algorithm: 'sha256',
  },
  {
    name: 'rocky-9',
    title: 'Rocky Linux 9',
    system: 'rocky',
    architectures: both,
    url: 'https://dl.rockylinux.org/pub/rocky/9/images/{uname}/Rocky-9-GenericCloud-Base.latest.{uname}.qcow2',
    checksum: '{file}.CHECKSUM',
    algorithm: 'sha256',
  },
  {
    name: 'alma-9',
    title: 'AlmaLinux 9',
    system: 'alma',
    aliases: ['almalinux-9'],
    architectures: both,
    url: 'https://repo.almalinux.org/almalinux/9/cloud/{uname}/images/AlmaLinux-9-GenericCloud-latest.{uname}.qcow2',
    checksum: 'CHECKSUM',
    algorithm: 'sha256',
  },
  {
    name: 'alpine-3.22',
    title: 'Alpine Linux 3.22',
    system: 'alpine',
    aliases: ['alpine'],
    architectures: both,
    url: 'https://dl-cdn.alpinelinux.org/alpine/v3.22/releases/cloud/generic_alpine-3.22.2-{uname}-{boot}-cloudinit-r0.qcow2',
    checksum: '{file}.sha512',
    algorithm: 'sha512',
  },
  {
    name: 'arch',
    title: 'Arch Linux',
    system: 'arch',
    aliases: ['archlinux'],
    architectures: ['x86_64'], // Arch publishes no other
    url: 'https://geo.mirror.pkgbuild.com/images/latest/Arch-Linux-x86_64-cloudimg.qcow2',
    checksum: '{file}.SHA256',
    algorithm: 'sha256',
  },
];

function debian(release: string, suite: string): Template {
  return {
    name: `debian-${release}`,
    title: `Debian ${release} (${suite})`,
    system: 'debian',
    aliases: [suite],
    architectures: both,
    url: `https://cloud.debian.org/images/cloud/${suite}/latest/debian-${release}-genericcloud-{deb}.qcow2`,
    checksum: 'SHA512SUMS',
    algorithm: 'sha512',
  };
}

function ubuntu(release: string, suite: string): Template {
  return {
    name: `ubuntu-${release}`,
    title: `Ubuntu ${release} LTS (${suite})`,
    system: 'ubuntu',
    aliases: [suite],
    architectures: both,
    url: `https://cloud-images.ubuntu.com/releases/${suite}/release/ubuntu-${release}-server-cloudimg-{deb}.img`,
    checksum: 'SHA256SUMS',
    algorithm: 'sha256',
  };
}

/** The name that a lab gets when it names no image. */
export const defaultImage = 'debian-12';

/** The images that goqemu knows by name. */
export const builtInCatalogue: readonly CatalogueEntry[] = templates.map((template) => ({
  ...guestProfile(template.system),
  name: template.name,
  title: template.title,
  ...(template.aliases ? { aliases: template.aliases } : {}),
  published: Object.fromEntries(template.architectures.map((arch) => [arch, published(template, arch)])),
}));

function published(template: Template, arch: GuestArch): PublishedImage {
  const [deb, boot] = arch === 'x86_64' ? ['amd64', 'bios'] : ['arm64', 'uefi'];
  const fill = (text: string) => text.replaceAll('{uname}', arch).replaceAll('{deb}', deb).replaceAll('{boot}', boot);
  const url = fill(template.url);
  const file = url.slice(url.lastIndexOf('/') + 1);
  const checksumUrl = new URL(fill(template.checksum).replaceAll('{file}', file), url).href;
  return { url, checksum: { url: checksumUrl, algorithm: template.algorithm } };
}
