import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hostProcessTable } from '@goqemu/core';
import { VmFolder } from '../vm/vm-folder.ts';
import { bytesIn, heldMemory } from './held-memory.ts';

test('pages of a process and of its memfd count, those of files do not', () => {
  const status =
    'Name:\tqemu\nVmRSS:\t  600 kB\nRssAnon:\t     100 kB\nRssFile:\t     300 kB\nRssShmem:\t     200 kB\n';
  assert.equal(bytesIn(status), 300 * 1024);
  assert.equal(bytesIn(''), 0);
});

test('a machine that runs holds memory, one that has ended or was never started does not', async () => {
  const lab = await mkdtemp(join(tmpdir(), 'goqemu-held-'));
  try {
    assert.equal(await heldMemory(join(lab, 'nowhere')), 0);
    const self = await hostProcessTable().identify(process.pid);
    const machine = { ...self, sockets: {}, name: 'web', uuid: '00000000-0000-4000-8000-000000000000' };
    const write = async (name: string, record: object | undefined) => {
      await mkdir(join(lab, name));
      const state = { version: 1, uuid: machine.uuid, disk: 'disk-1.qcow2', ...(record ? { machine: record } : {}) };
      await writeFile(new VmFolder(join(lab, name)).state, JSON.stringify(state));
    };
    await write('stopped', undefined);
    await write('ended', { ...machine, startTime: '1' });
    assert.equal(await heldMemory(lab), 0);
    await write('running', machine);
    assert.ok((await heldMemory(lab)) > 2 ** 20, 'this process has memory of its own');
  } finally {
    await rm(lab, { recursive: true });
  }
});
