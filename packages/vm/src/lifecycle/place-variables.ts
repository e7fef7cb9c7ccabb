import { join } from 'node:path';
import type { Layer } from '../layers/layer.ts';
import { copyVariables, variablesBeside } from '../vm/uefi-variables.ts';
import type { Vm } from '../vm/vm.ts';

/**
 * Gives a machine the UEFI variables of a layer, beside a disk that stands on it.
 *
 * @returns their name; undefined for a layer that has none: then the machine keeps its own
 */
export async function placeVariables(vm: Vm, layer: Layer, disk: string): Promise<string | undefined> {
  const { variables } = layer.manifest;
  if (!variables || vm.spec.firmware !== 'uefi') return undefined;
  const name = variablesBeside(disk);
  return (await copyVariables(join(layer.folder, variables.name), vm.folder.file(name))) ? name : undefined;
}
