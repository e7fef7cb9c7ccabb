import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { GoqemuError, removeFile, replaceFile, statIfThere } from '@goqemu/core';
import type { MachineConfig } from '../configuration/machine-config.ts';
import type { Architecture } from '../find/architecture.ts';
import type { QemuInstallation } from '../find/installation.ts';

interface FirmwareFiles {
  readonly code: string;
  /** The variables as they are on a new machine. */
  readonly template: string;
}

/** Where distributions put UEFI for QEMU; relative names lie in the installation's own firmware folder. */
const known: Partial<Record<Architecture, readonly FirmwareFiles[]>> = {
  x86_64: [
    { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', template: '/usr/share/OVMF/OVMF_VARS_4M.fd' },
    { code: '/usr/share/edk2/x64/OVMF_CODE.4m.fd', template: '/usr/share/edk2/x64/OVMF_VARS.4m.fd' },
    { code: '/usr/share/edk2/ovmf/OVMF_CODE.fd', template: '/usr/share/edk2/ovmf/OVMF_VARS.fd' },
    { code: '/usr/share/OVMF/OVMF_CODE.fd', template: '/usr/share/OVMF/OVMF_VARS.fd' },
    { code: 'edk2-x86_64-code.fd', template: 'edk2-i386-vars.fd' },
  ],
  aarch64: [
    { code: '/usr/share/AAVMF/AAVMF_CODE.fd', template: '/usr/share/AAVMF/AAVMF_VARS.fd' },
    {
      code: '/usr/share/edk2/aarch64/QEMU_EFI-pflash.raw',
      template: '/usr/share/edk2/aarch64/vars-template-pflash.raw',
    },
    { code: 'edk2-aarch64-code.fd', template: 'edk2-arm-vars.fd' },
  ],
  riscv64: [{ code: 'edk2-riscv-code.fd', template: 'edk2-riscv-vars.fd' }],
};

/** Finds the code of the UEFI firmware, and makes the machine's own variables where there are none yet. */
export async function resolveFirmware(
  config: MachineConfig,
  installation: QemuInstallation,
  signal: AbortSignal | undefined,
): Promise<MachineConfig['firmware']> {
  const { firmware } = config;
  if (firmware.kind !== 'uefi') return firmware;
  const files = await findFiles(config.arch, installation);
  const code = firmware.code ?? files?.code;
  if (firmware.variables && !(await statIfThere(firmware.variables))) {
    await makeVariables(firmware.variables, files?.template, installation, signal);
  }
  return { ...firmware, code };
}

async function findFiles(arch: Architecture, installation: QemuInstallation): Promise<FirmwareFiles | undefined> {
  const folder = installation.firmwareFolder;
  for (const files of known[arch] ?? []) {
    const absolute = (name: string) => (name.startsWith('/') || !folder ? name : join(folder, name));
    const found = { code: absolute(files.code), template: absolute(files.template) };
    if ((await readable(found.code)) && (await readable(found.template))) return found;
  }
  return undefined;
}

/** In qcow2, so that a snapshot of the machine holds them: raw ones are silently left out of it. */
async function makeVariables(
  path: string,
  template: string | undefined,
  installation: QemuInstallation,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (!template || !installation.imgPath) {
    throw new GoqemuError({
      code: 'firmware-missing',
      source: 'environment',
      subject: path,
      message: template
        ? 'qemu-img is missing, which makes the UEFI variables'
        : 'no template of UEFI variables was found',
      hint: 'install the UEFI firmware (Debian: ovmf or qemu-efi-aarch64) and qemu-img, or make the file yourself',
    });
  }
  const draft = `${path}.${process.pid}.tmp`;
  try {
    const argv = ['convert', '-f', 'raw', '-O', 'qcow2', '--', template, draft];
    const { execa } = await import('execa'); // late: most commands start no program
    const result = await execa(installation.imgPath, argv, {
      reject: false,
      ...(signal ? { cancelSignal: signal } : {}),
    });
    signal?.throwIfAborted();
    if (result.failed) throw variablesNotMade(path, result.stderr || (result.shortMessage ?? ''));
    await replaceFile(draft, path);
  } finally {
    await removeFile(draft);
  }
}

function variablesNotMade(path: string, detail: string): GoqemuError {
  return new GoqemuError({
    code: 'firmware-variables-failed',
    source: 'environment',
    subject: path,
    message: `the file of UEFI variables could not be made: ${path}`,
    detail,
    hint: 'its folder must exist, with room and write access',
  });
}

async function readable(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
