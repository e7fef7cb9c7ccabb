import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { expect } from '../expect/expect.ts';
import { type ScriptedScreen, scriptedScreen, squareAt } from '../fixture/scripted-screen.fixture.ts';
import { machineOf } from '../probes/machine-probes.ts';
import { probesOf } from '../probes/probes-of.ts';
import { ActionLog } from '../record/action-log.ts';

const quick = { timeout: 2000, interval: 1 } as const;
const once = { timeout: 60_000, interval: 60_000 } as const;

/** A machine in a test whose file is in a folder of its own; a variable of the environment is set meanwhile. */
function machineIn(t: TestContext, guest: ScriptedScreen, env: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'goqemu-screen-test-'));
  const variables: Readonly<Record<string, string | undefined>> = {
    CI: undefined,
    GOQEMU_UPDATE_IMAGES: undefined,
    ...env,
  };
  const before = Object.fromEntries(Object.keys(variables).map((name) => [name, process.env[name]]));
  set(variables);
  t.after(() => {
    set(before);
    rmSync(folder, { recursive: true });
  });
  return {
    folder,
    picture: join(folder, '__screenshots__/web.lab.test.ts/login.png'),
    of: (next: ScriptedScreen) => probed(next, folder),
    web: probed(guest, folder),
  };
}

function probed(guest: ScriptedScreen, folder: string) {
  const web = probesOf(guest, { name: 'web' });
  const machine = machineOf(web);
  assert.ok(machine);
  const kept: string[] = [];
  machine.test = {
    file: join(folder, 'web.lab.test.ts'),
    attach: async (name) => {
      kept.push(name);
      return join('results', name);
    },
  };
  return Object.assign(web, { kept, machine });
}

function set(variables: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

test('a picture that is missing is written when the screen holds still, and the next run compares with it', async (t) => {
  const [first, second] = [await squareAt(4, 4), await squareAt(8, 4)];
  const guest = scriptedScreen(first, second, second);
  const { web, picture, of } = machineIn(t, guest);
  await expect(web.screen).toMatchImage('login.png', {}, quick);
  assert.equal(guest.taken(), 3);
  const later = scriptedScreen(first, first, second);
  await expect(of(later).screen).toMatchImage('login.png', {}, quick);
  assert.equal(later.taken(), 3, 'it waits until the screen matches');
  assert.ok(existsSync(picture));
});

test('a cursor that blinks keeps no picture from being written, and makes no screen another one', async (t) => {
  const [dark, bright, other] = [await squareAt(4, 4), await squareAt(8, 4), await squareAt(12, 4)];
  const guest = scriptedScreen(other, dark, bright, dark, bright);
  const { web, of } = machineIn(t, guest);
  await expect(web.screen).toMatchImage('login.png', {}, quick);
  assert.equal(guest.taken(), 4);
  const blinking = scriptedScreen(bright, dark, bright, dark, bright, dark, other);
  await expect(of(blinking).screen).not.toMatchImage('login.png', {}, quick);
  assert.equal(blinking.taken(), 8, 'it does not match when two looks in a row do not');
});

test('a screen that does not match fails with the pixels, and leaves the pictures; masks and a limit allow for it', async (t) => {
  const [first, second] = [await squareAt(4, 4), await squareAt(8, 4)];
  const { web, of } = machineIn(t, scriptedScreen(first));
  await expect(web.screen).toMatchImage('login.png', {}, quick);
  const other = of(scriptedScreen(second));
  await assert.rejects(expect(other.screen).toMatchImage('login.png', {}, once), {
    message:
      /got: +32 of 2048 pixels differ[\s\S]*actual: results[/\\]login-actual\.png\n +expected: .*\n +difference: /,
  });
  assert.deepEqual(other.kept, ['login-actual.png', 'login-expected.png', 'login-difference.png']);
  await expect(other.screen).not.toMatchImage('login.png', {}, once);
  await expect(other.screen).toMatchImage('login.png', { maxDifferentPixels: 32 }, once);
  await expect(other.screen).toMatchImage('login.png', { masks: [{ x: 4, y: 4, width: 8, height: 4 }] }, once);
  const wide = of(scriptedScreen(await squareAt(4, 4, { width: 100 })));
  await assert.rejects(
    expect(wide.screen).toMatchImage('login.png', {}, once),
    /a screen of 100 × 32 pixels, the picture has 64 × 32/,
  );
});

test('in CI a picture that is missing is a failure, and nothing is written', async (t) => {
  const { web, folder } = machineIn(t, scriptedScreen(await squareAt(4, 4)), { CI: 'true' });
  await assert.rejects(expect(web.screen).toMatchImage('login.png', {}, quick), { code: 'picture-missing' });
  assert.equal(existsSync(join(folder, '__screenshots__')), false);
});

test('a picture that does not match is written again where that is asked for', async (t) => {
  const [first, second] = [await squareAt(4, 4), await squareAt(8, 4)];
  const { web, picture, of } = machineIn(t, scriptedScreen(first));
  await assert.rejects(expect(web.screen).not.toMatchImage('login.png', {}, quick), { code: 'picture-missing' });
  await expect(web.screen).toMatchImage('login.png', {}, quick);
  const before = readFileSync(picture);
  set({ GOQEMU_UPDATE_IMAGES: '1' });
  await expect(of(scriptedScreen(second)).screen).toMatchImage('login.png', {}, quick);
  assert.notDeepEqual(readFileSync(picture), before);
});

test('what is no name of a picture, no mask and no screen is refused', async (t) => {
  const { web } = machineIn(t, scriptedScreen(await squareAt(4, 4)));
  const refused = { code: 'option-invalid' };
  await assert.rejects(expect(web.screen).toMatchImage('../login.png'), refused);
  await assert.rejects(expect(web.screen).toMatchImage('login.jpg'), refused);
  await assert.rejects(expect(web.screen).toMatchImage('login.png', { masks: [{ x: 1 }] as never }), refused);
  await assert.rejects(expect(web.screen).toMatchImage('login.png', { threshold: 2 }), refused);
  assert.throws(() => web.screen.getByText(' '), refused);
  const none = probesOf({ exec: async () => ({ stdout: '', stderr: '', exitCode: 0 }) });
  await assert.rejects(expect(none.screen).toMatchImage('login.png'), { code: 'expectation-unsupported' });
});

test('what a test does with the screen is an action, and can be done again', async (t) => {
  const guest = scriptedScreen(await squareAt(4, 4));
  const { web } = machineIn(t, guest);
  web.machine.actions = new ActionLog();
  const { screen } = web as unknown as { readonly screen: typeof guest.screen };
  await screen.click(3, 4);
  await screen.screenshot();
  const { actions } = web.machine.actions;
  assert.deepEqual(
    actions.map(({ kind, title, machine, again }) => [kind, title, machine, again]),
    [
      ['machine', 'web.screen.click(3, 4)', 'web', { on: 'screen', name: 'web', method: 'click', args: [3, 4] }],
      ['machine', 'web.screen.screenshot()', 'web', undefined],
    ],
  );
  assert.deepEqual(guest.clicks, [[3, 4]]);
});
