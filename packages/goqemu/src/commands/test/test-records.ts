import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJson } from '@goqemu/core';
import type { TestRecord } from '@goqemu/test/process';
import { resultsFolder } from './last-run.ts';

/** Names the process that reads them, so that those of one that was killed are found. */
const folderName = /^\.records-(\d+)-[0-9a-f]+$/;

/** The folder in which the processes of a run leave a record of each run of a test; it goes with the end of the block. */
export class TestRecords implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Removes what earlier commands left that were killed. */
  static async open(workingFolder: string, run: string): Promise<TestRecords> {
    const results = resultsFolder(workingFolder);
    for (const name of namesIn(results)) {
      const pid = Number(folderName.exec(name)?.[1] ?? Number.NaN);
      if (!Number.isNaN(pid) && !isRunning(pid)) await rm(join(results, name), { recursive: true, force: true });
    }
    return new TestRecords(join(results, `.records-${process.pid}-${run}`));
  }

  /** One that a killed process wrote half is left out. */
  read(): readonly TestRecord[] {
    return namesIn(this.folder).flatMap((name) => {
      const record = parseJson(readFileSync(join(this.folder, name), 'utf8')) as TestRecord | undefined;
      return record ? [record] : [];
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // nothing was left there
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
