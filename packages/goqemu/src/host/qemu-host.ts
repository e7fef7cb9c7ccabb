import { QemuBackend, type QemuBackendOptions } from '@goqemu/backend-qemu';
import { GoqemuError, writeFileAtomic } from '@goqemu/core';
import type { LabScope, MachineSpec } from '@goqemu/lab';
import { type MachineRecord, openEndpoint, openReader } from '@goqemu/machine';
import type { Vm } from '@goqemu/vm';
import type { HostBackend, HostMachine } from './host-backend.ts';

/** The QEMU backend with what the command line adds to it. */
class QemuHost extends QemuBackend implements HostBackend {
  machine(machine: MachineSpec, scope: LabScope): HostMachine {
    return hostMachine(this.vm(machine, scope));
  }
}

export function createQemuHost(options: QemuBackendOptions): HostBackend {
  return new QemuHost(options);
}

function hostMachine(vm: Vm): HostMachine {
  return {
    openSession: () => vm.openSession(),
    openMonitor: async (signal) => openReader(await runningRecord(vm), { command: 'goqemu qmp', signal }),
    openConsole: async (signal) => {
      const { sockets } = await runningRecord(vm);
      if (sockets.console) return openEndpoint(sockets.console, signal);
      throw new GoqemuError({
        code: 'console-absent',
        source: 'user',
        subject: vm.spec.name,
        message: `machine ${vm.spec.name} has no serial console to attach to`,
        hint: `read what it wrote with: goqemu logs ${vm.spec.name}`,
      });
    },
    logs: { console: vm.folder.serialLog, qemu: vm.folder.qemuLog },
    sshFiles: async () => {
      const [access, host] = await Promise.all([vm.host.keys.loadOrCreate(vm.scope.lineage), vm.hostKey()]);
      const knownHostsFile = vm.folder.file('known_hosts');
      // The form of sshd(8), “SSH_KNOWN_HOSTS FILE FORMAT”: a port other than 22 in brackets.
      await writeFileAtomic(knownHostsFile, `[127.0.0.1]:${vm.spec.identity.sshPort} ${host.publicKey}\n`);
      return { identityFile: access.privateKeyFile, knownHostsFile };
    },
  };
}

/** @throws GoqemuError `vm-stopped` */
async function runningRecord(vm: Vm): Promise<MachineRecord> {
  const { machine } = await vm.state();
  if (machine) return machine as unknown as MachineRecord;
  throw new GoqemuError({
    code: 'vm-stopped',
    source: 'user',
    subject: vm.spec.name,
    message: `machine ${vm.spec.name} is not running`,
    hint: 'start it with: goqemu apply',
  });
}
