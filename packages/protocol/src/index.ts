export { LineSplitter } from './framing/line-splitter.ts';
export * from './qapi/index.ts';
export * from './qga/index.ts';
export * from './qmp/index.ts';
export { type Connectable, openTransport, type TransportAddress } from './transports/address.ts';
export { connectTcp } from './transports/tcp.ts';
export type { Transport, TransportEnd } from './transports/transport.ts';
export { connectUnixSocket } from './transports/unix-socket.ts';
