import { captureRam, captureWhole, type Machine, type RamCapture, stateChannel } from '@goqemu/machine';
import type { Vm } from '../vm/vm.ts';
import type { VmCall } from '../vm/vm-host.ts';
import type { VmSpec } from '../vm/vm-spec.ts';
import { hostRamStrategy, machineRamStrategy, type RamStrategy, wholeRamStrategy } from './ram-strategy.ts';

/** How the RAM of a machine gets into files; undefined, with a notice that says why, where it cannot. */
export async function captureMachine(
  vm: Vm,
  machine: Machine,
  files: { readonly ram: string; readonly state: string },
  call: VmCall,
): Promise<RamCapture | undefined> {
  const { pid } = machine.record;
  const installation = await vm.host.installation(vm.spec.arch, call.signal);
  const strategy = await ramStrategyOf(vm, machine, call);
  if (strategy.kind === 'disk') {
    call.onProgress?.({
      kind: 'notice',
      code: 'ram-not-kept',
      message: `the checkpoint of ${vm.spec.name} holds the ${strategy.reason}`,
    });
    return undefined;
  }
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
