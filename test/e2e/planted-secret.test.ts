import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CommandRun } from '../run-command.ts';
import { OwnHome } from './host-traces.ts';
import { LabFolder } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

/** Differs from itself in every encoding. */
const planted = (name: string) => `${name}/+ ${randomBytes(12).toString('base64')}&?"x'`;

const lab = (image: string, more = '') => `
import { defineLab, secret, sh } from 'goqemu';
export default defineLab({ name: 'planted' }, (lab) => {
  const fromEnv = secret('from-env', { env: 'PLANTED' });
  const fromFile = secret('from-file', { file: './planted' });
  const made = secret('made', { generate: 24 });
  const box = lab
    .vm('box', { image: ${JSON.stringify(image)}, user: 'debian', memory: '256 MiB', cpus: 1, accelerator: 'tcg' })
    .run('plain', 'echo nothing secret > /root/plain')
    .run('argument', sh\`printf %s \${fromEnv} > /root/argument; cat /root/argument; cat /root/argument >&2\`)
    .run('environment', 'printf %s "$MADE" > /root/made; env; base64 /root/argument; hexdump -C /root/made', {
      environment: { MADE: made, FILE: fromFile },
    })
    .file('file', '/root/file', fromFile, { mode: 0o600 })
    .render('render', './page.tpl', '/root/page', { one: fromEnv, two: made })
    .capture('ticket', 'printf ticket-; cat /root/made', { secret: true });
  box.run('late', sh\`echo \${box.out.ticket} | tee /root/ticket\`)${more};
  return { token: fromEnv, ticket: box.out.ticket };
});
`;

test('a planted secret is found in nothing that goqemu writes or tells, and rotating it runs again what uses it', async (t) => {
  await using home = await OwnHome.make();
  const image = await tinyImage();
  const values = { env: planted('env'), file: planted('file') };
  await using folder = await LabFolder.make(lab(image), home.env);
  await folder.write(`${values.file}\n`, 'planted');
  await folder.write('{{one}} and {{two}}\n', 'page.tpl');
  const runs: CommandRun[] = [];
  const run = async (...args: string[]) => {
    const done = await folder.run(args, { env: { PLANTED: values.env } });
    runs.push(done);
    return done;
  };
  const read = async (path: string) => (await run('exec', 'box', '--', 'sudo', 'cat', path)).stdout;
  let secrets: string[] = [];

  await t.test('it reaches the guest', async () => {
    assert.equal((await run('plan', '--out', 'next.plan')).code, 0);
    assert.equal((await run('plan', '--json')).code, 0);
    const applied = await run('apply', '--yes', '--events', 'run.ndjson', '--verbose', '--debug');
    assert.equal(applied.code, 0, applied.stderr);
    assert.equal((await run('apply', '--yes', '--json')).code, 0);
    assert.equal((await run('history')).code, 0);
    assert.equal((await run('status', '--json')).code, 0);
    const silent = runs.length;
    assert.equal(await read('/root/argument'), values.env);
    assert.equal(await read('/root/file'), values.file);
    const made = await read('/root/made');
    assert.equal(await read('/root/page'), `${values.env} and ${made}\n`);
    assert.equal(await read('/root/ticket'), `ticket-${made}\n`);
    runs.length = silent; // what exec prints is what was asked for
    secrets = [values.env, values.file, made];
  });

  await t.test('a step that fails tells nothing of it', async () => {
    await folder.write(lab(image, `.run('bad', sh\`cat /root/page /root/ticket >&2; echo \${fromEnv}; exit 3\`)`));
    const failed = await run('apply', '--yes', '--events', 'failed.ndjson');
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /•••/);
    await folder.write(lab(image));
  });

  await t.test('it is in no file of the home or beside the lab, and in no list of processes', async () => {
    const texts = new Map<string, string>();
    for (const name of await home.files()) {
      // What the guest has on its disk and in its RAM is the guest's own, and so is what its console shows.
      if (/(\.qcow2|\/(ram|state)-[0-9a-f]+|\/base-\d|\/serial\.log)$/.test(name)) continue;
      texts.set(name, await readFile(join(home.path, name), 'latin1'));
    }
    for (const name of ['run.ndjson', 'failed.ndjson', 'next.plan', 'lab.lock.json'])
      texts.set(name, await readFile(folder.file(name), 'latin1'));
    for (const name of ['state.json', 'state.before.json', 'journal.before.ndjson', 'history.ndjson'])
      texts.set(name, await readFile(folder.file(`.goqemu/planted/default/${name}`), 'latin1'));
    const processes = await home.processes();
    assert.equal(processes.length, 1, 'the QEMU');
    for (const { pid, arguments: words } of processes) {
      texts.set(`arguments of ${pid}`, words.join(' '));
      texts.set(`environment of ${pid}`, await readFile(`/proc/${pid}/environ`, 'latin1'));
    }
    for (const [index, { stdout, stderr }] of runs.entries()) texts.set(`output ${index}`, stdout + stderr);
    assert.ok([...texts.keys()].filter((name) => name.startsWith('logs/')).length > 3, 'debug logs were looked at');
    for (const [name, text] of texts)
      for (const secret of secrets)
        for (const form of formsOf(secret)) assert.ok(!text.includes(form), `${name} has ${form} of ${secret}`);
  });

  await t.test('rotating it runs again what uses it, and nothing before', async () => {
    const planned = async () => {
      const { stdout } = await run('plan', '--json');
      return (JSON.parse(stdout) as { operations: { action: string; resource: string }[] }).operations;
    };
    assert.deepEqual(await planned(), []);
    values.file = planted('another');
    await folder.write(values.file, 'planted');
    assert.deepEqual(
      (await planned()).map(({ action, resource }) => `${action} ${resource}`),
      ['restore box', ...['environment', 'file', 'render', 'ticket', 'late'].map((step) => `run box/${step}`)],
    );
    assert.equal((await run('apply', '--yes')).code, 0);
    assert.equal(await read('/root/file'), values.file);
    assert.equal(await read('/root/made'), secrets[2], 'a generated one stays');
  });
});

/** Plain and in the encodings of scripts; base64 as it is behind no, one or two other bytes. */
function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const inner = [0, 1, 2].map((before) =>
    Buffer.concat([Buffer.alloc(before, 'x'), bytes])
      .toString('base64')
      .slice(4, -4),
  );
  const url = encodeURIComponent(secret);
  const form = new URLSearchParams({ s: secret }).toString().slice(2);
  return [secret, bytes.toString('hex'), bytes.toString('hex').toUpperCase(), url, form, ...inner];
}
