import type { AgentArguments, AgentHandler, FakeGuestState } from './agent-command.ts';
import { AgentError } from './agent-error.ts';

/** Commands that a frozen guest still takes. */
export const allowedWhileFrozen = new Set([
  'guest-ping',
  'guest-info',
  'guest-sync',
  'guest-sync-delimited',
  'guest-fsfreeze-status',
  'guest-fsfreeze-thaw',
]);

/** They answer only when they fail. */
export const silentCommands = new Set([
  'guest-shutdown',
  'guest-suspend-disk',
  'guest-suspend-ram',
  'guest-suspend-hybrid',
]);

export const agentCommands: Readonly<Record<string, AgentHandler>> = {
  'guest-ping': (args) => take(args, {}),
  'guest-sync': (args) => take(args, { id: 'number' }).id,
  'guest-sync-delimited': (args) => take(args, { id: 'number' }).id,
  'guest-info': (_args, agent) => ({
    version: agent.version,
    supported_commands: agent.commandNames.map((name) => ({
      name,
      enabled: !agent.disabled.has(name),
      'success-response': !silentCommands.has(name),
    })),
  }),
  'guest-get-host-name': (_args, agent) => ({ 'host-name': agent.hostName }),
  'guest-get-osinfo': () => ({
    id: 'fake',
    name: 'Fake OS',
    'pretty-name': 'Fake OS 1',
    'version-id': '1',
    machine: 'x86_64',
  }),
  'guest-get-users': () => [{ user: 'root', 'login-time': 1 }],
  'guest-get-time': (_args, agent) => agent.time * 1e6,
  'guest-set-time': (args, agent) => {
    agent.time = Math.floor(Number(args.time ?? Date.now() * 1e6) / 1e6);
  },
  'guest-network-get-interfaces': () => [
    {
      name: 'lo',
      'hardware-address': '00:00:00:00:00:00',
      'ip-addresses': [{ 'ip-address-type': 'ipv4', 'ip-address': '127.0.0.1', prefix: 8 }],
    },
  ],
  'guest-set-user-password': (args, agent) => {
    const { username, password } = take(args, { username: 'string', password: 'string', crypted: 'boolean' });
    agent.passwords.set(String(username), Buffer.from(String(password), 'base64').toString('utf8'));
  },
  'guest-file-open': (args, { files }) => files.open(String(args.path), String(args.mode ?? 'r')),
  'guest-file-read': (args, { files }) =>
    files.read(Number(args.handle), args.count === undefined ? undefined : Number(args.count)),
  'guest-file-write': (args, { files }) =>
    files.write(Number(args.handle), Buffer.from(String(args['buf-b64']), 'base64')),
  'guest-file-seek': (args, { files }) => files.seek(Number(args.handle), Number(args.offset), args.whence as string),
  'guest-file-flush': (args, { files }) => files.flush(Number(args.handle)),
  'guest-file-close': (args, { files }) => files.close(Number(args.handle)),
  'guest-exec': (args, { programs, environment }) =>
    programs.start(
      {
        path: String(args.path),
        args: (args.arg ?? []) as string[],
        input: Buffer.from(String(args['input-data'] ?? ''), 'base64'),
        // With one of its own, a program gets nothing of the agent's.
        env: args.env ? Object.fromEntries((args.env as string[]).map((line) => splitAt(line, '='))) : environment,
      },
      args['capture-output'] === true,
    ),
  'guest-exec-status': (args, { programs }) => programs.status(Number(args.pid)),
  'guest-fsfreeze-status': (_args, agent) => (agent.frozen ? 'frozen' : 'thawed'),
  'guest-fsfreeze-freeze': (_args, agent) => freeze(agent),
  'guest-fsfreeze-freeze-list': (_args, agent) => freeze(agent),
  'guest-fsfreeze-thaw': (_args, agent) => {
    const thawed = agent.frozen ? 1 : 0;
    agent.frozen = false;
    return thawed;
  },
  'guest-shutdown': (args, agent) => {
    agent.shutdowns.push(String(args.mode ?? 'powerdown'));
  },
};

function freeze(agent: FakeGuestState): number {
  agent.frozen = true;
  agent.freezes += 1;
  return 1;
}

function take(args: AgentArguments, wanted: Readonly<Record<string, string>>): AgentArguments {
  for (const [name, type] of Object.entries(wanted)) {
    if (!(name in args)) throw new AgentError(`Parameter '${name}' is missing`);
    if (typeof args[name] !== type) throw new AgentError(`Invalid parameter type for '${name}', expected: ${type}`);
  }
  const unexpected = Object.keys(args).find((name) => !(name in wanted));
  if (unexpected !== undefined) throw new AgentError(`Parameter '${unexpected}' is unexpected`);
  return args;
}

function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + 1)];
}
