import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { LabFolder } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

let folder: LabFolder;

/** What a person at the console would see: the tiny guest has no login there, and its kernel writes on the serial port alone. */
const greeting = String.raw`printf '\033[2J\033[Htiny login: 4711\n' > /dev/tty1`;

before(async () => {
  const machine = { image: await tinyImage(), user: 'debian', memory: '256 MiB', cpus: 1, display: true };
  folder = await LabFolder.make(`
import { defineLab } from 'goqemu';
export default defineLab({ name: 'shown' }, (lab) => {
  lab.vm('web', ${JSON.stringify(machine)}).run('greeting', ${JSON.stringify(greeting)}).checkpoint('ready');
});
`);
  await folder.write(tests, 'screen.lab.test.ts');
});
after(() => folder[Symbol.asyncDispose]());

const tests = `
import assert from 'node:assert/strict';
import { expect, test as base } from 'goqemu/test';
import lab from './lab.ts';

const test = base.extend('lab', lab, { at: 'ready', isolation: 'restore', machines: ['web'] });
const testFork = base.extend('lab', lab, { at: 'ready', machines: ['web'] });
const slow = { timeout: '60 s' } as const;

test('text is read, typed and restored', async ({ web }) => {
  const { width, height } = await web.screen.size();
  assert.deepEqual([width, height], [720, 400]);
  await expect(web.screen.getByText('tiny login:')).toBeVisible(slow);
  await expect(web.screen.getByText(/wrong|password/)).not.toBeVisible(slow);
  await expect(web.screen).toMatchImage('login.png', {}, slow);
  const reader = 'exec < /dev/tty1 > /dev/tty1 2>&1; stty sane; read -r line; echo "$line" > /root/typed';
  await web.exec(['sh', '-c', 'setsid sh -c "$0" > /dev/null 2>&1 &', reader], { sudo: true, check: true });
  await web.screen.type('Hello, World');
  await web.screen.press('ret');
  await expect(web.file('/root/typed')).toHaveContent('Hello, World', slow);
  await expect(web.screen.getByText('Hello')).toBeVisible(slow);
  await web.screen.getByText('login').click(slow);
});
testFork('the screen is as it was', async ({ web }) => {
  await expect(web.screen.getByText('Hello')).not.toBeVisible(slow);
  await expect(web.screen).toMatchImage('login.png', {}, slow);
  await web.exec("printf x > /dev/tty1", { sudo: true, check: true });
  await expect(web.screen).not.toMatchImage('login.png', {}, slow);
  await expect(web.screen).toMatchImage('login.png', { masks: [{ x: 0, y: 16, width: 720, height: 16 }] }, slow);
  await expect(web.screen).toMatchImage('login.png', {}, { timeout: '10 s' });
});
`;

interface Document {
  readonly tests: readonly {
    readonly path: readonly string[];
    readonly status: string;
    readonly error: object | null;
  }[];
}

test('a test reads a screen, types into it and compares it; a failure leaves pictures, in the trace, too', async () => {
  const { stdout, stderr } = await folder.run(['test', '--reporter', 'json'], { env: { CI: 'false' } });
  const ended = (JSON.parse(stdout) as Document).tests.map(({ path, status }) => [path[0], status]);
  const expected = [
    ['text is read, typed and restored', 'passed'],
    ['the screen is as it was', 'failed'],
  ];
  assert.deepEqual(ended, expected, `${stdout}\n${stderr}`);
  assert.match(stdout, /pixels differ/);
  assert.ok(existsSync(folder.file('__screenshots__/screen.lab.test.ts/login.png')));
  const results = folder.file('test-results/screen.lab.test.ts/the-screen-is-as-it-was');
  assert.deepEqual((await readdir(results)).sort(), ['login-actual.png', 'login-difference.png', 'login-expected.png']);
  const { evidence } = await folder.json<{ evidence: { machines: { screen: string }[] } }>('trace', 'show');
  assertPng(Buffer.from(evidence.machines[0]?.screen ?? '', 'base64'));
  assert.match((await folder.ok('trace', 'show')).stdout, /screen\n +a picture of 720 × 400 pixels/);
});

test('goqemu screenshot writes the picture, also after a suspension', async () => {
  const { stderr } = await folder.ok('screenshot', 'web');
  assert.match(stderr, /web\.png: 720 × 400 pixels/);
  assertPng(await readFile(join(folder.path, 'web.png')));
  await folder.ok('suspend', 'web');
  await folder.ok('resume', 'web');
  await folder.ok('screenshot', 'web', 'resumed.png');
  assertPng(await readFile(join(folder.path, 'resumed.png')));
});

function assertPng(bytes: Buffer): void {
  assert.equal(bytes.subarray(0, 8).toString('latin1'), '\x89PNG\r\n\x1a\n');
  assert.deepEqual([bytes.readUInt32BE(16), bytes.readUInt32BE(20)], [720, 400]);
}
