import { GoqemuError } from '@goqemu/core';
import type { Engine } from '@goqemu/lab';
import { isKept, type KeptPlace, type TestRecord } from '@goqemu/test/process';
import { usageError } from '../arguments/usage-error.ts';
import type { FoundTrace } from './trace-folder.ts';

/** What a trace is opened from: a checkpoint of a stack of its lab. */
export interface TracePlace {
  readonly labFile: string;
  readonly stack: string;
  readonly checkpoint: string;
  /** Actions before this one are done again. */
  readonly before: number | undefined;
}

/**
 * Where a trace leads: to the failure, to what was cut before an action, or to the beginning of its test.
 *
 * @throws GoqemuError `trace-gone` where nothing was kept; `usage`
 */
export function placeOf({ record, name }: FoundTrace, at: number | undefined): TracePlace {
  const { lab, evidence, actions } = record;
  if (!lab) throw usageError(`the test of ${name} ran on no lab`, `read it with: goqemu trace show ${name}`);
  if (at !== undefined) {
    const last = actions.at(-1)?.n ?? 0;
    if (at > last) throw usageError(`the test had ${last} actions, got --at ${at}`, 'see them with: goqemu trace show');
    const cut = cutBefore(record, at);
    if (cut) return { labFile: lab.file, stack: cut.stack, checkpoint: cut.checkpoint, before: undefined };
    if (lab.at === undefined || lab.isolation === 'none')
      throw usageError('the test began at no checkpoint: its lab was as the test before left it', 'leave --at out');
    return { labFile: lab.file, stack: lab.stack, checkpoint: lab.at, before: at };
  }
  const place = evidence?.place ?? { missing: 'the trace does not say why' };
  if (isKept(place)) return { labFile: lab.file, stack: place.stack, checkpoint: place.checkpoint, before: undefined };
  throw gone(
    `the machines of ${name} were not kept: ${place.missing}`,
    lab.at === undefined
      ? `read it with: goqemu trace show ${name}`
      : `do its actions again in a copy of the lab: goqemu trace open ${name} --at ${actions.at(-1)?.n ?? 1}`,
  );
}

/** What was cut before an action, or before the next one that changed machines. */
function cutBefore({ actions }: TestRecord, at: number): KeptPlace | undefined {
  const next = actions.find(({ n, again, before }) => n >= at && (before !== undefined || again !== undefined));
  return next?.before && isKept(next.before) ? next.before : undefined;
}

/**
 * Looks whether this host has what a trace was made of.
 *
 * @throws GoqemuError `trace-gone` with what is missing
 */
export async function checkPlace(engine: Engine, { checkpoint, stack }: TracePlace, { record, name }: FoundTrace) {
  const { checkpoints } = await engine.listCheckpoints();
  const found = checkpoints.find(({ id, descriptions }) => id === checkpoint || descriptions[0] === checkpoint);
  if (found?.contents.includes('disk')) return;
  const place = record.evidence?.place;
  const layers = place && isKept(place) && place.checkpoint === checkpoint ? place.machines : [];
  const needs = layers.map((machine) => `${machine.name}: layer ${machine.layer.slice(0, 12)}`).join(', ');
  throw gone(
    `the trace needs the checkpoint ${JSON.stringify(checkpoint)} of the lab ${record.lab?.name}, stack ${stack}${needs ? ` (${needs})` : ''}, which is not here${found ? ' any more' : ''}`,
    `open it on the host where the test ran, as long as it is kept there; read it here with: goqemu trace show ${name}`,
  );
}

function gone(message: string, hint: string): GoqemuError {
  return new GoqemuError({ code: 'trace-gone', source: 'environment', message, hint });
}
