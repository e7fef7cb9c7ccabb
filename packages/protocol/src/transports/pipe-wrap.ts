import type { SocketConstructorOpts } from 'node:net';

/** The parts of Node's own pipe handle that are needed to send a descriptor along with text. */
export interface PipeHandle {
  open(descriptor: number): number;
  connect(request: object, path: string): number;
  writeUtf8String(request: object, text: string, handle: PipeHandle): number;
  close(): void;
}

export interface PipeWrap {
  /** `kind`: 0 a plain socket, 2 one that carries descriptors. */
  readonly Pipe: new (
    kind: number,
  ) => PipeHandle;
  readonly PipeConnectWrap: new () => { oncomplete?: (status: number) => void };
  readonly WriteWrap: new () => { oncomplete?: (status: number) => void; async?: boolean };
  readonly plain: number;
  readonly ipc: number;
}

/** What `new Socket` takes without saying so in its types. */
export type SocketOnHandle = SocketConstructorOpts & { handle: PipeHandle };

type Binding = (name: string) => Record<string, unknown>;

/**
 * `child_process` passes sockets to its children through these handles; there is no public way to them.
 *
 * @throws when this Node.js keeps them to itself
 */
export function loadPipeWrap(): PipeWrap {
  const binding = (process as unknown as { binding?: Binding }).binding;
  if (typeof binding !== 'function') throw new Error('process.binding is missing');
  const pipe = binding.call(process, 'pipe_wrap');
  const stream = binding.call(process, 'stream_wrap');
  const constants = pipe.constants as { SOCKET?: number; IPC?: number } | undefined;
  if (typeof pipe.Pipe !== 'function' || constants?.IPC === undefined || typeof stream.WriteWrap !== 'function') {
    throw new Error('its pipe handles are not what they were');
  }
  return {
    Pipe: pipe.Pipe as PipeWrap['Pipe'],
    PipeConnectWrap: pipe.PipeConnectWrap as PipeWrap['PipeConnectWrap'],
    WriteWrap: stream.WriteWrap as PipeWrap['WriteWrap'],
    plain: constants.SOCKET ?? 0,
    ipc: constants.IPC,
  };
}
