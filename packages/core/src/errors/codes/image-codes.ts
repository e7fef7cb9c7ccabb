import type { ErrorMeaning } from '../error-meaning.ts';

export const imageCodes = {
  'image-unknown': { when: 'No image has this name.', fix: 'Use the name that the hint suggests, a URL or a path.' },
  'image-reference-invalid': {
    when: 'The reference of an image cannot be parsed.',
    fix: 'Write a name, an https URL or a path such as ./my.qcow2.',
  },
  'image-arch-unavailable': {
    when: 'The image does not exist for the architecture.',
    fix: 'Use one of the architectures in the hint.',
  },
  'image-mirror-invalid': { when: 'GOQEMU_IMAGE_MIRROR is not an http or https URL.', fix: 'Correct or unset it.' },
  'image-moved': {
    when: "An image's name stands for another image than the one that lab.lock.json pins.",
    fix: 'Run "goqemu lock --update" to move on to it.',
  },
  'image-damaged': {
    when: 'A cached image is no longer what was verified.',
    fix: 'Fetch it again with "goqemu image pull".',
  },
  'image-not-cached': { when: 'No cached image has this name.', fix: 'Run "goqemu image list".' },
  'image-in-use': {
    when: 'An image cannot be deleted while disks depend on it; the error names them.',
    fix: 'Destroy what uses it first.',
  },
  'image-not-a-file': {
    when: 'The path of an image is not a regular file.',
    fix: 'Give the path of a qcow2 or raw image.',
  },
  'image-file-missing': { when: 'There is no image file at the path.', fix: 'Check the path.' },
  'image-file-unreadable': { when: 'The image file cannot be read.', fix: 'Check its permissions and disk.' },
  'image-file-changed': {
    when: 'The image file was written to while it was copied.',
    fix: 'Run the command again once nothing writes to it.',
  },
  'image-format-unsupported': {
    when: "The image's format is not supported.",
    fix: 'Convert it with qemu-img convert -O qcow2.',
  },
  'image-incomplete': { when: 'The image file ends too early.', fix: 'Copy or download it again.' },
  'image-corrupt': {
    when: 'The image file contradicts itself.',
    fix: 'Copy it again, or repair it with qemu-img check.',
  },
  'image-encrypted': { when: 'The image is encrypted.', fix: 'Decrypt it with qemu-img convert.' },
  'image-not-self-contained': {
    when: 'The image refers to another file.',
    fix: 'Convert it with qemu-img convert -O qcow2.',
  },
  'download-unreachable': {
    when: "The publisher's host cannot be reached.",
    fix: 'Check the network and proxy, or use a local file.',
  },
  'download-tls': {
    when: 'The TLS connection to the publisher is not trusted.',
    fix: 'Set NODE_EXTRA_CA_CERTS, and check the clock.',
  },
  'download-not-found': { when: 'There is no file at the URL.', fix: 'Look for its new place, or update goqemu.' },
  'download-refused': { when: "The publisher's server refused the download.", fix: 'Try again later.' },
  'download-cut': {
    when: 'A download was interrupted several times.',
    fix: 'Run the command again: it continues from there.',
  },
  'download-write-failed': { when: 'A download cannot be written.', fix: 'Check that the folder can be written to.' },
  'checksum-mismatch': {
    when: 'A download does not have its published checksum; nothing of it was kept.',
    fix: 'Try again; if it happens again, do not trust the mirror or proxy.',
  },
  'checksum-missing': {
    when: "The publisher's list has no checksum for the file.",
    fix: 'Give the URL with #sha256=….',
  },
  'build-no-recipe': { when: 'goqemu cannot build this image.', fix: 'Download it, or use a local file.' },
  'build-unsupported': {
    when: 'Images cannot be built on this kind of host.',
    fix: 'Download it, or use a local file.',
  },
  'build-tool-missing': {
    when: 'A program that image builds need is not installed.',
    fix: 'Install the packages in the hint.',
  },
  'build-leftover-mounted': { when: 'An interrupted build left folders mounted.', fix: 'Unmount them as root.' },
  'debian-mirror-missing': {
    when: "The host's apt knows no Debian mirror.",
    fix: 'Build on a Debian host, or use a local file.',
  },
  'seed-file-invalid': {
    when: 'goqemu made a cloud-init seed that is not valid.',
    fix: 'Report it; it is a defect of goqemu.',
  },
  'seed-key-reserved': { when: 'A lab sets a key of cloud-config that goqemu sets.', fix: 'Take it out.' },
} satisfies Record<string, ErrorMeaning>;
