import { portNumber } from '@goqemu/spec';
import type { TakenRange } from '../backend/networks.ts';
import { optionalVerb } from '../backend/optional-verb.ts';
import type { LabDefinition } from '../definition/define-lab.ts';
import type { EngineContext } from '../engine-context/engine-context.ts';
import type { Allocations } from '../evaluate/allocations.ts';
import { evaluateLab } from '../evaluate/evaluate-lab.ts';
import type { Lab } from '../evaluate/lab.ts';
import { readLabLock } from '../lock/lab-lock.ts';
import { usualArchitecture } from '../lock/usual-architecture.ts';
import { renamesOf } from '../machine/rename-machine.ts';
import { networkSpecs } from '../network/network-state.ts';

export interface EvaluationOptions {
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly signal?: AbortSignal;
}

type Given = Allocations['machines'];

/** How often fresh ports are chosen again when a program listens on those that were chosen. */
const portAttempts = 8;

/** Runs the lab's program with what the state has given out, until no program listens on its new ports. */
export async function evaluateWithState(
  context: EngineContext,
  definition: LabDefinition,
  options: EvaluationOptions,
): Promise<Lab> {
  const [{ state }, lock] = await Promise.all([context.read(), readLabLock(context.storage)]);
  let machines: Given = Object.fromEntries(
    Object.values(state.resources.machine).map(({ name, spec }) => [
      name,
      { identity: spec.identity, forwards: spec.forwards },
    ]),
  );
  const networks = networkSpecs(state);
  let takenRanges: readonly TakenRange[] | undefined;
  const avoid = new Set<number>();
  const call = context.plainCall(state.lineage, 'ports', options.signal);
  for (let attempt = 1; ; attempt++) {
    const lab = evaluateLab(definition, {
      stack: state.forkedFrom?.root ?? context.owner.stack,
      labFile: context.labFile,
      architecture: usualArchitecture(lock, context.backend),
      allocations: {
        lineage: state.lineage,
        place: context.storage.path('state'),
        machines,
        networks,
        ...(takenRanges ? { takenRanges } : {}),
        avoid,
        isFork: state.forkedFrom !== undefined,
      },
      ...(options.parameters ? { parameters: options.parameters } : {}),
    });
    const renamed = withReusedNames(machines, lab);
    if (renamed) {
      machines = renamed;
      continue;
    }
    if (lab.freshRanges.length > 0 && !takenRanges) {
      takenRanges = (await optionalVerb(context.backend, 'hostRoutes')?.(call)) ?? [];
      if (takenRanges.length > 0) continue;
    }
    const taken = lab.freshPorts.length > 0 ? await context.backend.checkPorts(lab.freshPorts, call) : [];
    if (taken.length === 0 || attempt === portAttempts) return lab;
    for (const { port } of taken) avoid.add(portNumber(port));
  }
}

/** A new machine may take the name that a renamed one had: what was given out goes with the latter. */
function withReusedNames(machines: Given, lab: Lab): Given | undefined {
  const reused = renamesOf(machines, lab.machines).filter(({ from }) => lab.machines.some((one) => one.name === from));
  if (reused.length === 0) return undefined;
  const moved = Object.fromEntries(reused.flatMap(({ from, to }) => (machines[from] ? [[to, machines[from]]] : [])));
  const gone = new Set(reused.map(({ from }) => from));
  return { ...Object.fromEntries(Object.entries(machines).filter(([name]) => !gone.has(name))), ...moved };
}
