import { errorMessage } from '@goqemu/core';
import { flattenWhenDeep } from '../layers/flatten-layer.ts';
import type { Layer } from '../layers/layer.ts';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import { qemuImg } from './qemu-img.ts';

/**
 * Flattens a layer that was just cut when it stands on too many others. The layer is whole without it: where it cannot
 * be done, usually for lack of room, that is a notice.
 */
export async function keepShallow(vm: Vm, layer: Layer, call: VmCall): Promise<Layer> {
  const tell = (code: string, message: string) => call.onProgress?.({ kind: 'notice', code, message });
  const { id } = layer.manifest;
  try {
    const flat = await flattenWhenDeep(vm.host.layers, layer, {
      qemuImg: () => qemuImg(vm, call.signal),
      onStage: (stage) => vm.trace(stage),
      ...(call.signal ? { signal: call.signal } : {}),
    });
    if (!flat) return layer;
    tell('layer-flattened', `layer ${id} stood on ${flat.depth} others and is now one file on its image`);
    return flat.layer;
  } catch (error) {
    call.signal?.throwIfAborted();
    tell('layer-not-flattened', `layer ${id} stands on many others, which is slow to read: ${errorMessage(error)}`);
    return layer;
  }
}
