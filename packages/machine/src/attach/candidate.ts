import { readFile } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { errorMessage, systemErrorCode } from '@goqemu/core';
import type { CommandLines } from '../process/command-line.ts';
import type { OpenFiles, ProcessFiles } from '../process/open-files.ts';
import type { SocketEndpoint } from '../sockets/machine-sockets.ts';
import type { NamedProcess } from './attach-errors.ts';
import { type FoundMachine, foundMachine } from './found-machine.ts';
import type { FoundChardev } from './monitors-of.ts';
import { qemuOptions } from './qemu-options.ts';

/** A process whose arguments are those of a QEMU. */
export interface Candidate extends NamedProcess {
  readonly qemuPath: string;
  readonly found: FoundMachine;
  /** Its QMP monitors that can be reached. */
  readonly monitors: readonly SocketEndpoint[];
  /** Why its other monitors cannot, and what of its arguments could not be read. */
  readonly reasons: readonly string[];
  /** Where one of its chardevs is; undefined when it cannot be reached. */
  readonly endpointOf: (chardev: FoundChardev | undefined) => SocketEndpoint | undefined;
}

/** How the host is asked about its processes. */
export interface ProcessSources {
  readonly commandLines: CommandLines;
  readonly openFiles: OpenFiles;
}

/** Undefined when there is no such process, or the host does not show its arguments. */
export async function candidateOf(pid: number, sources: ProcessSources): Promise<Candidate | undefined> {
  const argv = await sources.commandLines.of(pid);
  if (!argv) return undefined;
  const files = await sources.openFiles.of(pid);
  const reasons: string[] = [];
  const options = await qemuOptions(argv, async (path) => {
    const resolved = absolute(path, files);
    try {
      return await readFile(resolved, 'utf8');
    } catch (error) {
      reasons.push(`its -readconfig file ${resolved} cannot be read: ${systemErrorCode(error) ?? errorMessage(error)}`);
      return '';
    }
  });
  const found = foundMachine(options);
  const endpointOf = (chardev: FoundChardev | undefined) => (chardev ? endpoint(chardev, files) : undefined);
  for (const monitor of found.monitors)
    if (monitor.kind === 'unreachable') reasons.push(`its QMP monitor is ${monitor.why}`);
    else if (!endpointOf(monitor))
      reasons.push('its QMP monitor is a socket that it was started with and that this host does not show');
  const monitors = found.monitors.flatMap((monitor) => endpointOf(monitor) ?? []);
  const [qemuPath = ''] = argv;
  return { pid, program: basename(qemuPath), qemuPath, found, monitors, reasons, endpointOf };
}

function endpoint(chardev: FoundChardev, files: ProcessFiles | undefined): SocketEndpoint | undefined {
  if (chardev.kind === 'unreachable') return undefined;
  if (chardev.kind === 'tls-psk') return { ...chardev, keyFolder: absolute(chardev.keyFolder, files) };
  const path = chardev.kind === 'unix' ? chardev.path : files?.sockets.find(({ fd }) => fd === chardev.fd)?.path;
  return path === undefined ? undefined : { kind: 'unix', path: absolute(path, files) };
}

function absolute(path: string, files: ProcessFiles | undefined): string {
  return isAbsolute(path) || files?.workingFolder === undefined ? path : join(files.workingFolder, path);
}
