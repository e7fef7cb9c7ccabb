import { type ArgumentContext, featureMissing } from './argument-context.ts';

/**
 * The id of the machine's memory. It is the name of the RAM block in a saved state, and so the same for every
 * backend: a state saved from memfd is restored over a file.
 */
export const memoryId = 'ram';

/** `-m` and the memory's object (QEMU docs/system/vm-templating.rst). */
export function memoryArguments(context: ArgumentContext): string[] {
  const { config, installation } = context;
  const size = config.memory;
  const object = { id: memoryId, size, ...backend(context) };
  const driver = object['qom-type'];
  if (!installation.features.objects.includes(driver)) throw featureMissing(`object ${driver}`, installation);
  return ['-m', `size=${size / 2 ** 20}M`, '-object', JSON.stringify(object)];
}

function backend({ config, installation, platform }: ArgumentContext) {
  const chosen = config.memoryBackend ?? {
    kind:
      platform.system === 'linux' && installation.features.objects.includes('memory-backend-memfd')
        ? ('memfd' as const)
        : ('plain' as const),
    share: true,
  };
  switch (chosen.kind) {
    case 'plain':
      return { 'qom-type': 'memory-backend-ram' };
    case 'memfd':
      // Unsealed: a checkpoint's RAM is copied into it from outside before the guest runs.
      return { 'qom-type': 'memory-backend-memfd', share: chosen.share, seal: false };
    case 'file':
      return {
        'qom-type': 'memory-backend-file',
        'mem-path': chosen.path,
        share: chosen.share,
        ...readonly(chosen, installation),
      };
  }
}

/** With `readonly` the file is opened so; `rom=off` (QEMU 9.0) keeps the guest's pages writable all the same. */
function readonly(chosen: { readonly: boolean }, installation: ArgumentContext['installation']) {
  if (!chosen.readonly) return {};
  if (installation.version.major < 9) return {}; // there it would make the guest's memory read-only
  return { readonly: true, rom: 'off' };
}
