import { GoqemuError } from '@goqemu/core';
import { readGuestFile } from './files.ts';
import type { GuestAgent, QgaExecuteOptions } from './guest-agent.ts';

type Variables = ReadonlyMap<string, string>;

/**
 * The environment that programs get from the agent. `guest-exec` with `env` replaces it as a whole, so adding to it
 * means knowing it: Linux shows it in a file (proc(5), /proc/self/environ), elsewhere a program prints it.
 */
export class AgentEnvironment {
  readonly #agent: GuestAgent;
  #known: { readonly variables: Variables; readonly foldsCase: boolean } | undefined;

  constructor(agent: GuestAgent) {
    this.#agent = agent;
  }

  /**
   * The agent's own environment with `env` added, as `guest-exec` takes it.
   *
   * @throws GoqemuError `qga-env-invalid`; `qga-environment-unknown`
   */
  async with(env: Readonly<Record<string, string>>, limits: QgaExecuteOptions): Promise<string[]> {
    for (const [name, value] of Object.entries(env)) checkVariable(name, value);
    this.#known ??= await this.#read(limits);
    const { variables, foldsCase } = this.#known;
    const fold = (name: string) => (foldsCase ? name.toUpperCase() : name);
    const all = new Map([...variables].map(([name, value]) => [fold(name), `${name}=${value}`]));
    for (const [name, value] of Object.entries(env)) all.set(fold(name), `${name}=${value}`);
    return [...all.values()];
  }

  async #read(limits: QgaExecuteOptions): Promise<{ variables: Variables; foldsCase: boolean }> {
    const { signal } = limits;
    const reasons: unknown[] = [];
    for (const { separator, foldsCase, text } of this.#ways(limits)) {
      try {
        return { variables: parse(await text(), separator), foldsCase };
      } catch (error) {
        signal?.throwIfAborted();
        reasons.push(error);
      }
    }
    throw unknownError(this.#agent.peer, reasons);
  }

  #ways(limits: QgaExecuteOptions) {
    const signal = limits.signal ? { signal: limits.signal } : {};
    const printed =
      (path: string, ...args: string[]) =>
      async () => {
        const { exitCode, stdout, stderr } = await this.#agent.exec({ path, args, ...signal });
        if (exitCode === 0) return stdout;
        throw new Error(`${path} ended with ${exitCode}: ${stderr}`);
      };
    const file = async () => (await readGuestFile(this.#agent, '/proc/self/environ', signal)).toString();
    return [
      { separator: '\0', foldsCase: false, text: file },
      { separator: '\0', foldsCase: false, text: printed('env', '-0') },
      { separator: '\n', foldsCase: false, text: printed('env') },
      { separator: '\r\n', foldsCase: true, text: printed('cmd.exe', '/c', 'set') },
    ];
  }
}

function parse(text: string, separator: string): Variables {
  return new Map(
    text
      .split(separator)
      .filter((line) => line.indexOf('=') > 0)
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

function checkVariable(name: string, value: unknown): void {
  if (name !== '' && !/[=\0]/.test(name) && typeof value === 'string' && !value.includes('\0')) return;
  throw new GoqemuError({
    code: 'qga-env-invalid',
    source: 'user',
    subject: name,
    message: `env: ${JSON.stringify(name)} cannot be a variable with this value`,
    hint: 'a name has no "=" and is not empty; values are texts; neither has a NUL byte',
  });
}

function unknownError(peer: string, reasons: readonly unknown[]): GoqemuError {
  return new GoqemuError({
    code: 'qga-environment-unknown',
    source: 'environment',
    subject: peer,
    message: "env cannot be added to the environment of the guest's agent: the guest shows it in no way known here",
    detail: reasons.map((reason) => (reason instanceof Error ? reason.message : String(reason))).join('\n'),
    hint: 'set the variables in the program itself: sh -c \'NAME=value exec "$@"\'',
    cause: reasons.at(-1),
  });
}
