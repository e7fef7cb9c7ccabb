import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { test } from 'node:test';
import { typedWord } from '../../render/typed-word.ts';
import { TestLab } from '../../shell/fixture/test-lab.ts';

const withPort = `import { defineLab } from 'goqemu';
export default defineLab({ name: 'web' }, (lab) => {
  lab.vm('db');
  lab.vm('web', { forward: { http: { host: 8080, guest: 80 } } });
});
`;

interface PlanDocument {
  readonly changes: number;
  readonly problems: readonly unknown[];
}

test('a problem of a plan is shown with its place, stands in the document, and the exit code is 1', async () => {
  using lab = new TestLab(withPort);
  lab.host.takePort(8080);
  const shown = await lab.run(['plan']);
  assert.equal(shown.code, 1);
  assert.match(shown.stdout, /problem: web: port 8080 of the host is taken/);
  assert.match(shown.stdout, /lab\.ts:4:\d+/);
  const { code, stdout } = await lab.run(['plan', '--json', '--detailed-exitcode']);
  assert.equal(code, 1, 'a problem comes before changes');
  const document = JSON.parse(stdout) as PlanDocument;
  assert.equal(document.changes > 0, true);
  assert.deepEqual(document.problems, [
    {
      code: 'port-taken',
      message: 'web: port 8080 of the host is taken by another program',
      kind: 'machine',
      resource: 'web',
      location: { file: lab.file('lab.ts'), line: 4, column: 7 },
      hint: 'leave the host port out and goqemu chooses a free one, or end the other program',
    },
  ]);
  lab.host.takenPorts.clear();
  const good = await lab.run(['plan', '--json', '--detailed-exitcode']);
  assert.equal(good.code, 2);
  assert.deepEqual((JSON.parse(good.stdout) as PlanDocument).problems, []);
});

test('a plan that cannot be saved says so in words; one that can is shown as it is typed', async () => {
  using lab = new TestLab(withPort);
  mkdirSync(lab.file('folder'));
  const folder = await lab.run(['plan', '--out', 'folder']);
  assert.equal(folder.code, 1);
  assert.match(folder.stderr, /cannot write .*folder: it is a folder.*\[path-is-folder\]/);
  assert.doesNotMatch(folder.stderr, /internal|\.tmp/);
  const saved = await lab.run(['plan', '--out', 'next\u202e plan']);
  assert.equal(saved.code, 0);
  assert.ok(saved.stderr.includes(`goqemu apply ${typedWord('next\u202e plan')}`), saved.stderr);
  assert.ok(!saved.stderr.includes('\u202e'));
});

test('an option that is not there, and a name that is none, are refused with file, line and code frame', async () => {
  using lab = new TestLab(withPort.replace("lab.vm('db')", "lab.vm('db', { memroy: '1 GiB' })"));
  const option = await lab.run(['plan']);
  assert.equal(option.code, 65);
  assert.match(option.stderr, /db: vm has no option "memroy"[\s\S]*lab\.ts:3:\d+[\s\S]*did you mean "memory"\?/);
  lab.write(withPort.replace("name: 'web'", "name: 'Not a name'"));
  const name = await lab.run(['plan']);
  assert.equal(name.code, 65);
  assert.match(name.stderr, /"Not a name"[\s\S]*lab\.ts:2:\d+[\s\S]*> 2 \|/);
});
