import { shellQuote, withDeadline } from '@goqemu/core';
import { shellRequest } from '../quoting/login-shell.ts';
import { openOn, untilBroken } from '../session/channel.ts';
import type { CommandConnection, CommandPipe } from '../session/command-connection.ts';
import type { SshEndpoint } from '../session/endpoint.ts';
import type { StartedProcess } from './start-announcement.ts';

/**
 * Ends a command's process group in the guest: TERM, and KILL a second later. sshd lets a client signal only
 * processes with the rights of the session's user, so this runs as a command of its own.
 *
 * @returns undefined when that was carried out, else why not
 */
export async function endRemote(
  connection: CommandConnection,
  endpoint: SshEndpoint,
  started: StartedProcess,
  elevated: boolean,
): Promise<string | undefined> {
  // dash's `kill` knows no `--`; after the signal's name a negative number is a process group in all shells.
  const groups = [...new Set([started.group, started.pid])].map((id) => `-${id}`).join(' ');
  const script = `left() { for g in ${groups}; do kill -0 $g 2>/dev/null && return 0; done; return 1; }
for g in ${groups}; do kill -TERM $g 2>/dev/null; done
n=0; while left && [ $n -lt 10 ]; do n=$((n+1)); sleep 0.1 2>/dev/null || { sleep 1; n=10; }; done
for g in ${groups}; do kill -KILL $g 2>/dev/null; done; exit 0`;
  const asRoot = elevated && endpoint.user !== 'root';
  const throughSudo = asRoot && !connection.becomesUsers;
  const request = shellRequest(throughSudo ? `exec sudo -n /bin/sh -c ${shellQuote(script)}` : script);
  try {
    await withDeadline('ending the command in the guest', 5000, undefined, async () => {
      const channel = await openOn<CommandPipe>(connection, endpoint, {
        what: 'another channel',
        open: (client, done) => client.exec(request, asRoot && !throughSudo ? { user: 'root' } : {}, done),
      });
      channel.resume();
      channel.stderr.resume();
      await untilBroken(connection, new Promise((resolve) => channel.once('close', resolve)));
    });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
