import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import type { Script } from 'node:vm';
import { goqemuHome, makeFolders } from '@goqemu/core';

/** Of SHA-256. */
const digestLength = 32;

/** What V8 compiled of a program in an earlier run: goqemu's to lose, and made again when it is damaged. */
export class KeptCode {
  readonly #home: string;
  readonly #folder: string;
  readonly #file: string;
  readonly #source: Buffer;

  /**
   * @param program path of its file
   * @param source the text of it
   * @param home goqemu's own folder
   */
  constructor(program: string, source: string, home = goqemuHome({ env: process.env, homeFolder: homedir() })) {
    this.#home = home;
    this.#folder = join(home, 'cache', 'code');
    this.#file = join(this.#folder, `${basename(program, '.cjs')}-v8-${process.versions.v8}-${process.arch}`);
    this.#source = sha256(source);
  }

  /**
   * The compiled code of exactly this source, whole; undefined where there is none. V8 trusts what it is given, and
   * compares no more than the source's length.
   */
  read(): Buffer | undefined {
    let kept: Buffer;
    try {
      kept = readFileSync(this.#file);
    } catch {
      return undefined; // none yet, or not to be read: the source is compiled
    }
    const code = kept.subarray(2 * digestLength);
    const isWhole =
      this.#source.equals(kept.subarray(0, digestLength)) &&
      sha256(code).equals(kept.subarray(digestLength, 2 * digestLength));
    return isWhole ? code : undefined;
  }

  /** At the end of a run, with all functions that it called. Without goqemu's folder nothing is kept. */
  write(script: Script): void {
    if (!existsSync(this.#home)) return;
    const draft = `${this.#file}.${process.pid}`;
    try {
      const code = script.createCachedData();
      makeFolders(this.#folder);
      writeFileSync(draft, Buffer.concat([this.#source, sha256(code), code]), { mode: 0o600 });
      rmSync(this.#file, { recursive: true, force: true }); // a folder may have its name
      renameSync(draft, this.#file);
      this.#forgetOld();
    } catch {
      rmSync(draft, { force: true }); // a full disk, a file that is open on Windows: the next start takes longer, no more
    }
  }

  /** Other versions' of yesterday, and what was killed while it was written. */
  #forgetOld(): void {
    for (const name of readdirSync(this.#folder)) {
      const path = join(this.#folder, name);
      const found = statSync(path, { throwIfNoEntry: false });
      if (found && Date.now() - found.mtimeMs > 24 * 3600_000) rmSync(path, { recursive: true, force: true });
    }
  }
}

function sha256(content: string | Buffer): Buffer {
  return createHash('sha256').update(content).digest();
}
