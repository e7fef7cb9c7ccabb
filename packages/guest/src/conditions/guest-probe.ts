import { GoqemuError, shellQuote } from '@goqemu/core';
import type { GuestCondition } from './conditions.ts';

/**
 * A script that ends when the condition holds and prints why it does not, each time the reason changes.
 * The waiting happens in the guest: one command, whatever it takes.
 */
export function probeScript(condition: Exclude<GuestCondition, { http: string }>): string {
  return `probe() {
${probe(condition)}
}
last=
while :; do
if why=$(probe); then exit 0; fi
if [ "$why" != "$last" ]; then printf '%s\\n' "$why"; last=$why; fi
sleep 0.3 2>/dev/null || sleep 1
done`;
}

function probe(condition: Exclude<GuestCondition, { http: string }>): string {
  if ('port' in condition) return listening(condition.port);
  if ('unit' in condition) {
    const unit = shellQuote(condition.unit);
    return `state=$(systemctl is-active -- ${unit} 2>&1) && return 0
echo "it is $state"; return 1`;
  }
  const file = shellQuote(condition.file);
  const exists = `[ -e ${file} ] || { echo 'there is no such file'; return 1; }`;
  if (condition.contains === undefined) return exists;
  return `${exists}
grep -qF -e ${shellQuote(condition.contains)} -- ${file} 2>/dev/null || { echo 'the text is not in it'; return 1; }`;
}

/** proc(5), /proc/net/tcp: the local port in hexadecimal, and the state 0A for listening. Needs neither ss nor netstat. */
function listening(port: number): string {
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new GoqemuError({
      code: 'option-invalid',
      source: 'user',
      subject: 'port',
      message: `${JSON.stringify(port)} is not a port`,
      detail: 'expected a whole number from 1 to 65535',
      hint: 'correct the port',
    });
  }
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return `cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -Eq '^ *[0-9]+: [0-9A-F]+:${hex} [0-9A-F]+:[0-9A-F]+ 0A ' && return 0
echo 'nothing listens on it'; return 1`;
}
