import { formatDuration, printable } from '@goqemu/core';
import type { BackendProgress } from '@goqemu/lab';
import { roundedSize } from './rounded-size.ts';

/** The latest thing that an operation does, in a few words: for one line under its title. */
export function describeProgress(progress: BackendProgress): string | undefined {
  switch (progress.kind) {
    case 'stage':
      return progress.status === 'started' ? stageName(progress.stage) : undefined;
    case 'transfer': {
      const done = roundedSize(progress.done);
      if (!progress.total) return `${progress.what}: ${done}`;
      const percent = Math.floor((100 * progress.done) / progress.total);
      return `${progress.what}: ${done} of ${roundedSize(progress.total)} (${percent} %)`;
    }
    case 'output':
      return printable(progress.text).trimEnd().split('\n').at(-1);
    case 'notice':
      return progress.message;
  }
}

/** `cloud-init (12 s)`: a stage that has been reached. */
export function stageDone(stage: string, durationMs: number | undefined): string {
  return durationMs === undefined ? stageName(stage) : `${stageName(stage)} (${formatDuration(durationMs)})`;
}

function stageName(stage: string): string {
  return stage === 'cloud-init' ? stage : stage.replace(/^ssh-/, 'SSH ').replaceAll('-', ' ');
}
