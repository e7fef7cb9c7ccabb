import type { FakeArguments, FakeMonitor, FakeQmpHandler } from './fake-qmp-command.ts';
import { FakeQmpError } from './fake-qmp-error.ts';

/** What the fake can do by itself; qmp-server/README.md describes it. */
export const builtInCommands: Readonly<Record<string, FakeQmpHandler>> = {
  'query-version': (_args, { version, package: name }) => ({ qemu: version, package: name }),
  'query-name': () => ({}),
  'query-yank': () => [],
  'query-status': (_args, server) => ({
    status: server.running ? 'running' : 'paused',
    singlestep: false,
    running: server.running,
  }),
  'query-commands': (_args, server) => server.commandNames.map((name) => ({ name })),
  'query-qmp-schema': (_args, server) => schema(server),
  stop: (args, server) => {
    check(args, {});
    if (server.running) server.emit('STOP');
    server.running = false;
  },
  cont: (args, server) => {
    check(args, {});
    if (!server.running) server.emit('RESUME');
    server.running = true;
  },
  system_powerdown: (_args, server) => server.emit('POWERDOWN'),
  system_reset: (_args, server) => server.emit('RESET', { guest: false, reason: 'host-qmp-system-reset' }),
  device_del: (args) => {
    check(args, { id: 'string' });
    throw new FakeQmpError(`Device '${args.id}' not found`, 'DeviceNotFound');
  },
  'human-monitor-command': (args) => {
    check(args, { 'command-line': 'string' }, ['cpu-index']);
    return `unknown command: '${String(args['command-line']).split(' ')[0]}'\r\n`;
  },
  getfd: () => {
    throw new FakeQmpError('No file descriptor supplied via SCM_RIGHTS');
  },
  'query-jobs': (_args, { jobs }) => jobs.list(),
  'job-dismiss': (args, server) => server.jobs.dismiss(jobOf(args, server)),
  'job-complete': (args, server) => server.jobs.finish(jobOf(args, server)),
  'job-finalize': (args, server) => server.jobs.finish(jobOf(args, server)),
  'job-cancel': (args, server) => {
    const id = jobOf(args, server);
    // A job reports that it was cancelled only after the command has returned.
    setImmediate(() => server.jobs.finish(id, 'Operation canceled'));
  },
  quit: (_args, server) => server.emit('SHUTDOWN', { guest: false, reason: 'host-qmp-quit' }),
};

/** QEMU's own complaints about arguments. */
function check(args: FakeArguments, wanted: Readonly<Record<string, string>>, optional: readonly string[] = []): void {
  for (const [name, type] of Object.entries(wanted)) {
    if (!(name in args)) throw new FakeQmpError(`Parameter '${name}' is missing`);
    if (typeof args[name] !== type) {
      throw new FakeQmpError(`Invalid parameter type for '${name}', expected: ${type}`);
    }
  }
  const unexpected = Object.keys(args).find((name) => !(name in wanted) && !optional.includes(name));
  if (unexpected !== undefined) throw new FakeQmpError(`Parameter '${unexpected}' is unexpected`);
}

function jobOf(args: FakeArguments, server: FakeMonitor): string {
  check(args, { id: 'string' });
  const id = String(args.id);
  if (!server.jobs.get(id)) throw new FakeQmpError('Job not found');
  return id;
}

/** As much of the schema as tells which commands there are, and what the checked ones take. */
function schema(server: FakeMonitor): object[] {
  const own: Readonly<Record<string, string>> = { device_del: '1', 'job-dismiss': '1' };
  return [
    { name: 'str', 'meta-type': 'builtin', 'json-type': 'string' },
    { name: 'bool', 'meta-type': 'builtin', 'json-type': 'boolean' },
    { name: '0', 'meta-type': 'object', members: [] },
    { name: '1', 'meta-type': 'object', members: [{ name: 'id', type: 'str' }] },
    {
      name: '2',
      'meta-type': 'object',
      members: [
        { name: 'running', type: 'bool' },
        { name: 'status', type: '3' },
      ],
    },
    {
      name: '3',
      'meta-type': 'enum',
      members: [{ name: 'running' }, { name: 'paused' }],
      values: ['running', 'paused'],
    },
    ...server.commandNames.map((name) => ({
      name,
      'meta-type': 'command',
      'arg-type': own[name] ?? '0',
      'ret-type': name === 'query-status' ? '2' : '0',
    })),
    { name: 'STOP', 'meta-type': 'event', 'arg-type': '0' },
  ];
}
