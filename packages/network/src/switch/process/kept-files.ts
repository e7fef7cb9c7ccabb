import { readOwnText, writeOwnFile } from '@goqemu/core';

/** The files by which others know of a process that runs: they say what it says, as long as it does. */
export class KeptFiles {
  readonly #texts = new Map<string, string>();

  async write(path: string, text: string): Promise<void> {
    this.#texts.set(path, text);
    await writeOwnFile(path, text, { mode: 0o600 });
  }

  /** The file holds this already. */
  found(path: string, text: string): void {
    this.#texts.set(path, text);
  }

  /**
   * Writes those again that do not hold what was written.
   *
   * @returns their paths
   */
  async heal(): Promise<readonly string[]> {
    const damaged = [...this.#texts].filter(([path, text]) => readOwnText(path) !== text);
    for (const [path, text] of damaged) await writeOwnFile(path, text, { mode: 0o600 });
    return damaged.map(([path]) => path);
  }
}
