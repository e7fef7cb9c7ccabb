import type { OperationAction, PropertyChange } from '../plan/operation.ts';
import { countChanges, type Plan } from '../plan/plan.ts';

/** The document of `plan --json`. */
export interface PlanReport {
  readonly version: 1;
  readonly lab: string;
  readonly stack: string;
  readonly changes: number;
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
    operations: plan.operations.map(({ action, resource, reason, diff, estimateMs }) => ({
      action,
      resource,
      reason,
      diff,
      estimateSeconds: estimateMs === undefined ? null : Math.round(estimateMs / 100) / 10,
    })),
  };
}
