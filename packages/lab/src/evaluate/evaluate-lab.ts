import { dirname, isAbsolute } from 'node:path';
import { checkResourceName, errorMessage, GoqemuError, isGoqemuError, lengthPrefixedDigest } from '@goqemu/core';
import type { Architecture } from '@goqemu/spec';
import type { LabBuilder, LabDefinition } from '../definition/define-lab.ts';
import type { MachineBuilder } from '../definition/machine-builder.ts';
import type { CardNames, LabNetwork, NetworksOption } from '../definition/network-options.ts';
import { layerLimits } from '../layer/layer-limits.ts';
import type { Allocations } from './allocations.ts';
import type { Lab } from './lab.ts';
import { labError, withLocation } from './lab-error.ts';
import { LabRecorder } from './lab-recorder.ts';
import type { Recorded } from './machine-recorder.ts';
import { outputValue } from './output-value.ts';
import { checkParameters } from './parameters.ts';
import { readTimeouts } from './read-timeouts.ts';
import { locationInStack } from './source-location.ts';

export interface EvaluateOptions {
  /** Values for the lab's schema, before validation. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly stack?: string;
  /** Absolute; paths in the lab are relative to its folder. */
  readonly labFile: string;
  /** What the state has given out before; without it everything is given out again, by the lab's name. */
  readonly allocations?: Allocations;
  /** That of machines which name none: what the place runs without emulation, or the lock file says. @default 'amd64' */
  readonly architecture?: Architecture;
}

/**
 * Runs a lab's program. Pure: the same definition, options and allocations give the same lab.
 *
 * @throws GoqemuError with the place in the lab that caused it; `lab-threw` for what the program itself throws
 */
export function evaluateLab(definition: LabDefinition, options: EvaluateOptions): Lab {
  const stack = options.stack ?? 'default';
  const { labFile } = options;
  if (!isAbsolute(labFile)) throw new TypeError(`labFile must be absolute, got ${labFile}`);
  try {
    checkResourceName(definition.name, 'the lab');
    checkResourceName(stack, 'the stack');
    const parameters = checkParameters(definition, options.parameters ?? {});
    const allocations = options.allocations ?? freshAllocations(definition.name, stack);
    const timeouts = readTimeouts(definition.timeouts, undefined, () => definition.location);
    const { architecture = 'amd64' } = options;
    const folders = { labFile, labFolder: dirname(labFile) };
    const recorder = new LabRecorder(folders, allocations, { timeouts, architecture });
    const builder: LabBuilder = {
      name: definition.name,
      stack,
      vm: (name, machineOptions) => typed(recorder.add('vm', name, machineOptions ?? {})),
      network: (name, networkOptions) => recorder.networks.add(name, networkOptions ?? {}) as LabNetwork<typeof name>,
      template: (name, machineOptions) => typed(recorder.add('template', name, machineOptions ?? {})),
    };
    const returned = definition.program(Object.freeze(builder), parameters);
    if (returned instanceof Promise || typeof (returned as { then?: unknown } | null)?.then === 'function') {
      throw labError('lab-asynchronous', {
        message: 'the lab’s program is asynchronous',
        location: definition.location,
        hint: 'describe the lab without await: read what you need in a parameter, a file step or a capture',
      });
    }
    const outputs = outputValue(returned, () => definition.location);
    return {
      name: definition.name,
      stack,
      labFile,
      get location() {
        return definition.location;
      },
      parameters,
      machines: recorder.declarations(),
      networks: recorder.networks.declarations(),
      usual: { architecture, machines: recorder.ofUsualArchitecture() },
      secrets: recorder.secretsWith(returned),
      outputs,
      freshPorts: recorder.freshPorts(),
      freshRanges: recorder.networks.fresh,
      layerLimits: layerLimits(definition.layers),
    };
  } catch (error) {
    throw located(error, definition, labFile);
  }
}

/**
 * What a lab is typed by. The recorder has every method of the interface; only which outputs, checkpoints and forwards
 * there are is known to the lab's types alone.
 */
function typed<Name extends string, Forward extends string, Networks extends NetworksOption, Before extends string>(
  recorder: Recorded<MachineBuilder<string, string, string, string>>,
) {
  return recorder as unknown as MachineBuilder<never, never, Forward, CardNames<Networks>, Name, Before>;
}

/** For an evaluation without a state, such as `graph` or a unit test. */
export function freshAllocations(lab: string, stack: string): Allocations {
  const lineage = lengthPrefixedDigest(['goqemu-lineage', lab, stack]).slice(0, 12);
  return { lineage, place: lineage, machines: {}, avoid: new Set() };
}

function located(error: unknown, definition: LabDefinition, labFile: string): unknown {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const location = locationInStack(stack, labFile) ?? definition.location;
  if (isGoqemuError(error)) return error.location || !location ? error : withLocation(error, location);
  return new GoqemuError({
    code: 'lab-threw',
    source: 'user',
    message: `the lab’s program threw: ${errorMessage(error)}`,
    hint: 'fix the program; it must finish and have no side effects',
    cause: error,
    ...(location ? { location } : {}),
  });
}
