import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isGoqemuError } from '@goqemu/core';
import fc from 'fast-check';
import { memoryTransport } from '../transports/memory-transport.ts';
import { GuestAgentClient } from './guest-agent-client.ts';

/** Answers a sync as an agent does, whatever came before it. */
function syncReply(text: string): string | undefined {
  const id = /"guest-sync-delimited","arguments":\{"id":(\d+)\}/.exec(text)?.[1];
  return id && `{"error": {"class": "GenericError", "desc": "JSON parse error"}}\n\xff{"return": ${id}}\n`;
}

const line = fc.oneof(
  fc.constantFrom(
    '{"return": {}}\n',
    '{"error": {"class": "A", "desc": "b"}}\n',
    '\xff{"return": 7}\n',
    '\n',
    '[]\n',
    '{"ret',
  ),
  fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
);

test('no stream crashes the client, leaves a promise pending or keeps it from the next sync (10,000 cases)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 6 }), fc.boolean(), async (lines, ends) => {
      const { transport, peer } = memoryTransport();
      peer.deliver(Buffer.from(lines.slice(3).join(''), 'latin1'));
      let answering = true;
      peer.onSent = (text) => {
        const reply = answering && syncReply(text);
        if (reply) peer.deliver(Buffer.from(reply, 'latin1'));
      };
      const agent = await GuestAgentClient.connect(transport, { retries: 0 });
      answering = false;
      const controller = new AbortController();
      const first = agent.executeUntyped('guest-file-flush', { handle: 1 }, { signal: controller.signal });
      await new Promise((resolve) => setImmediate(resolve));
      for (const bytes of lines) peer.deliver(Buffer.from(bytes, 'latin1'));
      if (ends) peer.end();
      else controller.abort(new Error('enough'));
      answering = true;
      await first.catch((error) => assert.ok(isGoqemuError(error) || error.message === 'enough', String(error)));
      if (ends) return;
      const next = agent.executeUntyped('guest-file-flush', { handle: 2 });
      await new Promise((resolve) => setImmediate(resolve));
      peer.deliver('\n{"return": "mine"}\n');
      assert.equal(await next, 'mine');
      await agent.close();
    }),
    { numRuns: 10_000 },
  );
});
