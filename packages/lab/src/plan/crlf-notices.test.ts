import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { LabBench } from '@goqemu/testing';
import { defineLab } from '../definition/define-lab.ts';
import { isOfMachine } from './machine-operation.ts';
import type { Plan } from './plan.ts';

const crlf = ({ notices }: Plan) => notices.filter(({ code }) => code === 'script-crlf').map(({ message }) => message);
const end = 'in CRLF: a shell of the guest takes the CR for part of the line';

test('a script with CRLF is named by step and file before it goes into a guest, and goes as it is', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-crlf-'));
  t.after(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'site'));
  for (const [name, text] of [
    ['deploy', '#!/bin/sh\r\ntrue\r\n'],
    ['site/a.sh', 'true\r\n'],
    ['site/b.py', 'print()\r\n'],
    ['site/c.sh', 'true\n# \r\n'],
    ['site/empty', ''],
    ['unit.tpl', '#!/bin/sh\r\necho {{what}}\r\n'],
  ])
    await writeFile(join(folder, name ?? ''), text ?? '');
  const lab = defineLab({ name: 'lab' }, (builder) => {
    builder
      .vm('web')
      .run('first', 'set -e\r\ntrue\r\n')
      .run('python', 'print()\r\n', { interpreter: '/usr/bin/python3' })
      .run('plain', 'true\n')
      .upload('deploy', './deploy', '/usr/local/bin/deploy')
      .upload('site', './site', '/srv')
      .file('note', '/etc/motd', 'hello\r\n')
      .file('hook', '/usr/local/bin/hook', '#!/bin/sh\r\n')
      .render('unit', './unit.tpl', '/usr/local/bin/unit', { what: 'x' });
  });
  const bench = new LabBench({ labFile: join(folder, 'lab.ts') });
  assert.deepEqual(crlf(await bench.plan(lab)), [
    `web/first: the lines of its script end ${end}`,
    `web/deploy: the lines of deploy end ${end}`,
    `web/site: the lines of a.sh end ${end}`,
    `web/hook: the lines of its script end ${end}`,
    `web/unit: the lines of unit.tpl end ${end}`,
  ]);
  const { plan } = await bench.apply(lab);
  const scripts = plan.operations
    .filter(isOfMachine)
    .flatMap(({ work }) => (work.verb === 'step' ? [JSON.stringify(work.step)] : []));
  assert.match(scripts[0] ?? '', /set -e\\r\\ntrue\\r\\n/);
  assert.deepEqual(crlf(await bench.plan(lab)), [], 'a step that has run is not named');
});
