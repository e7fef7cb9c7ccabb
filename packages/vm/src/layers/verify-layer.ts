import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GoqemuError } from '@goqemu/core';
import { isSavedState, parseStateStream } from '@goqemu/machine';
import type { Layer } from './layer.ts';
import type { LayerStore } from './layer-store.ts';

/**
 * Looks into every file of a layer, where a restore only looks at them: disk and UEFI variables as a whole with
 * qemu-img(1), check, and the device state.
 *
 * @throws GoqemuError `layer-damaged`, `state-stream-unknown`
 */
export async function verifyLayer(
  store: LayerStore,
  layer: Layer,
  options: { readonly qemuImg: string; readonly signal?: AbortSignal },
): Promise<void> {
  await store.check(layer);
  const { disk, variables } = layer.manifest;
  for (const { name } of [disk, ...(variables ? [variables] : [])]) await checkImage(layer, name, options);
  if (!(await store.hasRam(layer))) return;
  const { form, state } = store.ramFiles(layer);
  if (form === 'devices') parseStateStream(await readFile(state));
  else if (!(await isSavedState(state))) throw noState(layer, state);
}

async function checkImage(
  layer: Layer,
  name: string,
  options: { readonly qemuImg: string; readonly signal?: AbortSignal },
): Promise<void> {
  const image = join(layer.folder, name);
  const { execa } = await import('execa'); // late: most commands start no program
  // The machine above may have it open for reading: -U asks for no lock.
  const result = await execa(options.qemuImg, ['check', '-q', '-U', '-f', 'qcow2', image], {
    reject: false,
    env: { LC_ALL: 'C' },
    ...(options.signal ? { cancelSignal: options.signal } : {}),
  });
  options.signal?.throwIfAborted();
  // 3: clusters that nothing uses, which costs room and nothing else.
  if (result.exitCode !== 0 && result.exitCode !== 3) {
    throw new GoqemuError({
      code: 'layer-damaged',
      source: 'environment',
      subject: layer.manifest.id,
      message: `checkpoint ${layer.manifest.id} is damaged: ${image} is not consistent`,
      detail: result.stderr || result.stdout || result.shortMessage || 'qemu-img gave no reason',
      hint: 'move its file away: a plan then counts it as lost, and the steps up to it run again',
    });
  }
}

function noState(layer: Layer, path: string): GoqemuError {
  return new GoqemuError({
    code: 'layer-damaged',
    source: 'environment',
    subject: layer.manifest.id,
    message: `checkpoint ${layer.manifest.id} is damaged: ${path} does not begin as a state of QEMU does`,
    hint: 'move its file away: a plan then counts it as lost, and the steps up to it run again',
  });
}
