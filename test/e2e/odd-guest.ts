import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCommand } from '../run-command.ts';
import { tinyImage } from './tiny-image.ts';

export interface OddGuest {
  readonly arch: 'amd64' | 'arm64';
  readonly root: 'ext4' | 'xfs' | 'btrfs';
}

const architectures = {
  amd64: { grub: 'x86_64-efi', package: 'grub-efi-amd64-bin', loader: 'BOOTX64.EFI', console: 'ttyS0,115200n8' },
  arm64: { grub: 'arm64-efi', package: 'grub-efi-arm64-bin', loader: 'BOOTAA64.EFI', console: 'ttyAMA0' },
} as const;

/**
 * Path of an image that boots through UEFI, of the tiny guest's programs and scripts on another architecture or file
 * system. No program of the guest runs while it is made. Wants root and loop devices, for mounts of its own.
 */
export async function oddGuestImage({ arch, root }: OddGuest): Promise<string> {
  const tiny = await tinyImage();
  const path = join(dirname(tiny), `odd-${arch}-${root}.qcow2`);
  if (existsSync(path)) return path;
  const folder = await mkdtemp(`${path}-`);
  const { grub, package: grubPackage, loader, console } = architectures[arch];
  const programs = join(dirname(tiny), `odd-${arch}.tar`); // of all file systems
  const env = {
    PROGRAMS: programs,
    ARCH: arch,
    ROOT: root,
    TINY: tiny,
    GRUB: grub,
    GRUB_PACKAGE: grubPackage,
    LOADER: loader,
    CONSOLE: console,
  };
  try {
    const made = await runCommand('unshare', ['-m', 'sh', '-euc', script], { cwd: folder, env });
    if (made.code !== 0) throw new Error(`making ${path} ended with ${made.code}:\n${made.stdout}\n${made.stderr}`);
    await rename(join(folder, 'disk.qcow2'), path);
    return path;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The root's file system begins at 32 MiB, behind the EFI system partition. */
const script = `
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 'Origin: Debian' | head -n 1)
programs=kmod,busybox-static,base-files,bash,coreutils,libc-bin,jq,dropbear-bin,openssh-sftp-server,qemu-guest-agent,sudo,libpam-modules
[ -f "$PROGRAMS" ] || mmdebstrap --quiet --variant=extract --architectures=$ARCH --skip=check/qemu --format=tar --aptopt='APT::Install-Recommends "false"' \\
  --include=linux-image-cloud-$ARCH,$GRUB_PACKAGE,$programs bookworm programs.tar "deb $mirror bookworm main"
[ -f "$PROGRAMS" ] || mv programs.tar "$PROGRAMS"
mkdir root
tar --numeric-owner -xpf "$PROGRAMS" -C root

# Scripts are the tiny guest's own; of busybox the links.
qemu-img convert -O raw "$TINY" tiny.raw
mkdir tiny
mount -o loop,ro,offset=2097152 tiny.raw tiny
for file in inittab rc.boot udhcpc.script acpi passwd group shadow shells hosts pam.d/sudo pam.d/other sudoers; do
  mkdir -p "$(dirname root/etc/$file)"
  cp -a tiny/etc/$file "$(dirname root/etc/$file)/"
done
for file in usr/sbin/guest-agent usr/sbin/ssh-server usr/bin/cloud-init sbin/shutdown; do cp -a tiny/$file root/$file; done
busybox --list-full | while read -r path; do
  [ -e "root/$path" ] || [ -L "root/$path" ] || { mkdir -p "$(dirname "root/$path")"; ln -s /bin/busybox "root/$path"; }
done
chmod 4755 root/usr/bin/sudo
ln -sf bash root/bin/rbash
for folder in dev proc sys run tmp mnt root home etc/dropbear etc/sudoers.d var/lib/cloud var/log; do mkdir -p root/$folder; done

version=$(ls root/lib/modules)
depmod -b root "$version"
list() { for name; do modprobe -d "$PWD/root" -S "$version" --show-depends "$name"; done | sed -n "s#^insmod $PWD/root\\([^ ]*\\).*#\\1#p" | awk '!seen[$0]++'; }
list virtio_pci virtio_blk $ROOT > modules
list virtio_net virtio_console virtio_rng isofs button evdev > root/lib/boot-modules
list virtio_scsi sr_mod sd_mod > root/lib/cd-modules
mkdir -p initramfs/bin initramfs/dev initramfs/root
cp root/bin/busybox initramfs/bin/
sed "s/-t ext4/-t $ROOT/" tiny/boot/initramfs-init > initramfs/init
chmod 755 initramfs/init
while read -r module; do mkdir -p "initramfs$(dirname "$module")"; cp "root$module" "initramfs$module"; done < modules
mv modules initramfs/modules
(cd initramfs && find . | cpio -o -H newc 2> /dev/null) > root/boot/initrd.img
mv root/boot/vmlinuz-* root/boot/vmlinuz
mv root/usr/lib/grub/$GRUB grub
rm -rf root/usr/lib/grub root/usr/share/doc root/usr/share/man root/usr/share/locale root/usr/share/i18n root/var/lib/apt root/var/cache
mkdir -p root/boot/grub
printf 'linux /boot/vmlinuz console=%s mitigations=off\\ninitrd /boot/initrd.img\\nboot\\n' "$CONSOLE" > root/boot/grub/grub.cfg

truncate -s 1G part.raw
case $ROOT in xfs) mkfs.xfs -q part.raw;; btrfs) mkfs.btrfs -q part.raw;; *) mkfs.ext4 -q part.raw;; esac
mkdir part
mount -o loop part.raw part
cp -a root/. part/
umount part
uuid=$(blkid -o value -s UUID part.raw)

printf 'search --no-floppy --fs-uuid --set=root %s\\nset prefix=($root)/boot/grub\\nnormal ($root)/boot/grub/grub.cfg\\n' "$uuid" > early.cfg
grub-mkimage -O $GRUB -d grub -p /boot/grub -c early.cfg -o loader.efi part_gpt fat ext2 xfs btrfs search search_fs_uuid normal linux echo test ls
truncate -s 30M esp.raw
mkfs.vfat esp.raw > /dev/null
mmd -i esp.raw ::/EFI ::/EFI/BOOT
mcopy -i esp.raw loader.efi ::/EFI/BOOT/$LOADER

truncate -s 1100M disk.raw
printf 'label: gpt\\ndisk.raw1 : start=65536, size=2097152, type=0FC63DAF-8483-4772-8E79-3D69D8477DE4\\ndisk.raw15 : start=2048, size=61440, type=C12A7328-F81F-11D2-BA4B-00A0C93EC93B\\n' | sfdisk --quiet disk.raw
dd if=esp.raw of=disk.raw bs=1M seek=1 conv=notrunc status=none
dd if=part.raw of=disk.raw bs=1M seek=32 conv=notrunc,sparse status=none
qemu-img convert -f raw -O qcow2 disk.raw disk.qcow2
`;
