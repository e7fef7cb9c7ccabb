import type { GuestAgentClient } from '../src/qga/guest-agent-client.ts';
import type { JobCommandName } from '../src/qmp/commands.ts';
import type { QmpClient } from '../src/qmp/qmp-client.ts';

// Checked by tsc, never run: each line that must not compile says so.

export async function commands(qmp: QmpClient): Promise<void> {
  const status = await qmp.execute('query-status');
  const running: boolean = status.running;
  // @ts-expect-error there is no such run state
  if (status.status === 'runing') return;
  // @ts-expect-error query-status takes no arguments
  await qmp.execute('query-status', { running });
  // @ts-expect-error no such command
  await qmp.execute('query-statsu');

  await qmp.execute('device_del', { id: 'net1' });
  // @ts-expect-error the argument is missing
  await qmp.execute('device_del');
  // @ts-expect-error its name is wrong
  await qmp.execute('device_del', { name: 'net1' });
  // @ts-expect-error its type is wrong
  await qmp.execute('device_del', { id: 1 });
  await qmp.execute('device_add', { driver: 'virtio-net-pci', id: 'net1', mac: '52:54:00:00:00:01' });

  await qmp.execute('blockdev-add', { driver: 'qcow2', 'node-name': 'a', file: { driver: 'file', filename: '/a' } });
  // @ts-expect-error a file has a filename
  await qmp.execute('blockdev-add', { driver: 'file', 'node-name': 'a' });
  // @ts-expect-error raw has no lazy-refcounts
  await qmp.execute('blockdev-add', { driver: 'raw', file: 'f', 'lazy-refcounts': true });
  // @ts-expect-error no such driver
  await qmp.execute('blockdev-add', { driver: 'qcow3', file: 'f' });
  await qmp.executeUntyped('x-new-command', { anything: 1 });
}

export async function jobs(qmp: QmpClient): Promise<void> {
  await qmp.runJob('snapshot-save', { 'job-id': 'a', tag: 't', vmstate: 'd', devices: ['d'] });
  // @ts-expect-error a job is followed by its id
  await qmp.runJob('block-commit', { device: 'd' });
  // @ts-expect-error that starts no job
  const wrong: JobCommandName = 'query-status';
  // @ts-expect-error nor does one without arguments
  const none: JobCommandName = 'stop';
  await qmp.transaction([{ type: 'blockdev-snapshot', data: { node: 'a', overlay: 'b' } }]);
  // @ts-expect-error a snapshot needs its overlay
  await qmp.transaction([{ type: 'blockdev-snapshot', data: { node: 'a' } }]);
  if (wrong === none) return;
}

export async function events(qmp: QmpClient): Promise<void> {
  qmp.on('JOB_STATUS_CHANGE', ({ data }) => data.status === 'concluded');
  // @ts-expect-error the field is called id
  qmp.on('JOB_STATUS_CHANGE', ({ data }) => data.job);
  // @ts-expect-error no such event
  qmp.on('JOB_STATUS_CHANGED', () => undefined);
  const reset = await qmp.waitFor('RESET', { match: ({ data }) => data.guest });
  // @ts-expect-error guest is a boolean
  const guest: string = reset.data.guest;
  for await (const event of qmp.events()) {
    if (event.event === 'SHUTDOWN') return void event.data.reason.concat(guest);
    // @ts-expect-error only some events have a reason
    if (event.data.reason) return;
  }
}

export async function agent(qga: GuestAgentClient): Promise<void> {
  const { pid } = await qga.execute('guest-exec', { path: '/bin/true', arg: ['a'] });
  // @ts-expect-error the path is missing
  await qga.execute('guest-exec', { arg: ['a'] });
  // @ts-expect-error the pid is a number
  await qga.execute('guest-exec-status', { pid: String(pid) });
  // @ts-expect-error no such command
  await qga.execute('guest-exce');
}
