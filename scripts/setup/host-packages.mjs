/** What goqemu and its tests need from the host, with the reason of each: data, read by install-packages.mjs. */

/** To run labs: the quickstart installs these. */
export const forLabs = {
  debian: [
    { name: 'qemu-system-x86', why: 'runs the machines' },
    { name: 'qemu-utils', why: 'qemu-img makes their disks' },
    { name: 'mmdebstrap', why: 'builds the Debian image where its publisher cannot be reached' },
    { name: 'uidmap', why: 'lets mmdebstrap work without root' },
    { name: 'fakeroot', why: 'the same, for the archive that it writes' },
    { name: 'gpgv', why: 'checks the signatures of the packages in that image' },
    { name: 'debian-archive-keyring', why: 'the keys of those signatures' },
    { name: 'e2fsprogs', why: "mke2fs writes that image's filesystem" },
    { name: 'fdisk', why: "sfdisk writes that image's partition table" },
    { name: 'grub-common', why: "grub-mkimage makes that image's boot loader" },
    { name: 'grub-pc-bin', why: 'the boot loader itself' },
    { name: 'openssh-client', why: 'goqemu ssh with a terminal' },
  ],
  darwin: [{ name: 'qemu', why: 'runs the machines and makes their disks' }],
  win32: [{ name: 'SoftwareFreedomConservancy.QEMU', why: 'runs the machines and makes their disks' }],
};

/** To test goqemu itself, besides the above. A `service` is installed without being started. */
export const forTests = {
  debian: [
    { name: 'qemu-guest-agent', why: 'the guest agent is tested against the real one', service: true },
    { name: 'openssh-server', why: 'SSH sessions are tested against the real server', service: true },
    { name: 'tmux', why: 'a terminal for the tests of the command line' },
    { name: 'tesseract-ocr', why: "reads the text on a machine's screen" },
    { name: 'less', why: 'the pager in which help shows a page' },
    { name: 'chromium', why: 'the pages of the documentation are opened in it' },
    { name: 'zsh', why: 'its completion is tested in the shell itself' },
    { name: 'fish', why: 'the same; and as the login shell of a guest' },
    { name: 'tcsh', why: 'the login shell of a guest, which quotes in its own way' },
    { name: 'iproute2', why: 'network namespaces and routes' },
    { name: 'passt', why: "the network that gives a guest the host's own address" },
    { name: 'ovmf', why: 'UEFI firmware for a machine' },
    { name: 'dnsmasq-base', why: 'a DHCP server on a bridge of the tests' },
    { name: 'swtpm', why: 'the TPM of a machine' },
    { name: 'tshark', why: 'reads what a switch of a lab captured' },
    { name: 'vde-switch', why: "a machine's card on a switch of VDE" },
    { name: 'tgt', why: 'an iSCSI target in user space, for a disk that is not a file', service: true },
    { name: 'qemu-block-extra', why: "QEMU's iSCSI and RBD" },
    { name: 'qemu-system-arm', why: 'machines of every architecture are started: arm, arm64' },
    { name: 'qemu-system-mips', why: 'the same: mips, mips64' },
    { name: 'qemu-system-misc', why: 'the same: riscv64, s390x' },
    { name: 'qemu-system-ppc', why: 'the same: ppc64' },
    { name: 'busybox-static', why: 'the tiny guest' },
    { name: 'cpio', why: "packs the tiny guest's initramfs" },
  ],
  darwin: [{ name: 'tmux', why: 'a terminal for the tests of the command line' }],
  win32: [],
};

/** For the long forms of the tests, besides both. */
export const forSoak = {
  debian: [
    { name: 'kmod', why: "finds what a guest's kernel has to load" },
    { name: 'xfsprogs', why: 'a guest whose root is xfs' },
    { name: 'btrfs-progs', why: 'a guest whose root is btrfs' },
    { name: 'dosfstools', why: 'the EFI system partition of a guest' },
    { name: 'mtools', why: 'writes the boot loader into it' },
    { name: 'qemu-efi-aarch64', why: 'UEFI firmware for an arm64 machine' },
    { name: 'python3-fusepy', why: 'a file system whose writes fail on demand' },
    { name: 'ansible-core', why: 'the how-to for Ansible is done as it is typed' },
  ],
};

/** For the Windows lane, besides both. */
export const forWindowsLane = [
  { name: 'gcc', why: 'compiles what the Windows lane loads into QEMU' },
  { name: 'libc6-dev', why: 'the same' },
  { name: 'gcc-mingw-w64-x86-64-win32', why: 'compiles the stand-ins that Wine runs' },
];

/** For people on other systems: the exact command to type. */
export const byHand = {
  fedora: 'sudo dnf install qemu-system-x86 qemu-img openssh-clients tmux',
  arch: 'sudo pacman -S --needed qemu-system-x86 qemu-img openssh tmux',
  suse: 'sudo zypper install qemu-x86 qemu-tools openssh-clients tmux',
  alpine: 'doas apk add qemu-system-x86_64 qemu-img openssh-client tmux',
};
