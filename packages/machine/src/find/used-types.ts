/** The types that goqemu puts into arguments by itself, but for those that distributions ship as modules. */
export const usedTypes = {
  devices: [
    ...[
      'virtio-blk-pci',
      'virtio-scsi-pci',
      'virtio-net-pci',
      'virtio-serial-pci',
      'virtio-rng-pci',
      'virtio-balloon-pci',
    ],
    ...[
      'virtio-blk-ccw',
      'virtio-scsi-ccw',
      'virtio-net-ccw',
      'virtio-serial-ccw',
      'virtio-rng-ccw',
      'virtio-balloon-ccw',
    ],
    ...['virtserialport', 'scsi-hd', 'scsi-cd', 'ide-hd', 'ide-cd', 'nvme', 'usb-storage', 'vmgenid', 'pcie-root-port'],
    ...['qemu-xhci', 'usb-ehci', 'piix3-usb-uhci', 'usb-tablet', 'usb-mouse', 'usb-kbd'],
    ...['VGA', 'cirrus-vga', 'vmware-svga', 'ramfb', 'intel-hda', 'hda-duplex', 'AC97'],
    ...['e1000', 'e1000e', 'rtl8139', 'vmxnet3', 'tpm-tis', 'tpm-crb', 'tpm-spapr', 'tpm-tis-device'],
  ],
  objects: [
    ...['memory-backend-ram', 'memory-backend-file', 'memory-backend-memfd', 'secret', 'throttle-group'],
    ...['rng-builtin', 'rng-random', 'tls-creds-psk', 'iothread'],
  ],
  accelerators: ['kvm-accel', 'hvf-accel', 'whpx-accel', 'tcg-accel'],
} as const;
