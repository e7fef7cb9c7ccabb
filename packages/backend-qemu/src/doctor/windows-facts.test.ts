import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HostPlatform, hostPlatform } from '@goqemu/core';
import { windowsFacts } from './windows-facts.ts';

const windows = (env: Record<string, string> = {}): HostPlatform => ({ ...hostPlatform(), system: 'win32', env });
const ask = async () => '5.1.22621.1\r\n';

async function facts(platform: HostPlatform, home: string, answer: () => Promise<string | undefined> = ask) {
  const found = await windowsFacts(platform, home, { ask: answer });
  return new Map(found.map((fact) => [fact.name, fact]));
}

test('on Windows the doctor looks at PowerShell, OneDrive, the length of paths and scanners; elsewhere at none of it', async () => {
  const good = await facts(windows({ OneDrive: 'C:\\Users\\me\\OneDrive' }), 'C:\\Users\\me\\qemu');
  assert.deepEqual(
    [...good.values()].map(({ status }) => status),
    ['ok', 'ok', 'ok', 'ok', 'ok'],
  );
  assert.equal(good.get('PowerShell')?.finding, '5.1.22621.1');
  assert.match(good.get('virus scanner')?.hint ?? '', /Add-MpPreference -ExclusionPath 'C:\\Users\\me\\qemu'$/);
  assert.deepEqual(await windowsFacts({ ...hostPlatform(), system: 'linux' }, '/home/me/qemu'), []);
});

test('what is wrong there is a warning with what to do', async () => {
  const cloud = await facts(windows({ OneDrive: 'C:\\Users\\Me\\OneDrive' }), 'c:\\users\\me\\onedrive\\qemu');
  assert.match(cloud.get('place')?.hint ?? '', /GOQEMU_HOME/);
  const beside = await facts(windows({ OneDrive: 'C:\\Users\\me\\OneDrive' }), 'C:\\Users\\me\\OneDriveNot\\qemu');
  assert.equal(beside.get('place')?.status, 'ok');
  const long = await facts(windows(), `C:\\${'x'.repeat(160)}`, async () => undefined);
  assert.equal(long.get('path length')?.status, 'warning');
  assert.equal(long.get('PowerShell')?.status, 'warning');
});
