/** goqemu/qga: the QEMU guest agent's protocol. */
export * from '@goqemu/protocol/qga';
