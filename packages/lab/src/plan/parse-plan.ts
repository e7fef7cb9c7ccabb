import { type ErrorCode, GoqemuError } from '@goqemu/core';
import { type Plan, planFormat, planVersion } from './plan.ts';

/** @throws GoqemuError `plan-invalid`, `plan-newer`, `plan-older` */
export function parsePlan(text: string, path: string): Plan {
  let value: Partial<Plan> | null;
  try {
    value = JSON.parse(text) as Partial<Plan> | null;
  } catch (error) {
    throw planError('plan-invalid', `${path} is not a saved plan: it is not JSON`, path, error);
  }
  if (typeof value !== 'object' || value === null || value.format !== planFormat) {
    throw planError('plan-invalid', `${path} is not a saved plan`, path);
  }
  if (typeof value.version !== 'number' || value.version > planVersion)
    throw planError('plan-newer', `${path} was written by a newer goqemu`, path);
  if (value.version < planVersion) throw planError('plan-older', `${path} was written by an older goqemu`, path);
  const complete =
    typeof value.lab === 'string' &&
    typeof value.stack === 'string' &&
    typeof value.lineage === 'string' &&
    Number.isInteger(value.serial) &&
    Number.isInteger(value.journal) &&
    typeof value.createdAt === 'string' &&
    isTable(value.outputs) &&
    isTable(value.secrets) &&
    isTable(value.pins) &&
    isTable(value.layerLimits) &&
    Array.isArray(value.preflight) &&
    Array.isArray(value.operations) &&
    value.operations.every(isOperation);
  if (!complete) throw planError('plan-invalid', `${path} is a damaged plan`, path);
  return value as Plan;
}

function isOperation({ id, resource, dependsOn, work }: Partial<Plan['operations'][number]>): boolean {
  const isNamed = typeof resource?.kind === 'string' && typeof resource.name === 'string';
  return typeof id === 'string' && isNamed && Array.isArray(dependsOn) && isTable(work);
}

function isTable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function planError(code: ErrorCode, message: string, path: string, cause?: unknown): GoqemuError {
  return new GoqemuError({
    code,
    source: 'user',
    subject: path,
    message,
    location: { file: path },
    hint: 'make a plan with goqemu plan --out FILE',
    ...(cause === undefined ? {} : { cause }),
  });
}
