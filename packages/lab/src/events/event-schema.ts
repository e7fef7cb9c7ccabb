import { z } from 'zod';
import type { OperationAction } from '../resource/operation.ts';
import { engineEventVersion } from './engine-event.ts';

/**
 * Schemas of an event stream: of its first line, and of every further one. See docs/events.md. Built when asked
 * for: an ordinary run writes events and never reads them.
 */
export function eventStreamSchemas() {
  const { operation, error, progress } = recordSchemas();
  const at = z.iso.datetime();
  const lab = z.string();
  const stack = z.string();
  const id = z.string();

  const header = z.object({
    type: z.literal('stream'),
    format: z.literal('goqemu-events'),
    version: z.literal(engineEventVersion),
  });

  const event = z.discriminatedUnion('type', [
    z.object({ at, type: z.literal('plan-made'), lab, stack, changes: z.number().int() }),
    z.object({ at, type: z.literal('apply-started'), lab, stack, operations: z.array(operation) }),
    z.object({ at, type: z.literal('operation-started'), operation }),
    z.object({ at, type: z.literal('operation-progress'), id, progress }),
    z.object({ at, type: z.literal('operation-done'), id, durationMs: z.number() }),
    z.object({ at, type: z.literal('operation-failed'), id, error }),
    z.object({ at, type: z.literal('operation-skipped'), id, reason: z.string() }),
    z.object({ at, type: z.literal('progress'), subject: z.string(), progress }),
    z.object({ at, type: z.literal('notice'), code: z.string(), message: z.string(), hint: z.string().optional() }),
    z.object({ at, type: z.literal('state-saved'), serial: z.number().int() }),
    z.object({
      at,
      type: z.literal('apply-done'),
      outcome: z.enum(['done', 'failed', 'interrupted']),
      durationMs: z.number(),
    }),
  ]);
  return { header, event };
}

/** Schemas of what events are about. */
function recordSchemas() {
  const action = z.enum([
    'create',
    'update',
    'replace',
    'delete',
    'start',
    'stop',
    'suspend',
    'resume',
    'run',
    'restore',
    'reuse',
  ] satisfies readonly OperationAction[]);

  const error = z.object({
    code: z.string(),
    source: z.enum(['user', 'environment', 'internal']),
    message: z.string(),
    subject: z.string().optional(),
    detail: z.string().optional(),
    hint: z.string().optional(),
    location: z.object({ file: z.string(), line: z.number().optional(), column: z.number().optional() }).optional(),
    data: z.record(z.string(), z.unknown()).optional(),
  });

  const operation = z.object({
    id: z.string(),
    action,
    resource: z.object({ kind: z.string(), name: z.string() }),
    step: z.string().optional(),
    reason: z.string(),
    dependsOn: z.array(z.string()),
    estimateMs: z.number().optional(),
  });

  const progress = z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('stage'),
      stage: z.string(),
      status: z.enum(['started', 'done']),
      durationMs: z.number().optional(),
    }),
    z.object({ kind: z.literal('transfer'), what: z.string(), done: z.number(), total: z.number().optional() }),
    z.object({ kind: z.literal('output'), stream: z.enum(['stdout', 'stderr']), text: z.string() }),
    z.object({ kind: z.literal('notice'), code: z.string(), message: z.string() }),
  ]);
  return { operation, error, progress };
}
