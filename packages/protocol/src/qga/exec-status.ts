import { GoqemuError, hasErrorCode } from '@goqemu/core';
import type { GuestAgent, QgaResult } from './guest-agent.ts';
import { isQgaCommandError } from './qga-errors.ts';

type Status = QgaResult<'guest-exec-status'>;

/** How a started program is. The agent hands its result out once: a late answer with it must not be dropped. */
export class ExecStatus {
  readonly #agent: GuestAgent;
  readonly #path: string;
  readonly #pid: number;
  #lost: unknown;
  #late: Status | undefined;

  constructor(agent: GuestAgent, path: string, pid: number) {
    this.#agent = agent;
    this.#path = path;
    this.#pid = pid;
  }

  /**
   * @param leftMs milliseconds until the program counts as stuck; one answer may take a second at least
   * @returns undefined when the answer was lost, and is worth asking for again
   * @throws GoqemuError `qga-result-lost`, `qga-closed`; QgaCommandError when the agent knows no such program
   */
  async look(leftMs: number, signal: AbortSignal | undefined): Promise<Status | undefined> {
    try {
      const timeoutMs = Math.min(this.#agent.timeoutMs, Math.max(1_000, leftMs));
      const onLateResult = (status: unknown) => {
        this.#late = status as Status;
      };
      const limits = { timeoutMs, onLateResult, ...(signal ? { signal } : {}) };
      return await this.#agent.execute('guest-exec-status', { pid: this.#pid }, limits);
    } catch (error) {
      if (this.#late?.exited) return this.#late;
      if (error === signal?.reason) throw error;
      if (hasErrorCode(error, 'timeout') || hasErrorCode(error, 'qga-not-responding')) {
        this.#lost = error;
        return undefined;
      }
      if (isQgaCommandError(error) && this.#lost !== undefined) throw this.#error('qga-result-lost', error);
      throw hasErrorCode(error, 'qga-closed') ? this.#error('qga-closed', error) : error;
    }
  }

  #error(code: 'qga-result-lost' | 'qga-closed', cause: GoqemuError): GoqemuError {
    const path = this.#path;
    const pid = this.#pid;
    const closed = code === 'qga-closed';
    return new GoqemuError({
      code,
      source: 'environment',
      subject: path,
      message: closed
        ? `the connection to the guest agent at ${this.#agent.peer} ended while ${path} ran as process ${pid}`
        : `${path} (process ${pid}) has ended, but the agent's answer with its result was lost`,
      detail: cause.message,
      hint: closed
        ? 'while the machine runs, so does the program: connect again, and wait for it with waitForExec'
        : 'the agent hands a result out once: let the program write to a file what must not be lost',
      cause,
      data: { path, pid },
    });
  }
}
