/** goqemu/qmp: QMP, the protocol of QEMU's monitors. */
export * from '@goqemu/protocol/qmp';
