import { captureRam, captureWhole, type Machine, type RamCapture, stateChannel } from '@goqemu/machine';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import type { VmSpec } from '../vm/vm-spec.ts';
import { hostRamStrategy, machineRamStrategy, type RamStrategy, takesRam, wholeRamStrategy } from './ram-strategy.ts';

/** Whether a cut of this machine takes its RAM along. A checkpoint with a name that does not says why. */
export async function keepsRam(
  vm: Vm,
  machine: Machine,
  descriptions: readonly string[],
  call: VmCall,
): Promise<boolean> {
  const isNamed = descriptions.length > 0;
  const strategy = await ramStrategyOf(vm, machine, call);
  if (strategy.kind === 'disk' && isNamed)
    call.onProgress?.({
      kind: 'notice',
      code: 'ram-not-kept',
      message: `the checkpoint of ${vm.spec.name} holds the ${strategy.reason}`,
    });
  return takesRam(strategy, { isNamed });
}

/** How the RAM of a machine that keeps it gets into files. */
export async function captureMachine(
  vm: Vm,
  machine: Machine,
  files: { readonly ram: string; readonly state: string },
  call: VmCall,
): Promise<RamCapture> {
  const { pid } = machine.record;
  const installation = await vm.host.installation(vm.spec.arch, call.signal);
  const strategy = await ramStrategyOf(vm, machine, call);
  const { baseState } = await vm.state();
  const options = {
    pid,
    monitor: machine.qmp,
    memory: vm.spec.memory,
    ...(baseState ? { base: vm.folder.file(baseState) } : {}),
    ram: files.ram,
    state: files.state,
    channel: stateChannel(machine.record),
    ...(call.signal ? { signal: call.signal } : {}),
  };
  const apart = strategy.kind === 'copy-on-write' || strategy.kind === 'copy' ? await captureRam(options) : undefined;
  if (apart) return apart;
  const whole = wholeRamStrategy(vm.host, installation, 'its RAM is not in a file');
  return captureWhole(whole.kind, options);
}

/** How the RAM of a machine is kept here. */
export async function ramStrategyOf(vm: Vm, { record }: Machine, call: VmCall): Promise<RamStrategy> {
  const installation = await vm.host.installation(vm.spec.arch, call.signal);
  const { firmware } = vm.spec;
  const accelerator = record.accelerator as VmSpec['accelerator'];
  return machineRamStrategy(await hostRamStrategy(vm.host, installation), { firmware, accelerator });
}
