/**
 * What runs inside the tiny guest. `/etc/rc.boot` does what cloud-init does for goqemu's own seeds, with busybox and
 * jq: host name, the first user with its keys, the SSH host key, addresses, `runcmd`, and the marks of being done.
 */

/** Finds the disk: the kernel has ext4 built in, and virtio as modules. */
export const initramfsInit = `#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
while read -r module; do /bin/busybox insmod "$module"; done < /modules
tries=0
while [ ! -b /dev/vda1 ] && [ $tries -lt 500 ]; do /bin/busybox usleep 10000; tries=$((tries + 1)); done
/bin/busybox mount -t ext4 -o rw /dev/vda1 /root || exec /bin/busybox sh
/bin/busybox mount --move /dev /root/dev
exec /bin/busybox switch_root /root /sbin/init
`;

const inittab = `::sysinit:/etc/rc.boot
::respawn:/usr/sbin/ssh-server
::respawn:/usr/sbin/guest-agent
::respawn:/sbin/acpid -f -l /dev/null -p /run/acpid.pid
::ctrlaltdel:/sbin/reboot
::shutdown:/bin/sync
::shutdown:/bin/umount -a -r
`;

/**
 * dropbear with OpenSSH's manners: a host key put where OpenSSH has it is taken up on SIGHUP to the process that
 * /run/sshd.pid names; open sessions continue.
 */
const sshServer = `#!/bin/sh
[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
echo $$ > /run/sshd.pid
trap 'kill $server 2> /dev/null' HUP
while :; do
  key=/etc/ssh/ssh_host_ed25519_key
  [ -f $key ] && dropbearconvert openssh dropbear $key /etc/dropbear/host_key 2> /dev/null
  /usr/sbin/dropbear -F -s -r /etc/dropbear/host_key &
  server=$!
  wait $server
  wait $server
done
`;

const rcBoot = `#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs -o mode=755 run /run
mount -t tmpfs -o mode=1777 tmp /tmp
mkdir -p /dev/pts /dev/shm /run/cloud-init /run/lock
mount -t devpts -o mode=620,gid=5 devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
echo "tiny guest: system up" > /dev/kmsg
while read -r module; do insmod "$module" 2> /dev/null; done < /lib/boot-modules
ip link set lo up
ip addr add 127.0.0.1/8 dev lo 2> /dev/null
[ -f /etc/hostname ] && hostname "$(cat /etc/hostname)"

find_seed() {
  for disk in /dev/vd[b-z] /dev/sr0 /dev/sr1 /dev/sd[a-z]; do
    [ -b "$disk" ] || continue
    [ "$(dd if="$disk" bs=1 skip=32808 count=6 2> /dev/null)" = cidata ] || continue
    mount -t iso9660 -o ro "$disk" /mnt && seed=$disk && return 0
  done
  return 1
}

load_cd_drivers() {
  while read -r module; do insmod "$module" 2> /dev/null; done < /lib/cd-modules
  for wait in 1 2 3 4 5 6 7 8 9 10; do [ -b /dev/sr0 ] && return; usleep 100000; done
}

apply_seed() {
  tail -n +2 /mnt/user-data > /run/cloud-init/user-data.json
  eval "$(jq -r '@sh "hostname=\\(.hostname // "tiny")
    user=\\(.users[0].name // "debian")
    shell=\\(.users[0].shell // "/bin/sh")
    keys=\\((.users[0].ssh_authorized_keys // []) | join("\\n"))
    host_key=\\(.ssh_keys.ed25519_private // "")"' /run/cloud-init/user-data.json)"
  echo "$hostname" > /etc/hostname
  hostname "$hostname"
  printf '127.0.0.1 localhost\\n127.0.1.1 %s\\n::1 localhost\\n' "$hostname" > /etc/hosts
  tr -d - < /proc/sys/kernel/random/uuid > /etc/machine-id
  [ -x "$shell" ] || shell=/bin/sh
  if ! grep -q "^$user:" /etc/passwd; then
    echo "$user:x:1000:1000::/home/$user:$shell" >> /etc/passwd
    echo "$user:x:1000:" >> /etc/group
    echo "$user:*:19000:0:99999:7:::" >> /etc/shadow
    echo "$user ALL=(ALL) NOPASSWD:ALL" > /etc/sudoers.d/90-cloud-init-users
    chmod 440 /etc/sudoers.d/90-cloud-init-users
  fi
  mkdir -p "/home/$user/.ssh"
  printf '%s\\n' "$keys" > "/home/$user/.ssh/authorized_keys"
  chmod 700 "/home/$user/.ssh"
  chmod 600 "/home/$user/.ssh/authorized_keys"
  chown -R 1000:1000 "/home/$user"
  if [ -n "$host_key" ]; then
    umask 077
    printf '%s\\n' "$host_key" > /run/host_key
    rm -f /etc/dropbear/host_key /etc/ssh/ssh_host_ed25519_key
    dropbearconvert openssh dropbear /run/host_key /etc/dropbear/host_key 2> /dev/null
    rm /run/host_key
    umask 022
  fi
  rm -f /var/lib/cloud/network
  [ -f /mnt/network-config ] && cp /mnt/network-config /var/lib/cloud/network
  jq -r '.runcmd[]? | if type == "array" then map(@sh) | join(" ") else . end' /run/cloud-init/user-data.json > /run/runcmd
  cp /mnt/meta-data /var/lib/cloud/meta-data
}

configure_network() {
  if [ ! -f /var/lib/cloud/network ]; then
    [ -e /sys/class/net/eth0 ] && ip link set eth0 up && udhcpc -i eth0 -q -n -t 10 -T 1 -s /etc/udhcpc.script > /dev/null 2>&1 &
    return
  fi
  jq -r '(.network // .).ethernets[]? | [(.match.macaddress // "*" | ascii_downcase), (.dhcp4 // false | tostring), ((.addresses // []) | join(",")), (.gateway4 // ""), (.mtu // "" | tostring)] | join(" ")' /var/lib/cloud/network > /run/network
  while IFS=' ' read -r mac dhcp addresses gateway mtu; do
    for device in /sys/class/net/eth*; do
      [ "$mac" = '*' ] || [ "$mac" = "$(cat "$device/address")" ] || continue
      name=$(basename "$device")
      [ -n "$mtu" ] && ip link set "$name" mtu "$mtu"
      ip link set "$name" up
      for address in $(echo "$addresses" | tr , ' '); do ip addr add "$address" dev "$name"; done
      [ -n "$gateway" ] && ip route add default via "$gateway"
      [ "$dhcp" = true ] && udhcpc -i "$name" -q -n -t 10 -T 1 -s /etc/udhcpc.script > /dev/null 2>&1 &
    done
  done < /run/network
}

seed=none
find_seed || { load_cd_drivers; find_seed; }
if [ "$seed" != none ]; then
  mkdir -p /var/lib/cloud/instance
  cmp -s /mnt/meta-data /var/lib/cloud/meta-data || apply_seed
fi
[ -f /etc/dropbear/host_key ] || dropbearkey -t ed25519 -f /etc/dropbear/host_key > /dev/null 2>&1
configure_network
[ "$seed" != none ] && umount /mnt
[ -f /run/runcmd ] && sh /run/runcmd > /var/log/cloud-init-output.log 2>&1
printf '{"v1": {"datasource": "DataSourceNoCloud [seed=%s]", "errors": []}}\\n' "$seed" > /run/cloud-init/result.json
cp /run/cloud-init/result.json /run/cloud-init/status.json
touch /var/lib/cloud/instance/boot-finished
echo "tiny guest: ready" > /dev/kmsg
`;

const dhcpScript = `#!/bin/sh
case "$1" in
  deconfig) ip addr flush dev "$interface" ;;
  bound | renew)
    ip addr add "$ip/$mask" dev "$interface" 2> /dev/null
    [ -n "$router" ] && ip route replace default via "$router" dev "$interface"
    for server in $dns; do echo "nameserver $server"; done > /etc/resolv.conf
    ;;
esac
`;

/** Devices have no names of udev's here: the port is found by what it says of itself. */
const guestAgent = `#!/bin/sh
for port in /sys/class/virtio-ports/*; do
  [ "$(cat "$port/name" 2> /dev/null)" = org.qemu.guest_agent.0 ] || continue
  exec /usr/sbin/qemu-ga -m virtio-serial -p "/dev/$(basename "$port")" -t /run
done
exec sleep 3600
`;

/** The agent shuts the guest down through shutdown(8) of systemd or sysvinit. */
const shutdown = `#!/bin/sh
for option; do
  case "$option" in -r) exec /sbin/reboot ;; esac
done
exec /sbin/poweroff
`;

const cloudInit = `#!/bin/sh
case "$1" in
  status)
    while [ "$2" = --wait ] && [ ! -f /run/cloud-init/result.json ]; do usleep 50000; done
    if [ -f /run/cloud-init/result.json ]; then echo 'status: done'; else echo 'status: running'; fi
    ;;
  *) echo "the tiny guest's cloud-init only knows: status [--wait]" >&2; exit 2 ;;
esac
`;

const pam = 'auth sufficient pam_permit.so\naccount sufficient pam_permit.so\nsession sufficient pam_permit.so\n';

/** Content by absolute path; what begins with `#!` is executable. */
export const guestFiles: Readonly<Record<string, string>> = {
  '/etc/inittab': inittab,
  '/etc/rc.boot': rcBoot,
  '/etc/udhcpc.script': dhcpScript,
  '/usr/sbin/guest-agent': guestAgent,
  '/usr/sbin/ssh-server': sshServer,
  '/sbin/shutdown': shutdown,
  '/usr/bin/cloud-init': cloudInit,
  '/etc/acpi/PWRF/00000080': '#!/bin/sh\nexec /sbin/poweroff\n',
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n',
  '/etc/group': 'root:x:0:\ntty:x:5:\nsudo:x:27:\nnogroup:x:65534:\n',
  '/etc/shadow': 'root:*:19000:0:99999:7:::\nnobody:*:19000:0:99999:7:::\n',
  '/etc/shells': '/bin/sh\n/bin/bash\n',
  '/etc/hosts': '127.0.0.1 localhost\n',
  '/etc/pam.d/sudo': pam,
  '/etc/pam.d/other': pam,
  '/etc/sudoers':
    'Defaults env_reset, secure_path=/usr/sbin:/usr/bin:/sbin:/bin\nroot ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n',
  '/boot/initramfs-init': initramfsInit,
  '/boot/setup': setupScript(),
  '/boot/grub/grub.cfg': `serial --unit=0 --speed=115200
terminal_output serial console
linux /boot/vmlinuz console=ttyS0,115200n8 mitigations=off
initrd /boot/initrd.img
boot
`,
};

/** Runs once in the unpacked root, by busybox: no package is set up, so what their scripts would do is done here. */
function setupScript(): string {
  return `#!/bin/busybox sh
set -e
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
/bin/busybox rm -rf /usr/share/doc /usr/share/man /usr/share/perl* /usr/share/locale /usr/share/i18n /usr/share/initramfs-tools \\
  /usr/lib/x86_64-linux-gnu/perl* /usr/lib/x86_64-linux-gnu/libperl* /usr/bin/perl* /lib/udev/hwdb.d /usr/lib/klibc /var/lib/apt/lists
/bin/busybox --install -s || true
chmod 440 /etc/sudoers
chmod 640 /etc/shadow
chmod 4755 /usr/bin/sudo
mkdir -p /dev /proc /sys /run /tmp /mnt /root /home /etc/dropbear /etc/sudoers.d /var/lib/cloud /var/log
ln -sf bash /bin/rbash
ldconfig 2>/dev/zero || true
version=$(ls /lib/modules)
/sbin/depmod "$version"
show() { /sbin/modprobe -S "$version" --show-depends "$1" | sed -n 's/^insmod \\([^ ]*\\).*/\\1/p'; }
list() { for name; do show "$name"; done | awk '!seen[$0]++'; }
list virtio_pci virtio_blk > /modules
list virtio_net virtio_console virtio_rng isofs button evdev > /lib/boot-modules
list virtio_scsi ahci ata_piix sr_mod sd_mod > /lib/cd-modules
list efivarfs > /lib/uefi-modules
root=/boot/initramfs
mkdir -p $root/bin $root/dev $root/root
cp /bin/busybox $root/bin/
cp /boot/initramfs-init $root/init
chmod 755 $root/init
while read -r module; do mkdir -p "$root$(dirname "$module")"; cp "$module" "$root$module"; done < /modules
mv /modules $root/modules
mkdir -p /keep
cat $root/modules /lib/boot-modules /lib/cd-modules /lib/uefi-modules | while read -r module; do mkdir -p "/keep$(dirname "$module")"; mv "$module" "/keep$module" || true; done
rm -rf /lib/modules
mv /keep/lib/modules /lib/modules
rm -rf /keep
(cd $root && find . | busybox cpio -o -H newc) > /boot/initrd.img
mv /boot/vmlinuz-* /boot/vmlinuz
rm -rf $root /boot/System.map* /boot/config* /boot/setup
`;
}
