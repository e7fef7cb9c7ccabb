import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deferred, hasErrorCode } from '@goqemu/core';
import { FakeGuestAgent, type FakeGuestAgentOptions, type FakeGuestState } from '@goqemu/testing';
import { GuestAgentClient, type GuestAgentClientOptions } from './guest-agent-client.ts';
import { isQgaCommandError } from './qga-errors.ts';

async function withFake(
  options: FakeGuestAgentOptions & { client?: GuestAgentClientOptions },
  body: (agent: GuestAgentClient, guest: FakeGuestAgent) => Promise<void>,
): Promise<void> {
  await using guest = await FakeGuestAgent.listen(options);
  await using agent = await GuestAgentClient.connect(guest.address, options.client);
  await body(agent, guest);
}

test('a guest that refuses to freeze is reported with its own refusal, and is not thawed', async () => {
  const disabled = ['guest-fsfreeze-freeze', 'guest-fsfreeze-thaw', 'guest-fsfreeze-status'];
  await withFake({ disabled }, async (agent, guest) => {
    const work = () => Promise.reject(new Error('this must not run'));
    await assert.rejects(agent.fsFreeze(work), (error) => isQgaCommandError(error) && /freeze/.test(error.command));
    assert.ok(!guest.received.some(({ execute }) => execute.includes('thaw')));
  });
});

test('the error of the work comes first when the guest cannot be thawed either, and says so as its cause', async () => {
  await withFake({}, async (agent, guest) => {
    const mine = new Error('the target is full');
    const work = async () => {
      guest.hangUp();
      await agent.closed;
      throw mine;
    };
    await assert.rejects(
      agent.fsFreeze(work),
      (error) => error === mine && hasErrorCode(mine.cause, 'qga-thaw-failed'),
    );
  });
});

test('an agent command that the work itself was refused does not keep the guest frozen', async () => {
  await withFake({}, async (agent, guest) => {
    const work = () => agent.execute('guest-get-users');
    await assert.rejects(agent.fsFreeze(work), (error) => isQgaCommandError(error));
    assert.equal(guest.frozen, false);
  });
});

test('a freeze that outlasts its time-out is waited for, and the guest is thawed when the call returns', async () => {
  const frozen = deferred<void>();
  const freeze = async (_args: unknown, guest: FakeGuestState) => {
    await frozen.promise;
    guest.frozen = true;
    return 1;
  };
  const client = { syncTimeoutMs: 100 };
  await withFake({ client, commands: { 'guest-fsfreeze-freeze': freeze } }, async (agent, guest) => {
    const freezing = agent.fsFreeze(async () => undefined, { freezeTimeoutMs: 20 });
    setTimeout(frozen.resolve, 300);
    await assert.rejects(freezing, (error) => hasErrorCode(error, 'timeout'));
    assert.equal(guest.frozen, false);
    assert.ok(guest.received.some(({ execute }) => execute === 'guest-fsfreeze-thaw'));
  });
});

test('a guest that cannot be reached after its freeze was lost is reported as possibly frozen', async () => {
  await withFake({ client: { syncTimeoutMs: 100 } }, async (agent, guest) => {
    guest.faults.silent = true;
    const freezing = agent.fsFreeze(async () => undefined, { freezeTimeoutMs: 10, thawTimeoutMs: 30 });
    await assert.rejects(
      freezing,
      (error) =>
        hasErrorCode(error, 'timeout') &&
        hasErrorCode(error.cause, 'qga-thaw-failed') &&
        /may still be frozen/.test(error.cause.message),
    );
  });
});

test('a guest that thawed by itself makes the work in doubt, not the thaw', async () => {
  const thaw = (_args: unknown, guest: FakeGuestState) => {
    guest.frozen = false;
    throw new Error("couldn't hold writes: fsfreeze is limited up to 10 seconds");
  };
  await withFake({ commands: { 'guest-fsfreeze-thaw': thaw } }, async (agent) => {
    await assert.rejects(
      agent.fsFreeze(async () => 'done'),
      (error) => hasErrorCode(error, 'qga-freeze-expired') && /limited up to 10 seconds/.test(error.detail ?? ''),
    );
  });
});
