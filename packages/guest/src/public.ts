/** What goqemu publishes of this package; what its siblings need besides is in index.ts. */
export type { Ending } from './command/command-channel.ts';
export type { Command, CommandInput, CommandResult, TerminalSize } from './command/command-options.ts';
export type { CommandStream, OutputChunk } from './command/command-stream.ts';
export type { InteractiveShell, ShellOptions } from './shell/interactive-shell.ts';
export type { ReverseTunnelOptions, Tunnel, TunnelOptions } from './tunnel/tunnel.ts';
