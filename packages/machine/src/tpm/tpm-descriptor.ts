/** The file descriptor over which QEMU meets an swtpm that goqemu started: the first after the standard ones. */
export const tpmDescriptor = 3;
