import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpenOnce } from './open-once.ts';

class Door {
  closed = 0;
  close(): void {
    this.closed++;
  }
}

test('what failed to open once is opened again at the next use, and closing it before that is no failure', async () => {
  await using sessions = new OpenOnce<Door>();
  const refused = () => Promise.reject(new Error('connection refused'));
  const both = [sessions.of('web', refused), sessions.of('web', refused)];
  await sessions.close('web');
  for (const one of both) await assert.rejects(one, /connection refused/);
  await assert.rejects(sessions.of('web', refused), /connection refused/);
  const door = new Door();
  assert.equal(await sessions.of('web', async () => door), door);
});

test('it is opened once, shared, and closed once', async () => {
  const door = new Door();
  const sessions = new OpenOnce<Door>();
  let opened = 0;
  const open = async () => {
    opened++;
    return door;
  };
  await Promise.all([sessions.of('web', open), sessions.of('web', open)]);
  await sessions.close('web');
  await sessions.closeAll();
  assert.deepEqual([opened, door.closed], [1, 1]);
});

test('one that failed to open keeps no other from being closed', async () => {
  const door = new Door();
  const sessions = new OpenOnce<Door>();
  await sessions.of('web', async () => door);
  const failed = sessions.of('db', () => Promise.reject(new Error('no')));
  await sessions.closeAll();
  await assert.rejects(failed, /no/);
  assert.equal(door.closed, 1);
});
