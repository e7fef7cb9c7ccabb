import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findNewerQemu } from '@goqemu/testing';
import ts from 'typescript';
import { versionTable as qgaVersions } from '../generated/qga-versions.ts';
import { versionTable as qmpVersions } from '../generated/qmp-versions.ts';
import { generateTypes } from '../qapi/index.ts';
import type { IntrospectedEntity } from '../qapi/introspected-schema.ts';
import { GuestAgentClient } from '../qga/index.ts';
import { isAtLeast, QmpClient } from '../qmp/index.ts';
import { startGuestAgent, startQemu, startStorageDaemon } from './server-process.ts';

const newer = await findNewerQemu();

test('the committed types know every command and event that real monitors have, with a version that fits', async (t) => {
  const programs: (() => ReturnType<typeof startQemu>)[] = [() => startQemu(), () => startStorageDaemon()];
  if (newer.found) programs.push(() => startQemu(newer.program, ['-L', newer.firmware]));
  else t.diagnostic(newer.reason);
  for (const start of programs) {
    await using server = await start();
    await using qmp = await QmpClient.connect({ path: server.path });
    const entities = (await qmp.execute('query-qmp-schema')) as unknown as IntrospectedEntity[];
    const names = entities
      .filter((entity) => ['command', 'event'].includes(entity['meta-type']))
      .map(({ name }) => name);
    assert.ok(names.length > 50);
    assert.deepEqual(
      names.filter((name) => !Object.hasOwn(qmpVersions.since, name)),
      [],
    );
    assert.deepEqual(
      names.filter((name) => !isAtLeast(qmp.version, qmpVersions.since[name] ?? '0')),
      [],
    );
  }
});

test('the committed types know every command of a real guest agent', async () => {
  await using server = await startGuestAgent();
  await using agent = await GuestAgentClient.connect({ path: server.path });
  const { supported_commands: commands } = await agent.execute('guest-info');
  assert.deepEqual(
    commands.map(({ name }) => name).filter((name) => !Object.hasOwn(qgaVersions.since, name)),
    [],
  );
  const silent = commands.filter((command) => !command['success-response']).map(({ name }) => name);
  assert.deepEqual(silent.sort(), [...qgaVersions.silent].sort());
});

test('types made from a running QEMU compile', async () => {
  await using server = await startQemu();
  const files = await generateTypes({ from: { monitor: { path: server.path } } });
  const folder = await mkdtemp(join(tmpdir(), 'goqemu-types-'));
  try {
    const file = join(folder, 'qmp-schema.ts');
    await writeFile(file, files['qmp-schema.ts'] ?? '');
    await writeFile(
      join(folder, 'use.ts'),
      `import type { QmpCommands, QmpEvents } from './qmp-schema.ts';
       export const a: QmpCommands['blockdev-add']['arguments'] = { driver: 'file', filename: '/a' };
       export const b: QmpEvents['STOP'] = undefined;
       // @ts-expect-error the id is missing
       export const c: QmpCommands['device_del']['arguments'] = {};`,
    );
    const program = ts.createProgram([join(folder, 'use.ts')], {
      strict: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      types: [],
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
    });
    const complaints = ts.getPreEmitDiagnostics(program).map(({ messageText }) => messageText);
    assert.deepEqual(complaints, []);
  } finally {
    await rm(folder, { recursive: true });
  }
});
