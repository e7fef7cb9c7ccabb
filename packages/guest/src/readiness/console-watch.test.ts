import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { ConsoleWatch, consoleTail } from './console-watch.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'goqemu-console-'));
});
after(() => rm(folder, { recursive: true, force: true }));

test('a tail holds the last lines as a person reads them', () => {
  const text =
    '\x1bc\x1b[2J\x1b[01;01HSeaBIOS (version 1.16.2)\r\n\r\n\x1b[0;32m  OK  \x1b[0m Started \x1b[1mssh\x1b[0m.\r\n50%\r100%\r\ntab\there\x07\r\n';
  assert.deepEqual(consoleTail(text), ['SeaBIOS (version 1.16.2)', '  OK   Started ssh.', '50%', '100%', 'tab\there']);
  assert.deepEqual(consoleTail(text, 2), ['100%', 'tab\there']);
});

test('no control character but the tab is left in a tail, whatever the console says', () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom(
          '\x1b',
          '[',
          ']',
          '0',
          ';',
          'm',
          'H',
          '\r',
          '\n',
          '\x07',
          '\x00',
          '\x9f',
          '\\',
          'a',
          ' ',
          '\t',
        ),
      }),
      (text) => {
        for (const line of consoleTail(text))
          for (const character of line)
            assert.ok(character === '\t' || (character.codePointAt(0) ?? 0) >= 0x20, JSON.stringify(line));
      },
    ),
  );
});

test('firmware, kernel and a boot that has failed are distinguished while the log grows', async () => {
  const path = join(folder, 'grows');
  await using watch = new ConsoleWatch(path);
  assert.equal((await watch.look()).written, 0);
  await writeFile(path, '\x1b[2JSeaBI');
  assert.deepEqual(await watch.look(), { firmware: false, kernel: false, fatal: undefined, written: 9 });
  await appendFile(path, 'OS (version 1.16)\r\n');
  assert.equal((await watch.look()).firmware, true);
  await appendFile(path, '[    0.000000] Linux version 6.1.0-44-cloud-amd64\r\n');
  assert.equal((await watch.look()).kernel, true);
  await appendFile(path, '[    1.234567] Kernel panic - not syncing: VFS\r\n');
  assert.equal((await watch.look()).fatal, '[    1.234567] Kernel panic - not syncing: VFS');
});

test('a boot that waits for a person at a prompt has failed', async () => {
  const prompts: readonly (readonly [string, RegExp])[] = [
    ['\x1b[8D\x1b[1m\x1b[33m\x1b[40mShell> \x1b[0m\x1b[37m\x1b[40m', /^UEFI found no boot loader/],
    ['error: no such device: 0123.\r\nEntering rescue mode...\r\ngrub rescue> ', /^GRUB found no system/],
    ['ALERT!  UUID=0123 does not exist.  Dropping to a shell!\r\n\r\n(initramfs) ', /^the kernel found no root/],
  ];
  for (const [index, [text, reason]] of prompts.entries()) {
    const path = join(folder, `prompt-${index}`);
    const cut = text.search(/Shell>|grub rescue>|\(initramfs\)/) + 3;
    await writeFile(path, `UEFI Interactive Shell v2.2\r\n${text.slice(0, cut)}`);
    await using watch = new ConsoleWatch(path);
    assert.equal((await watch.look()).fatal, undefined, 'a prompt that is not whole');
    await appendFile(path, text.slice(cut));
    assert.match((await watch.look()).fatal ?? '', reason);
  }
});

test('commands of a script that UEFI’s shell or GRUB runs are no prompt', async () => {
  const path = join(folder, 'script');
  await writeFile(path, 'Shell> echo -off\r\nFS0:\\> vmlinuz\r\ngrub> linux /vmlinuz\r\n(initramfs) exit\r\n');
  await using watch = new ConsoleWatch(path);
  assert.equal((await watch.look()).fatal, undefined);
});

test('what a log held before this boot does not count', async () => {
  const path = join(folder, 'offset');
  const old = 'Linux version 6.1\r\nKernel panic - not syncing\r\n';
  await writeFile(path, `${old}SeaBIOS\r\n`);
  await using watch = new ConsoleWatch(path, old.length);
  assert.deepEqual(await watch.look(), { firmware: true, kernel: false, fatal: undefined, written: 9 });
});
