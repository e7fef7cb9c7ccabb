/** goqemu/machine: single QEMU processes: find, launch, attach, stop. */
export * from '@goqemu/machine/public';
