import {
  adoptedRecord,
  discardHolding,
  findHoldings,
  type Holding,
  type MachineElsewhere,
  machinesElsewhere,
  QemuBackend,
  type QemuBackendOptions,
} from '@goqemu/backend-qemu';
import { GoqemuError, writeFileAtomic } from '@goqemu/core';
import type { FoundMachine } from '@goqemu/lab';
import { type MachineRecord, openEndpoint, openReader } from '@goqemu/machine';
import type { Vm } from '@goqemu/vm';
import type { HostBackend, HostMachine } from './host-backend.ts';

/** The QEMU backend with what the command line adds to it. */
class QemuHost extends QemuBackend implements HostBackend {
  findHoldings(): Promise<readonly Holding[]> {
    return findHoldings(this.host);
  }

  discardHolding(holding: Holding, signal?: AbortSignal): Promise<void> {
    return discardHolding(this.host, holding, signal);
  }

  machinesElsewhere(): Promise<readonly MachineElsewhere[]> {
    return machinesElsewhere(this.host.folders.home);
  }

  machine(found: Pick<FoundMachine, 'spec' | 'record' | 'scope'>): HostMachine {
    const { spec, record, scope } = found;
    const vm = this.vm(spec, scope);
    const adopted = adoptedRecord(record);
    return {
      openSession: () => this.openSession(spec, record, scope),
      openMonitor: async (signal) =>
        openReader(adopted?.machine ?? (await runningRecord(vm)), { command: 'goqemu qmp', signal }),
      openConsole: async (signal) => {
        const { sockets } = adopted?.machine ?? (await runningRecord(vm));
        if (sockets.console) return openEndpoint(sockets.console, signal);
        throw consoleAbsent(vm);
      },
      logs: {
        console: adopted?.machine.serialLog ?? vm.folder.serialLog,
        qemu: adopted?.machine.stderrLog ?? vm.folder.qemuLog,
      },
      sshFiles: async () => sshFiles(vm, adopted?.hostKey),
    };
  }
}

export function createQemuHost(options: QemuBackendOptions): HostBackend {
  return new QemuHost(options);
}

/** @param adoptedKey the host key of a machine that goqemu did not make */
async function sshFiles(vm: Vm, adoptedKey: string | undefined) {
  const access = await vm.host.keys.loadOrCreate(vm.scope.lineage);
  const hostKey = adoptedKey ?? (await vm.hostKey()).publicKey;
  const knownHostsFile = vm.folder.file('known_hosts');
  // The form of sshd(8), “SSH_KNOWN_HOSTS FILE FORMAT”: a port other than 22 in brackets.
  await writeFileAtomic(knownHostsFile, `[127.0.0.1]:${vm.spec.identity.sshPort} ${hostKey}\n`);
  return { identityFile: access.privateKeyFile, knownHostsFile };
}

function consoleAbsent(vm: Vm): GoqemuError {
  return new GoqemuError({
    code: 'console-absent',
    source: 'user',
    subject: vm.spec.name,
    message: `machine ${vm.spec.name} has no serial console to attach to`,
    hint: `read what it wrote with: goqemu logs ${vm.spec.name}`,
  });
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
