import { GoqemuError } from '@goqemu/core';
import { assertSucceeded } from '../command/command-failed.ts';
import type { SessionAccess } from '../session/session-access.ts';

export type CloudInitState = 'done' | 'absent' | 'disabled';

/**
 * Waits in the guest, in one command, until cloud-init has written its result, which it does last of all
 * (cloud-init documentation, “Data and files”, `/run/cloud-init/result.json`). `cloud-init status --wait` says the
 * same but starts Python, which costs seconds in a guest without acceleration; every tenth second the units are
 * looked at, in case cloud-init has died without a result.
 *
 * @param root where the guest's file system is; only tests have it elsewhere
 */
export const cloudInitScript = (root = '') => `r=${root}/run/cloud-init
if [ ! -e $r/result.json ]; then
if [ -e $r/disabled ] || [ -e ${root}/etc/cloud/cloud-init.disabled ]; then echo disabled; exit 0; fi
if [ ! -d $r ] && ! command -v cloud-init >/dev/null 2>&1; then echo absent; exit 0; fi
n=0
while [ ! -e $r/result.json ]; do
sleep 0.2 2>/dev/null || sleep 1
n=$((n+1))
if [ $((n % 50)) -eq 0 ] && command -v systemctl >/dev/null 2>&1; then
u=$(systemctl list-units --state=failed --plain --no-legend 'cloud-*.service' 2>/dev/null)
if [ -n "$u" ]; then printf 'failed\\n%s\\n' "$u"; exit 0; fi
fi
done
fi
echo done
cat $r/result.json`;

/**
 * A guest without cloud-init, or with cloud-init switched off, passes.
 *
 * @param root as of `cloudInitScript` *
 * @throws GoqemuError `cloud-init-failed` with cloud-init's own messages
 */
export async function waitForCloudInit(
  session: SessionAccess,
  signal: AbortSignal,
  root?: string,
): Promise<CloudInitState> {
  const result = await session.exec(cloudInitScript(root), {
    label: 'waiting for cloud-init',
    repeatable: true,
    timeoutMs: Number.POSITIVE_INFINITY, // the stage has one
    signal,
  });
  assertSucceeded(result, 'waiting for cloud-init');
  const [state, ...rest] = result.stdout.split('\n');
  const text = rest.join('\n').trim();
  if (state === 'absent' || state === 'disabled') return state;
  if (state === 'failed') throw cloudInitFailed(text.split('\n'));
  const errors = errorsOf(text);
  if (errors.length > 0) throw cloudInitFailed(errors);
  return 'done';
}

function errorsOf(text: string): string[] {
  try {
    const parsed = JSON.parse(text) as { v1?: { errors?: unknown } } | null;
    const errors = parsed?.v1?.errors;
    return Array.isArray(errors) ? errors.map(String) : [];
  } catch {
    return [`result.json is not JSON: ${text.slice(0, 200)}`];
  }
}

function cloudInitFailed(messages: readonly string[]): GoqemuError {
  return new GoqemuError({
    code: 'cloud-init-failed',
    source: 'environment',
    subject: 'cloud-init',
    message: 'cloud-init ended with errors in the guest',
    detail: messages.join('\n'),
    hint: 'read /var/log/cloud-init.log and /var/log/cloud-init-output.log in the guest',
    data: { errors: [...messages] },
  });
}
