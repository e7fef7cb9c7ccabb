import { GoqemuError, type HostPlatform, type Logger } from '@goqemu/core';
import type { Backend } from '@goqemu/lab';

export interface BackendOptions {
  readonly platform: HostPlatform;
  readonly logger: Logger;
}

/** What makes each backend that is built in, by its name; a name is never a path or a package. */
const builtIn: Readonly<Record<string, (options: BackendOptions) => Promise<Backend>>> = {
  qemu: async (options) => (await import('./qemu-backend.ts')).createQemuBackend(options),
  fake: async ({ platform }) => (await import('./fake/kept-fake-host.ts')).openKeptFakeHost(platform),
};

/**
 * Creates the backend that the environment names in `GOQEMU_BACKEND`: `qemu` (the default), or `fake`, whose machines
 * are entries in a file (packages/testing/src/backend/fake-backend.md).
 *
 * @throws GoqemuError `backend-unknown` for any other name
 */
export async function createBackend(options: BackendOptions): Promise<Backend> {
  const name = options.platform.env.GOQEMU_BACKEND || 'qemu';
  const create = Object.hasOwn(builtIn, name) ? builtIn[name] : undefined;
  if (create) return create(options);
  throw new GoqemuError({
    code: 'backend-unknown',
    source: 'user',
    subject: name,
    message: `there is no backend called ${JSON.stringify(name)}, which the environment variable GOQEMU_BACKEND names`,
    hint: `unset GOQEMU_BACKEND, or set it to one of: ${Object.keys(builtIn).join(', ')}`,
  });
}
