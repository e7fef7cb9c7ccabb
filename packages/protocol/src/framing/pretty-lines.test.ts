import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PrettyLines } from './pretty-lines.ts';

function messages(text: string, limit = 1000): string[] {
  const seen: string[] = [];
  const lines = new PrettyLines((message) => seen.push(message.toString()), limit);
  for (const line of text.split('\n')) lines.push(Buffer.from(line));
  return seen;
}

test('a message that is spread over lines is one, and a line that is whole is one', () => {
  const pretty = '{\r\n    "return": {\r\n    },\r\n    "id": 1\r\n}\r';
  const seen = messages(`{"event":"STOP"}\r\n${pretty}\n{"id":2}`);
  assert.deepEqual(
    seen.map((message) => JSON.parse(message)),
    [{ event: 'STOP' }, { return: {}, id: 1 }, { id: 2 }],
  );
});

test('a message that does not continue as it began, and one that is too long, are handed on as they are', () => {
  assert.deepEqual(messages('{\nHello'), ['{Hello']);
  assert.deepEqual(messages('{\n    "a": 1,\n    "b": 2', 8), ['{    "a": 1,', '    "b": 2']);
});
