/** Guest architectures, by the names of Go and Debian: what labs, plans, states and layer keys hold. */
export const architectures = ['amd64', 'arm64'] as const;
/** Architectures of guests, by Debian's names. */
export type Architecture = (typeof architectures)[number];

/** QEMU's and the kernel's names of the same: what image catalogues and QEMU's binaries are called by. */
export const qemuArchitectures = ['x86_64', 'aarch64'] as const;
/** Architectures of guests, by QEMU's names. */
export type QemuArchitecture = (typeof qemuArchitectures)[number];

const qemuNames = { amd64: 'x86_64', arm64: 'aarch64' } as const satisfies Record<Architecture, QemuArchitecture>;

export function toQemuArchitecture(architecture: Architecture): QemuArchitecture {
  return qemuNames[architecture];
}

/** Undefined for what QEMU emulates and goqemu has no machines of. */
export function fromQemuArchitecture(name: string): Architecture | undefined {
  return architectures.find((architecture) => qemuNames[architecture] === name);
}

/** The architecture of a host, by Node's name of it (`process.arch`); amd64 where it is neither. */
export function hostArchitecture(nodeArch: string): Architecture {
  return nodeArch === 'arm64' ? 'arm64' : 'amd64';
}
