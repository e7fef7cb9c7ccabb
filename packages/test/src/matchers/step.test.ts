import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GoqemuError } from '@goqemu/core';
import { expect } from '../expect/expect.ts';
import { scriptedGuest } from '../fixture/scripted-guest.fixture.ts';
import { probesOf } from '../probes/probes-of.ts';
import { stepProbe } from '../probes/step-probe.ts';

const created = 'created\t/etc/app.conf.orig\t\tf 644 0 0 12\nend\n';
const failure = new GoqemuError({
  code: 'step-failed',
  source: 'user',
  message: 'step "user" ended with 9',
  detail: "useradd: user 'app' already exists",
});

/** A step on a guest in which a comparison finds `changes`. */
function step(changes: string, run: () => Promise<unknown> = async () => undefined) {
  const guest = scriptedGuest([
    ['packages-now', changes],
    ['mktemp', 'folder /var/tmp/goqemu-baseline.a\nfiles 10\npackages 2\n'],
    ['rm -rf', ''],
  ]);
  return stepProbe({ run }, probesOf(guest, { name: 'web' }), 'lab.step("web", "user")');
}

test('a step that changes nothing the second time is idempotent; it ran twice', async () => {
  let runs = 0;
  const probe = step('end\n', async () => void runs++);
  await expect(probe).toBeIdempotent();
  assert.equal(runs, 2);
  await assert.rejects(expect(probe).not.toBeIdempotent(), /got: {6}no changes/);
});

test('one that changes something is not, unless that is allowed', async () => {
  const probe = step(created);
  await assert.rejects(expect(probe).toBeIdempotent(), (error: Error) => {
    assert.match(error.message, /^expect\(lab\.step\("web", "user"\)\)\.toBeIdempotent\(\)/);
    assert.match(error.message, /expected: no changes the second time\n/);
    assert.match(error.message, /got: {6}changes of 1 file\n/);
    assert.match(error.message, /\+ \/etc\/app\.conf\.orig/);
    return true;
  });
  await expect(probe).not.toBeIdempotent();
  await expect(probe).toBeIdempotent({ files: ['/etc/*.orig'] });
});

test('one that fails when it runs again is not, and its output is shown', async () => {
  for (const [time, fails] of [
    ['first', 1],
    ['second', 2],
  ] as const) {
    let runs = 0;
    const run = async () => {
      if (++runs === fails) throw failure;
    };
    await assert.rejects(expect(step('end\n', run)).toBeIdempotent(), (error: Error) => {
      assert.match(error.message, new RegExp(`it failed the ${time} time: step "user" ended with 9`));
      assert.match(error.message, /useradd: user 'app' already exists/);
      return true;
    });
  }
  const away = new GoqemuError({ code: 'step-unknown', source: 'user', message: 'no step' });
  const unknown = step('end\n', () => Promise.reject(away));
  await assert.rejects(expect(unknown).not.toBeIdempotent(), { code: 'step-unknown' });
});
