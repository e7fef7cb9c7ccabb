import { checkResourceName, GoqemuError, shownValue } from '@goqemu/core';
import { type LateValue, lateValue } from './late-value.ts';
import type { SecretSource } from './secret-source.ts';

/**
 * A value that is in no state file, log, event, plan, layer key or process list. Steps that use it run again
 * when it changes.
 *
 * @example
 * const token = secret('join-token', { env: 'JOIN_TOKEN' });
 * web.run('login', 'printf %s "$TOKEN" | registry login --stdin', { environment: { TOKEN: token } });
 * @throws GoqemuError `name-invalid`, `secret-invalid`
 */
export function secret(name: string, source: SecretSource): LateValue {
  checkResourceName(name, 'secret');
  const [kind, value] = Object.entries(source ?? {})[0] ?? [];
  const valid =
    kind === 'generate'
      ? Number.isInteger(value) && value >= 16 && value <= 1024
      : (kind === 'env' || kind === 'file' || kind === 'prompt') && typeof value === 'string' && value !== '';
  if (!valid || Object.keys(source).length !== 1) {
    throw new GoqemuError({
      code: 'secret-invalid',
      source: 'user',
      subject: name,
      message: `secret "${name}": expected one of { env }, { file }, { prompt } or { generate: 16 to 1024 }, got ${shownValue(source)}`,
      hint: "write secret('token', { env: 'TOKEN' })",
    });
  }
  return lateValue({ secret: name, from: source });
}
