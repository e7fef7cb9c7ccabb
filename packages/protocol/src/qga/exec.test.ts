import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasErrorCode, sleep } from '@goqemu/core';
import { FakeGuestAgent, type FakeGuestAgentOptions, type FakeGuestState, type ProgramCall } from '@goqemu/testing';
import { GuestAgentClient, type GuestAgentClientOptions } from './guest-agent-client.ts';

async function withFake(
  options: FakeGuestAgentOptions & { client?: GuestAgentClientOptions },
  body: (agent: GuestAgentClient, guest: FakeGuestAgent) => Promise<void>,
): Promise<void> {
  await using guest = await FakeGuestAgent.listen(options);
  await using agent = await GuestAgentClient.connect(guest.address, options.client);
  await body(agent, guest);
}

const showEnv = ({ env }: ProgramCall) => ({ stdout: JSON.stringify(env) });

test("env is added to the agent's own environment, which is read once", async () => {
  await withFake({ environment: { PATH: '/bin', LANG: 'C' }, programs: { show: showEnv } }, async (agent, guest) => {
    for (const value of ['1', '2']) {
      const { stdout } = await agent.exec({ path: 'show', env: { ONLY: value, LANG: 'de' } });
      assert.deepEqual(JSON.parse(stdout), { PATH: '/bin', LANG: 'de', ONLY: value });
    }
    assert.equal(guest.received.filter(({ execute }) => execute === 'guest-file-open').length, 1);
  });
});

test('an environment that no file shows is printed by a program, on Windows whatever the case of a name', async () => {
  const cmd = () => ({ exitCode: 0, stdout: 'Path=C:\\Windows\r\nOS=Windows_NT\r\n' });
  await withFake({ programs: { 'cmd.exe': cmd, show: showEnv } }, async (agent, guest) => {
    guest.files.contents.delete('/proc/self/environ');
    const { stdout } = await agent.exec({ path: 'show', env: { PATH: 'D:\\' } });
    assert.deepEqual(JSON.parse(stdout), { PATH: 'D:\\', OS: 'Windows_NT' });
  });
});

test('an environment that cannot be known, and a variable that cannot be, are refused', async () => {
  await withFake({ programs: { show: showEnv } }, async (agent, guest) => {
    for (const env of [{ 'a=b': '' }, { '': '' }, { a: '\0' }]) {
      await assert.rejects(agent.exec({ path: 'show', env }), (error) => hasErrorCode(error, 'qga-env-invalid'));
    }
    guest.files.contents.delete('/proc/self/environ');
    await assert.rejects(agent.exec({ path: 'show', env: { A: '' } }), (error) =>
      hasErrorCode(error, 'qga-environment-unknown'),
    );
  });
});

const ended = { exited: true, exitcode: 0, 'out-data': Buffer.from('precious').toString('base64') };

test('a result whose answer came after its time-out is not lost', async () => {
  let asked = 0;
  const status = async () => {
    asked += 1;
    if (asked > 1) throw new Error("Invalid parameter 'pid'"); // it is handed out once
    await sleep(600);
    return ended;
  };
  const commands = { 'guest-exec': () => ({ pid: 77 }), 'guest-exec-status': status };
  await withFake({ commands, client: { timeoutMs: 250 } }, async (agent) => {
    assert.equal((await agent.exec({ path: 'x' })).stdout, 'precious');
  });
});

test('a status that is lost is asked for again, and a result that is lost is named with its pid', async () => {
  let asked = 0;
  const lost = new Set(['guest-exec-status']);
  const faults: { mute?: ReadonlySet<string> } = { mute: lost };
  let answer: () => unknown = () => ended;
  const status = () => {
    asked += 1;
    if (asked < 2) return { exited: false };
    delete faults.mute;
    return answer();
  };
  const commands = { 'guest-exec': () => ({ pid: 77 }), 'guest-exec-status': status };
  await withFake({ commands, faults, client: { timeoutMs: 250 } }, async (agent) => {
    assert.equal((await agent.exec({ path: 'x' })).stdout, 'precious');
    asked = 0;
    faults.mute = lost;
    answer = () => {
      throw new Error("Invalid parameter 'pid'");
    };
    await assert.rejects(
      agent.exec({ path: 'x' }),
      (error) => hasErrorCode(error, 'qga-result-lost') && error.data.pid === 77,
    );
  });
});

test('a connection that ends while a program runs is reported with its pid', async () => {
  const status = (_args: unknown, guest: FakeGuestState) => guest.hangUp();
  const commands = { 'guest-exec': () => ({ pid: 77 }), 'guest-exec-status': status };
  await withFake({ commands, faults: { mute: new Set(['guest-exec-status']) } }, async (agent) => {
    await assert.rejects(
      agent.exec({ path: 'x' }),
      (error) => hasErrorCode(error, 'qga-closed') && error.data.pid === 77,
    );
  });
});

test('output counts as cut by its length where the agent contradicts itself', async () => {
  const full = Buffer.alloc(16 * 2 ** 20).toString('base64');
  const said = [
    { 'out-data': full, 'out-truncated': false }, // 10.0 says this of output that it has cut
    { 'out-data': full }, // … and this of output that just fits
    { 'out-data': '', 'out-truncated': false },
  ];
  const commands = {
    'guest-exec': () => ({ pid: 77 }),
    'guest-exec-status': () => ({ exited: true, exitcode: 0, ...said.shift() }),
  };
  await withFake({ commands }, async (agent) => {
    for (const truncated of [true, false, false]) {
      assert.equal((await agent.exec({ path: 'x' })).truncated, truncated);
    }
  });
});
