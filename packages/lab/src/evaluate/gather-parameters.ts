import type { LabDefinition } from '../definition/define-lab.ts';

export interface ParameterSources {
  /** What a parameters file holds. */
  readonly file?: Readonly<Record<string, unknown>>;
  /** `GOQEMU_PARAM_WORKERS` is the parameter `workers`; upper and lower case, and underscores, do not count. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** `--param workers=2`. */
  readonly options?: Readonly<Record<string, unknown>>;
}

const prefix = 'GOQEMU_PARAM_';

/** Puts parameters together: options go before the environment, and that before the file. */
export function gatherParameters(
  definition: LabDefinition,
  sources: ParameterSources,
): Readonly<Record<string, unknown>> {
  const shape = (definition.params as { shape?: Readonly<Record<string, unknown>> } | undefined)?.shape ?? {};
  const plain = (name: string) => name.replaceAll('_', '').toLowerCase();
  const known = new Map(Object.keys(shape).map((name) => [plain(name), name]));
  const fromEnvironment = Object.entries(sources.environment ?? {}).flatMap(([variable, value]) => {
    if (!variable.startsWith(prefix) || value === undefined) return [];
    const name = variable.slice(prefix.length);
    return [[known.get(plain(name)) ?? name, value] as const];
  });
  return { ...sources.file, ...Object.fromEntries(fromEnvironment), ...sources.options };
}
