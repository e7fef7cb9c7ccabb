import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  asGoqemuError,
  GoqemuError,
  hasErrorCode,
  internalError,
  lengthPrefixedDigest,
  systemErrorCode,
  withPath,
} from '@goqemu/core';
import { secretLineage } from '../fork/inheritance.ts';
import type { LabState, StatePatch } from '../state/lab-state.ts';
import type { SecretKeyFile, StateStorage } from '../state/state-storage.ts';
import type { SecretSource } from '../value/secret-source.ts';
import { SecretBox } from './secret-box.ts';
import { secretForms } from './secret-forms.ts';

export interface VaultOptions {
  readonly storage: StateStorage;
  readonly labFolder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly random: (bytes: number) => Uint8Array;
  readonly promptSecret: ((question: string) => Promise<string>) | undefined;
}

/** Where the engine gets secrets from, and where it keeps those that have no other home. */
export class SecretVault {
  readonly #options: VaultOptions;
  /** Values seen by this process, for use and for masking. */
  readonly #values = new Map<string, string>();
  readonly #sensitive = new Set<string>();
  #keyStorage: StateStorage;
  #lineage: string | undefined;
  #box: SecretBox | undefined;
  #unsavedKey: string | undefined;

  constructor(options: VaultOptions) {
    this.#options = options;
    this.#keyStorage = options.storage;
  }

  /** Whose key it is: a fork's state is encrypted with the key of the stack that it comes from. */
  useKeyOf(lineage: string, storage: StateStorage): void {
    if (lineage === this.#lineage) return;
    this.#lineage = lineage;
    this.#keyStorage = storage;
    this.#box = undefined;
    this.#unsavedKey = undefined;
  }

  /** Every secret text that this process has had in hand. */
  get sensitive(): readonly string[] {
    return [...this.#sensitive];
  }

  /** What of a secret enters layer keys. A generated one is known by its name until it is made again. */
  async fingerprint(name: string, source: SecretSource, state: LabState): Promise<string> {
    if ('generate' in source)
      return lengthPrefixedDigest(['goqemu-generated', secretLineage(state, name), name, String(source.generate)]);
    return (await this.box()).fingerprint(name, await this.value(name, source, state));
  }

  /** @throws GoqemuError `secret-missing` */
  async value(name: string, source: SecretSource, state: LabState): Promise<string> {
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const value = await this.#find(name, source, state);
    this.#values.set(name, value);
    this.remember(value);
    return value;
  }

  /** Adds a text to those that are masked; shorter than 4 characters it would mask half of every log. */
  remember(value: string): void {
    if (value.length >= 4) this.#sensitive.add(value);
    for (const form of secretForms(value)) this.#sensitive.add(form);
    for (const line of value.split('\n')) {
      if (line.length < 8) continue;
      this.#sensitive.add(line);
      for (const form of secretForms(line)) this.#sensitive.add(form);
    }
  }

  async encrypt(name: string, value: string): Promise<string> {
    this.remember(value);
    return (await this.box()).encrypt(name, value);
  }

  async decrypt(name: string, encrypted: string): Promise<string> {
    const value = (await this.box()).decrypt(name, encrypted);
    this.remember(value);
    return value;
  }

  /**
   * Takes in hand what the state keeps, so that it is masked even where a step finds it in the guest: a token that an
   * earlier apply generated or captured.
   *
   * @returns the names of those that cannot be read, and so cannot be masked
   */
  async rememberStored(state: LabState): Promise<readonly string[]> {
    const captured = Object.entries(state.captures).flatMap(([key, one]) =>
      'encrypted' in one ? [[key, one.encrypted] as const] : [],
    );
    const unreadable: string[] = [];
    for (const [name, encrypted] of [...Object.entries(state.secrets), ...captured]) {
      await this.decrypt(name, encrypted).catch((error: unknown) => {
        // With a key that is damaged none of them can: a lab that is destroyed needs none.
        if (!hasErrorCode(error, 'secret-unreadable') && !hasErrorCode(error, 'secret-key-invalid')) throw error;
        unreadable.push(name);
      });
    }
    return unreadable;
  }

  /** Rows for the state: secrets that were made or asked for and are not in it yet. */
  async unsaved(secrets: Readonly<Record<string, SecretSource>>, state: LabState): Promise<StatePatch> {
    const rows: Record<string, string> = {};
    for (const [name, source] of Object.entries(secrets)) {
      if (!('generate' in source || 'prompt' in source) || state.secrets[name] !== undefined) continue;
      rows[name] = await this.encrypt(name, await this.value(name, source, state));
    }
    return Object.keys(rows).length > 0 ? { secrets: rows } : {};
  }

  /** Makes the state's key durable; nothing encrypted may be written before. */
  async saveKey(): Promise<void> {
    if (this.#unsavedKey === undefined) return;
    await this.#keyStorage.write(this.#keyFile(), `${this.#unsavedKey}\n`);
    this.#unsavedKey = undefined;
  }

  async box(): Promise<SecretBox> {
    if (!this.#box) {
      const own = (await this.#keyStorage.read(this.#keyFile()))?.trim();
      const stored = own ?? (await this.#keyStorage.read('secret-key'))?.trim();
      const key = stored ?? Buffer.from(this.#options.random(32)).toString('hex');
      if (!/^[0-9a-f]{64}$/.test(key)) {
        const path = this.#keyStorage.path(own === undefined ? 'secret-key' : this.#keyFile());
        throw new GoqemuError({
          code: 'secret-key-invalid',
          source: 'environment',
          subject: path,
          message: `the key of the state’s secrets is damaged: ${path}`,
          hint: 'put a copy of the file back, or destroy the lab, delete the file and apply again',
        });
      }
      if (own === undefined) this.#unsavedKey = key;
      this.#box = new SecretBox(Buffer.from(key, 'hex'));
    }
    return this.#box;
  }

  #keyFile(): SecretKeyFile {
    if (this.#lineage === undefined) throw internalError('a secret was asked for before the state was read');
    return `secret-key-${this.#lineage}`;
  }

  async #find(name: string, source: SecretSource, state: LabState): Promise<string> {
    if ('env' in source) {
      const value = this.#options.environment[source.env];
      if (value !== undefined && value !== '') return value;
      throw missing(name, `the environment variable ${source.env} is not set`, `set ${source.env} and try again`);
    }
    if ('file' in source) {
      const path = resolve(this.#options.labFolder, source.file);
      try {
        return (await readFile(path, 'utf8')).replace(/\r?\n$/, '');
      } catch (error) {
        const { message, hint = '' } = asGoqemuError(withPath(error, path));
        throw missing(name, message, systemErrorCode(error) === 'ENOENT' ? 'create the file' : hint);
      }
    }
    const stored = state.secrets[name];
    if (stored !== undefined) return this.decrypt(name, stored);
    if ('generate' in source) return Buffer.from(this.#options.random(source.generate)).toString('base64url');
    if (this.#options.promptSecret) return this.#options.promptSecret(source.prompt);
    throw missing(name, 'it must be prompted for, and there is no terminal', 'run goqemu on a terminal once');
  }
}

function missing(name: string, why: string, hint: string): GoqemuError {
  return new GoqemuError({
    code: 'secret-missing',
    source: 'user',
    subject: name,
    message: `the secret "${name}" is not available: ${why}`,
    hint,
  });
}
