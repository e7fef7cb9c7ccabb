import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasErrorCode, isGoqemuError, withDeadline, writeOwnFile } from '@goqemu/core';
import { connectionError, type Environment, openHttpClient } from './http-client.ts';

/** Undefined when the publisher answers, else why it does not. */
export type ReachabilityProbe = (url: string, signal?: AbortSignal) => Promise<string | undefined>;

const probeMs = 3000;
/** How long a publisher that could not be reached is not asked again. */
const rememberedMs = 10 * 60_000;

/** Asks for the headers of the image, as a download would, with its proxies; any answer but a proxy's refusal will do. */
export function httpProbe(env: Environment): ReachabilityProbe {
  return async (url, signal) => {
    try {
      await using client = await openHttpClient(env);
      const response = await withDeadline(`reaching ${new URL(url).host}`, probeMs, signal, (deadline) =>
        client.request(url, { method: 'HEAD', signal: deadline }),
      );
      response.body.on('error', () => undefined).destroy();
      if (response.statusCode === 407 || response.statusCode === 502 || response.statusCode === 504)
        return `${new URL(url).host} could not be reached: HTTP ${response.statusCode}`;
      return undefined;
    } catch (error) {
      signal?.throwIfAborted();
      if (hasErrorCode(error, 'timeout')) return `${new URL(url).host} could not be reached: no answer within 3 s`;
      return isGoqemuError(error) ? error.message : connectionError(url, error).message;
    }
  };
}

/** Remembers failures for 10 minutes in a file of the cache, so that the next plan does not wait for them again. */
export function rememberingProbe(probe: ReachabilityProbe, folder: string): ReachabilityProbe {
  const file = join(folder, '.unreachable');
  return async (url, signal) => {
    const { host } = new URL(url);
    const known = await readMemory(file);
    const failure = known[host];
    if (failure && failure.until > Date.now() && failure.until <= Date.now() + rememberedMs) return failure.why;
    const why = await probe(url, signal);
    if (why === undefined && !failure) return undefined;
    const { [host]: _forgotten, ...others } = known;
    const memory = why === undefined ? others : { ...others, [host]: { why, until: Date.now() + rememberedMs } };
    await writeOwnFile(file, JSON.stringify(memory));
    return why;
  };
}

type Memory = Readonly<Record<string, { readonly why: string; readonly until: number }>>;

async function readMemory(file: string): Promise<Memory> {
  try {
    const memory = JSON.parse(await readFile(file, 'utf8')) as Memory | null;
    return memory !== null && typeof memory === 'object' ? memory : {};
  } catch {
    return {}; // nothing is known: ask
  }
}
