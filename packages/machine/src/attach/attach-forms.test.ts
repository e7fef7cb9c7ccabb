import assert from 'node:assert/strict';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sleep } from '@goqemu/core';
import { QmpClient } from '@goqemu/protocol';
import { type ForeignOptions, foreignQemu, listeningDescriptor } from '../fixture/foreign-qemu.ts';
import { temporaryFolder } from '../fixture/test-machine.ts';
import { attachMachine } from '../machine/attach-machine.ts';

interface Form extends ForeignOptions {
  readonly argv: readonly string[];
  /** Where one attaches, when that is not where QEMU listens. */
  readonly socket?: string;
  /** What there is in the folder before QEMU starts. */
  readonly prepare?: () => Promise<void>;
  readonly pidFile?: string;
  readonly inherits?: boolean;
}

/** A QEMU's monitor is `monitor` in the folder; how each program writes that. */
const forms: Readonly<Record<string, (folder: string, monitor: string) => Form>> = {
  'plain -qmp': (_, monitor) => ({ argv: ['-qmp', `unix:${monitor},server,nowait`] }),
  'plain -qmp-pretty': (_, monitor) => ({ argv: ['-qmp-pretty', `unix:${monitor},server=on,wait=off`] }),
  'a pretty -mon': (_, monitor) => ({
    argv: ['-chardev', `socket,id=c,path=${monitor},server=on,wait=off`, '-mon', 'chardev=c,mode=control,pretty=on'],
  }),
  'a -qmp on a chardev': (_, monitor) => ({
    argv: ['-chardev', `backend=socket,id=c,path=${monitor},server=on,wait=off`, '-qmp', 'chardev:c'],
  }),
  'a path from the working folder': (folder) => ({
    argv: ['-qmp', 'unix:monitor,server=on,wait=off'],
    workingFolder: folder,
  }),
  'a folder behind a symbolic link': (folder, monitor) => ({
    argv: ['-qmp', `unix:${monitor},server=on,wait=off`],
    prepare: () => symlink(folder, `${folder}/link`),
    socket: join(folder, 'link', 'monitor'),
  }),
  // virQEMU: qemuBuildMonitorCommandLine, since libvirt 4.
  'libvirt and kubevirt': (_, monitor) => ({
    argv: [
      ...['-name', 'guest=default_web,debug-threads=on'],
      ...['-object', '{"qom-type":"memory-backend-ram","id":"ram","size":1048576}'],
      ...['-chardev', 'socket,id=charmonitor,fd=3,server=on,wait=off'],
      ...['-mon', 'chardev=charmonitor,id=monitor,mode=control'],
    ],
    inherits: true,
    socket: monitor,
  }),
  // PVE::QemuServer, config_to_command.
  Proxmox: (folder, monitor) => ({
    argv: [
      ...['-name', 'web,debug-threads=on', '-no-shutdown'],
      ...['-chardev', `socket,id=qmp-event,path=${folder}/qmeventd.sock,reconnect=5`],
      ...['-mon', 'chardev=qmp-event,mode=control'],
      ...['-chardev', `socket,id=qmp,path=${monitor},server=on,wait=off`, '-mon', 'chardev=qmp,mode=control'],
      ...['-pidfile', `${folder}/pid`, '-daemonize'],
    ],
    pidFile: join(folder, 'pid'),
  }),
  // internal/server/instance/drivers/driver_qemu_templates.go
  Incus: (folder, monitor) => ({
    argv: ['-S', '-readconfig', join(folder, 'qemu.conf')],
    prepare: () =>
      writeFile(
        join(folder, 'qemu.conf'),
        `# Qemu control\n[chardev "monitor"]\nbackend = "socket"\npath = "${monitor}"\nserver = "on"\nwait = "off"\n\n[mon]\nchardev = "monitor"\nmode = "control"\n`,
      ),
  }),
};

async function start(t: TestContext, form: Form, monitor: string): Promise<number> {
  await form.prepare?.();
  const inherited = form.inherits ? await listeningDescriptor(monitor) : undefined;
  const child = await foreignQemu(t, form.argv, monitor, {
    ...form,
    ...(inherited ? { descriptor: inherited.descriptor } : {}),
  });
  await inherited?.leave();
  if (form.pidFile === undefined) return child.pid;
  for (;;) {
    const pid = Number(await readFile(form.pidFile, 'utf8').catch(() => ''));
    if (pid > 0) {
      t.after(() => process.kill(pid, 'SIGKILL'));
      return pid;
    }
    await sleep(10);
  }
}

for (const [name, formOf] of Object.entries(forms)) {
  test(`${name}: found by process and by socket, as the very process`, async (t) => {
    const folder = await temporaryFolder(t);
    const monitor = join(folder, 'monitor');
    const form = formOf(folder, monitor);
    const pid = await start(t, form, monitor);
    for (const target of [{ pid }, { socketPath: form.socket ?? monitor }]) {
      await using machine = await attachMachine(target);
      assert.deepEqual([machine.record.pid, machine.record.accelerator], [pid, 'tcg']);
      const { control } = machine.record.sockets;
      assert.equal(control.kind === 'unix' && control.path, monitor);
      assert.match(machine.state, /^(running|prelaunch)$/);
    }
  });
}

test('a relative path of the caller is one from the working folder', async (t) => {
  const folder = await temporaryFolder(t);
  const { pid } = await foreignQemu(t, ['-qmp', `unix:${folder}/m,server=on,wait=off`], join(folder, 'm'));
  const before = process.cwd();
  t.after(() => process.chdir(before));
  process.chdir(folder);
  await using machine = await attachMachine({ socketPath: 'm' });
  assert.equal(machine.record.pid, pid);
});

test('a second monitor is taken when the first has a client, and is the one for readers when both are free', async (t) => {
  const folder = await temporaryFolder(t);
  const [first, second] = [join(folder, '1'), join(folder, '2')];
  const argv = ['-qmp', `unix:${first},server=on,wait=off`, '-qmp', `unix:${second},server=on,wait=off`];
  const { pid } = await foreignQemu(t, argv, second);
  const free = await attachMachine({ pid });
  assert.deepEqual(
    [free.record.sockets.control, free.record.sockets.readers],
    [
      { kind: 'unix', path: first },
      { kind: 'unix', path: second },
    ],
  );
  await free.close();
  await using client = await QmpClient.connect({ path: first });
  await using machine = await attachMachine({ pid });
  assert.deepEqual(machine.record.sockets.control, { kind: 'unix', path: second });
  assert.ok(client.version);
});

test('a QEMU that cannot be attached to is refused with the reason', async (t) => {
  const folder = await temporaryFolder(t);
  const refusal = async (...argv: string[]) => {
    const pidFile = join(await temporaryFolder(t), 'pid');
    const { pid } = await foreignQemu(t, [...argv, '-pidfile', pidFile], pidFile);
    const error = await attachMachine({ pid }).catch((thrown: unknown) => thrown);
    const { code, message } = error as { readonly code?: string; readonly message: string };
    assert.equal(code, 'machine-not-found');
    return message;
  };
  // gns3server/compute/qemu/qemu_vm.py has a human monitor only.
  const gns3 = ['-monitor', `unix:${folder}/hmp,server=on,wait=off`];
  assert.match(await refusal(...gns3), /has no QMP monitor among its arguments/);
  const client = `unix:${folder}/absent,reconnect=60`;
  assert.match(await refusal('-qmp', client), /is a client: it connects to .*absent and does not listen/);
  assert.match(await refusal('-qmp', 'tcp:127.0.0.1:0,server=on,wait=off'), /127\.0\.0\.1:0 without a pre-shared key/);
  await assert.rejects(attachMachine({ socketPath: join(folder, 'none') }), {
    message: /there is no socket at .*none/,
  });
  await assert.rejects(attachMachine({ socketPath: join(folder, 'hmp') }), {
    message: /no QEMU .* has a QMP monitor at/,
  });
});
