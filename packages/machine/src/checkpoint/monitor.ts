/** The part of a QMP client that checkpoints need. */
export interface Monitor {
  execute(
    command: string,
    args?: Record<string, unknown>,
    options?: { timeoutMs?: number; signal?: AbortSignal },
  ): Promise<unknown>;
}
