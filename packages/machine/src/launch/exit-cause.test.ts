import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCause, exitError } from './exit-cause.ts';

test('QEMU’s last words are distinguished by their cause', () => {
  const words: [string, string][] = [
    ['-blockdev {…}: Failed to get "write" lock\nIs another process using the image [a.qcow2]?', 'image-locked'],
    ["-netdev user…: Could not set up host forwarding rule 'tcp::22-:22'", 'port-taken'],
    ['-vnc :1: Failed to find an available port: Address already in use', 'port-taken'],
    ["unable to find CPU model 'foo'", 'bad-cpu'],
    ["can't apply global max-x86_64-cpu.foo=on: Property 'max-x86_64-cpu.foo' not found", 'bad-cpu'],
    ["qemu: could not load PC BIOS 'bios-256k.bin'", 'firmware-missing'],
    [
      'Could not access KVM kernel module: Permission denied\nqemu: failed to initialize kvm: Permission denied',
      'accelerator-unavailable',
    ],
    ["cannot set up guest memory 'ram': Cannot allocate memory", 'ram-exhausted'],
    ["Could not open '/d': Permission denied", 'permission-denied'],
    ["Could not open '/d': No such file or directory", 'file-missing'],
    [
      'swtpm: SWTPM_NVRAM_Lock_Dir: Could not lock\nqemu: tpm-emulator: TPM result for CMD_INIT: 0x9 operation failed',
      'tpm-failed',
    ],
    ['-blockdev {"driver":"nbd",…}: Failed to connect to \'/s\': No such file or directory', 'storage-unreachable'],
    ['-blockdev {"driver":"rbd",…}: error connecting: Connection timed out', 'storage-unreachable'],
    ['-blockdev {…}: iSCSI: Failed to connect to LUN : iscsi_service failed', 'storage-unreachable'],
    ["-blockdev {…}: Unknown driver 'iscsi'", 'feature-missing'],
    ['access denied by acl file\n-netdev {…}: bridge helper failed', 'network-unavailable'],
    ['-netdev tap…: could not open /dev/net/tun: Permission denied', 'network-unavailable'],
    ['-netdev {"type":"vde",…}: Could not open vde: No such file or directory', 'network-unavailable'],
    ['what?', 'qemu-exited'],
  ];
  for (const [text, cause] of words) assert.equal(exitCause({ code: 1, signal: null }, text).cause, cause, text);
});

test('an end without a word is identified by its signal', () => {
  assert.equal(exitCause({ code: null, signal: 'SIGBUS' }, '').cause, 'ram-exhausted');
  assert.equal(exitCause({ code: null, signal: 'SIGSYS' }, '').cause, 'sandbox-violation');
  assert.match(exitError('web', { code: null, signal: 'SIGKILL' }, '', '/log').hint ?? '', /memory/);
});
