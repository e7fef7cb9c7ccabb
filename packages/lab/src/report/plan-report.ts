import type { SourceLocation } from '@goqemu/core';
import type { OperationAction, PropertyChange } from '../plan/operation.ts';
import { countChanges, type Plan, problemsOf } from '../plan/plan.ts';

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
    /** The machine that it is about; null when it is about the lab or the host. */
    readonly resource: string | null;
    readonly location: SourceLocation | null;
    readonly hint: string | null;
  }[];
  readonly operations: readonly {
    readonly action: OperationAction;
    readonly resource: string;
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
    problems: problemsOf(plan).map(({ code, message, machine, location, hint }) => ({
      code,
      message,
      resource: machine ?? null,
      location: location ?? null,
      hint: hint ?? null,
    })),
    operations: plan.operations.map(({ action, resource, reason, diff, estimateMs }) => ({
      action,
      resource,
      reason,
      diff,
      estimateSeconds: estimateMs === undefined ? null : Math.round(estimateMs / 100) / 10,
    })),
  };
}
