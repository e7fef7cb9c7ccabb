import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readForwards } from './forwards.ts';

test('forwarded ports are read from what QEMU 7.2 and 10.0 print; connections are not forwards', () => {
  const printed = `Hub -1 (net0):
  Protocol[State]    FD  Source Address  Port   Dest. Address  Port RecvQ SendQ
  TCP[HOST_FORWARD]  13       127.0.0.1  2222       10.0.2.15    22     0     0
  TCP[HOST_FORWARD]  12               *  8080       10.0.2.15    80     0     0
  UDP[HOST_FORWARD]  14       127.0.0.1  5353       10.0.2.15    53     0     0
  TCP[ESTABLISHED]   20       127.0.0.1 40000       10.0.2.15    22     0     0
  UDP[238 sec]       21       10.0.2.15 41000     192.0.2.1      53     0     0
`;
  assert.deepEqual(readForwards(printed), [
    { host: 2222, guest: 22 },
    { host: 8080, guest: 80 },
    { protocol: 'udp', host: 5353, guest: 53 },
  ]);
  assert.deepEqual(readForwards('No slirp'), []);
});
