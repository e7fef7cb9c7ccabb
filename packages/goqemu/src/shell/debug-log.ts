import { closeSync, openSync, readdirSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger, LogLevel } from '@goqemu/core';
import { makeFolders, visible } from '@goqemu/core';
import type { Screen } from '../render/screen.ts';

/** How many logs of earlier commands are kept. */
const kept = 100;

/** One line of the log on standard error, where `--debug` asks for its scope. */
export interface LogMirror {
  readonly screen: Screen;
  /** Every scope when empty. */
  readonly scopes: readonly string[];
}

/**
 * The full log of one command in a file of its own, and on request on standard error. The file is made with the
 * first line, so that a command which only reads leaves none; each line is written at once, so that a killed
 * process leaves all it had said.
 */
export class DebugLog implements Logger, Disposable {
  readonly path: string;
  readonly #folder: string;
  readonly #mirror: LogMirror | undefined;
  #file: number | undefined;
  #broken = false;

  constructor(folder: string, command: string, mirror?: LogMirror) {
    const name = command.replace(/[^a-z-]+/g, '-') || 'goqemu';
    const time = new Date().toISOString().replaceAll(':', '-').replace(/\..*/, '');
    this.#folder = folder;
    this.path = join(folder, `${time}-${process.pid}-${name}.log`);
    this.#mirror = mirror;
  }

  /** True once there is something in the file. */
  get written(): boolean {
    return this.#file !== undefined;
  }

  log(level: LogLevel, scope: string, message: string, fields?: Readonly<Record<string, unknown>>): void {
    const what = visible(`${scope}: ${message}${fields ? ` ${json(fields)}` : ''}`);
    const line = `${new Date().toISOString()} ${level.padEnd(5)} ${what}\n`;
    this.#write(line);
    const mirror = this.#mirror;
    if (mirror && (mirror.scopes.length === 0 || mirror.scopes.includes(scope))) mirror.screen.write(line);
  }

  [Symbol.dispose](): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#broken = true;
  }

  #write(line: string): void {
    if (this.#broken) return;
    try {
      this.#file ??= this.#open();
      writeSync(this.#file, line);
    } catch {
      this.#broken = true; // a full or read-only disk must not end a command that could succeed without its log
    }
  }

  #open(): number {
    makeFolders(this.#folder, { mode: 0o700 });
    const old = readdirSync(this.#folder).filter((name) => name.endsWith('.log'));
    for (const name of old.sort().slice(0, Math.max(0, old.length - kept + 1))) unlinkSync(join(this.#folder, name));
    return openSync(this.path, 'a', 0o600);
  }
}

function json(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(fields, (_name, value) => (value instanceof Error ? value.stack : value));
}
