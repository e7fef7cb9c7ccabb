import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { expect } from '../expect/expect.ts';
import { ExpectationError } from '../expect/expectation-error.ts';
import { busyboxOnly, dash, localGuest, removeBusybox } from '../fixture/local-guest.fixture.ts';
import { machineOf } from '../probes/machine-probes.ts';
import { probesOf } from '../probes/probes-of.ts';
import { packBaseline, takeBaseline } from './baseline.ts';
import { changedSince } from './changed-since.ts';

const busybox = busyboxOnly();
const folders: string[] = [];
after(() => {
  removeBusybox(busybox);
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const failed =
  (...lines: string[]) =>
  (error: unknown) => {
    assert.ok(error instanceof ExpectationError, String(error));
    for (const line of lines) assert.ok(error.message.includes(line), `${line} is not in\n${error.message}`);
    return true;
  };

for (const [name, shell] of [
  ['dash and GNU find', dash],
  ['busybox alone', busybox],
] as const) {
  describe(`with ${name}`, () => {
    const folder = mkdtempSync(join(tmpdir(), "goqemu-changes it's $(here) "));
    folders.push(folder);
    const at = (path: string) => join(folder, path);
    const web = probesOf(localGuest(shell), { name: 'web' });

    test('what has changed in the last seconds is found by the guest’s own clock', async () => {
      const seen = mkdtempSync(join(folder, 'since '));
      writeFileSync(join(seen, 'new'), '');
      const guest = localGuest(shell);
      const call = { timeoutMs: 60_000, signal: undefined };
      const found = await changedSince(guest, { seconds: 60, most: 1, within: [seen] }, call);
      assert.deepEqual(found, { lines: [seen], more: 1 });
      const none = await changedSince(guest, { seconds: -3600, most: 9, within: [seen] }, call);
      assert.deepEqual(none.lines, []);
      rmSync(seen, { recursive: true });
    });

    test('files are compared by content, mode, owner and target, and not by their times', async () => {
      mkdirSync(at('etc'));
      mkdirSync(at('usr/lib'), { recursive: true });
      for (const path of ['etc/same', 'etc/touched', 'etc/edited', 'etc/mode', 'etc/gone', 'etc/rewritten'])
        writeFileSync(at(path), 'text\n');
      symlinkSync('same', at('etc/link'));
      await using baseline = await web.baseline({ within: [folder] });
      assert.equal(baseline.files, 11);

      await expect(web).toHaveChangedOnly({});
      await assert.rejects(expect(web).not.toHaveChangedOnly({}), failed('got:      no others'));

      utimesSync(at('etc/touched'), 1, 1);
      writeFileSync(at('etc/rewritten.new'), 'text\n');
      renameSync(at('etc/rewritten.new'), at('etc/rewritten'));
      await expect(web).toHaveChangedOnly({});

      writeFileSync(at('etc/edited'), 'tex2\n');
      chmodSync(at('etc/mode'), 0o600);
      rmSync(at('etc/gone'));
      rmSync(at('etc/link'));
      symlinkSync('edited', at('etc/link'));
      writeFileSync(at("etc/new file's"), '');
      await assert.rejects(
        expect(web).toHaveChangedOnly({}),
        failed(
          'got:      changes of 5 files besides',
          `~ ${at('etc/edited')} (content)`,
          `- ${at('etc/gone')}`,
          `~ ${at('etc/link')} (target same → edited)`,
          `~ ${at('etc/mode')} (mode 0644 → 0600)`,
          `+ ${at("etc/new file's")}`,
        ),
      );
      await expect(web).not.toHaveChangedOnly({ files: [at('etc/*d')] });
      await expect(web).toHaveChangedOnly({ files: [at('etc/**')] }, baseline);
      await expect(web).toHaveChangedOnly({ files: [/\/etc\//g] });
    });

    test('without a baseline of its own a machine is compared with what it was when the test began', async () => {
      const begun = mkdtempSync(join(folder, 'begun '));
      writeFileSync(join(begun, 'kept'), 'text\n');
      const machine = (name: string) => {
        const probed = machineOf(probesOf(localGuest(shell), { name }));
        assert.ok(probed);
        return probed;
      };
      const origin = machine('web');
      const packed = await packBaseline(origin, await takeBaseline(origin, { within: [begun] }));
      const other = probesOf(localGuest(shell), { name: 'web' });
      const probed = machineOf(other);
      assert.ok(probed);
      let asked = 0;
      probed.baselines.atBeginning = async () => {
        asked++;
        return packed;
      };
      await expect(other).toHaveChangedOnly({});
      writeFileSync(join(begun, 'made'), '');
      await assert.rejects(expect(other).toHaveChangedOnly({}), failed(`+ ${join(begun, 'made')}`));
      await expect(other).toHaveChangedOnly({ files: [`${begun}/**`] });
      assert.equal(asked, 1);
    });

    test('a baseline that was removed, or was never taken, is an error that says so', async () => {
      await assert.rejects(expect(web).toHaveChangedOnly({}), {
        code: 'baseline-missing',
        message: /does not have it any more/,
      });
      const other = probesOf(localGuest(shell));
      await assert.rejects(expect(other).not.toHaveChangedOnly({}), {
        code: 'baseline-missing',
        message: /none was taken/,
      });
    });
  });
}
