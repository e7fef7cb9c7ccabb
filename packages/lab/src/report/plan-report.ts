import type { SourceLocation } from '@goqemu/core';
import { countChanges, type Plan, problemsOf } from '../plan/plan.ts';
import type { OperationAction, PropertyChange } from '../resource/operation.ts';
import { subjectOf } from '../resource/operation-subject.ts';
import { machineKindName, networkKindName } from '../resource/resource-ref.ts';

/** The document of `plan --json`. */
export interface PlanReport {
  readonly version: 1;
  readonly lab: string;
  readonly stack: string;
  readonly changes: number;
  /** What keeps the plan from being applied; with one, `goqemu plan` exits with 1. */
  readonly problems: readonly {
    readonly code: string;
    readonly message: string;
    /** What it is about; null when it is about the lab or the host. */
    readonly resource: string | null;
    readonly kind: string | null;
    readonly location: SourceLocation | null;
    readonly hint: string | null;
  }[];
  readonly operations: readonly {
    readonly action: OperationAction;
    /** `web`, or `web/nginx` for a step. */
    readonly resource: string;
    /** `machine` or `network`. */
    readonly kind: string;
    readonly reason: string;
    readonly diff: readonly PropertyChange[];
    /** Null when it has not been done before. */
    readonly estimateSeconds: number | null;
  }[];
}

export function planReport(plan: Plan): PlanReport {
  return {
    version: 1,
    lab: plan.lab,
    stack: plan.stack,
    changes: countChanges(plan),
    problems: problemsOf(plan).map(({ code, message, machine, network, location, hint }) => ({
      code,
      message,
      resource: machine ?? network ?? null,
      kind: machine !== undefined ? machineKindName : network !== undefined ? networkKindName : null,
      location: location ?? null,
      hint: hint ?? null,
    })),
    operations: plan.operations.map((operation) => ({
      action: operation.action,
      resource: subjectOf(operation),
      kind: operation.resource.kind,
      reason: operation.reason,
      diff: operation.diff,
      estimateSeconds: operation.estimateMs === undefined ? null : Math.round(operation.estimateMs / 100) / 10,
    })),
  };
}
