import { type SourceLocation, shownValue } from '@goqemu/core';
import type { LabOptions } from '../definition/lab-options.ts';
import type { LayerOptions } from '../definition/layer-options.ts';
import type {
  CaptureOptions,
  FileOptions,
  ForwardOption,
  MachineOptions,
  RunOptions,
  StepOptions,
  UploadOptions,
} from '../definition/machine-options.ts';
import type { NetworkOptions } from '../definition/network-options.ts';
import type { TimeoutOptions } from '../definition/timeout-options.ts';
import { labError, suggestion } from './lab-error.ts';

/** The options of a type, each of them: one that is forgotten here does not compile. */
export type Names<T> = Readonly<Record<T extends unknown ? keyof T : never, true>>;

const machine: Names<MachineOptions> = {
  accelerator: true,
  after: true,
  arch: true,
  cpus: true,
  disk: true,
  display: true,
  firmware: true,
  forward: true,
  from: true,
  hostname: true,
  ignoreChanges: true,
  image: true,
  memory: true,
  network: true,
  networks: true,
  protect: true,
  renamedFrom: true,
  retain: true,
  timeouts: true,
  user: true,
};
const { forward: _forward, network: _network, networks: _networks, ...template } = machine;
const step: Names<StepOptions> = {
  after: true,
  cache: true,
  environment: true,
  timeout: true,
  user: true,
  workingDirectory: true,
};
const run: Names<RunOptions> = { ...step, interpreter: true };
const placed: Names<FileOptions & UploadOptions> = { ...step, mode: true, owner: true };

/** Options that several methods of a machine share. */
export const stepOptions = {
  step,
  run,
  capture: { ...run, secret: true, maxBytes: true } satisfies Names<CaptureOptions>,
  placed,
};

/** The other objects of options that a lab is written with, by what they are called there. */
const known = {
  defineLab: { name: true, params: true, layers: true, timeouts: true } satisfies Names<LabOptions>,
  layers: { perMachine: true, budget: true } satisfies Names<LayerOptions>,
  timeouts: {
    firmware: true,
    kernel: true,
    sshBanner: true,
    login: true,
    cloudInit: true,
    stop: true,
  } satisfies Names<TimeoutOptions>,
  vm: machine,
  template,
  forward: { guest: true, host: true, protocol: true } satisfies Names<Exclude<ForwardOption, number>>,
  network: {
    cidr: true,
    cidr6: true,
    faults: true,
    internet: true,
    ipv6: true,
    mtu: true,
    nat: true,
  } satisfies Names<NetworkOptions>,
  cache: { ttl: true },
} satisfies Readonly<Record<string, Readonly<Record<string, true>>>>;

type OptionsOf = keyof typeof known;

/** Whose options they are, and where they stand. */
export interface OptionsPlace {
  /** `web`, `web/nginx`; nothing for the lab itself. */
  readonly subject?: string;
  readonly place: () => SourceLocation | undefined;
}

/**
 * Refuses what is no option: it would be left out, and the lab be another than the one that is written.
 *
 * @throws GoqemuError `option-unknown` with the nearest name, `options-invalid` for what is no object
 */
export function checkOptions(kind: OptionsOf, options: unknown, place: OptionsPlace): void {
  checkOptionNames({ kind, names: known[kind] }, options, place);
}

/** The same for options that are named by their caller. */
export function checkOptionNames(
  { kind, names: allowed }: { readonly kind: string; readonly names: Readonly<Record<string, true>> },
  options: unknown,
  { subject, place }: OptionsPlace,
): void {
  const whose = subject === undefined ? '' : `${subject}: `;
  const names = Object.keys(allowed);
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    const message = `${whose}the options of ${kind} are an object, got ${shownValue(options)}`;
    throw labError('options-invalid', { message, location: place(), hint: `write { ${names[0]}: … }`, subject });
  }
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const message = `${whose}${kind} has no option ${JSON.stringify(unknown)}`;
  throw labError('option-unknown', { message, location: place(), hint: suggestion(unknown, names), subject });
}
