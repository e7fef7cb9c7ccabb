import { shellQuote } from '@goqemu/core';
import type { AptMirror } from './apt-mirror.ts';
import { runTool, type ToolRun } from './run-tool.ts';
import { recordBuilder } from './work-folder.ts';

export interface BootstrapOptions extends Pick<ToolRun, 'signal' | 'logger'> {
  readonly suite: string;
  /** mmdebstrap's word for what is there besides the packages: `extract` only unpacks, and sets nothing up. */
  readonly variant: 'minbase' | 'extract';
  readonly packages: readonly string[];
  readonly mirror: AptMirror;
  /** Commands of mmdebstrap's, run in turn at its stages; `"$1"` in them is the new root. */
  readonly hooks: readonly (readonly ['essential' | 'extract' | 'customize', string])[];
  /** Where the root file system goes. */
  readonly tar: string;
  /** A folder of the caller's for what comes up on the way. */
  readonly workFolder: string;
}

const timeoutMs = 30 * 60_000;

/**
 * Makes a Debian root file system with mmdebstrap 1.3 or later, as root or, through user name spaces, without.
 *
 * @throws GoqemuError `tool-failed`, `timeout`
 */
export async function bootstrapDebian(options: BootstrapOptions): Promise<void> {
  const { mirror } = options;
  const asRoot = process.getuid?.() === 0;
  const args = [
    '--mode=auto',
    `--variant=${options.variant}`,
    '--format=tar',
    '--architectures=amd64',
    `--include=${options.packages.join(',')}`,
    ...mirror.validity.map((option) => `--aptopt=${option.replace(/;$/, '')}`),
    '--aptopt=APT::Install-Recommends "false"',
    ...options.hooks.map(([stage, command]) => `--${stage}-hook=${command}`),
    options.suite,
    options.tar,
    '-',
  ];
  const [command = '', ...rest] = [...(asRoot ? privateMounts : []), 'mmdebstrap', ...args];
  await runTool(command, rest, {
    signal: options.signal,
    logger: options.logger,
    input: `${mirror.sources.join('\n')}\n`,
    timeoutMs,
    // Without root the new root belongs to subordinate users, who cannot reach into a closed home folder.
    env: { ...mirror.proxies, TMPDIR: asRoot ? options.workFolder : '/var/tmp' },
    onStart: (pid) => recordBuilder(options.workFolder, pid),
    onLine: (line) => options.logger?.log('debug', 'image', line),
  });
}

/**
 * As root, mmdebstrap mounts /proc, /sys and /dev of the host into the new root. In name spaces of their own these
 * mounts end with the process, whatever ends it, and removing the folder cannot reach the host through them.
 */
const privateMounts = [
  ...['unshare', '--mount', '--propagation=private', '--pid', '--fork', '--kill-child', '--mount-proc', '--'],
];

/** A hook that runs a script with the new root as its root. */
export const inRoot = (script: string) => `chroot "$1" sh -ec ${shellQuote(script)}`;
