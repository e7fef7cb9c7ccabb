import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { anySignal, errorMessage, GoqemuError, orAborted, sleep } from '@goqemu/core';
import type { SessionAccess } from '../session/session-access.ts';
import { dialThroughGuest } from '../tunnel/tunnel.ts';
import type { GuestCondition } from './conditions.ts';

type HttpCondition = Extract<GuestCondition, { http: string }>;

/** One answer may take this long before the next attempt. */
const answerMs = 10_000;
const pauseMs = 500;

/** Asks until the answer is good. Certificates are not checked: a guest's own are self-signed, and the way is SSH. */
export async function waitForHttp(
  session: SessionAccess,
  condition: HttpCondition,
  signal: AbortSignal,
  onReason: (reason: string) => void,
): Promise<void> {
  const url = urlOf(condition.http);
  for (;;) {
    const reason = await ask(session, url, condition, signal);
    if (reason === undefined) return;
    onReason(reason);
    await sleep(pauseMs, signal);
  }
}

/** Undefined for a good answer, else what was wrong. */
async function ask(
  session: SessionAccess,
  url: URL,
  condition: HttpCondition,
  signal: AbortSignal,
): Promise<string | undefined> {
  signal.throwIfAborted();
  const secure = url.protocol === 'https:';
  // Late, with all that Node.js loads for TLS: few labs ask a URL.
  const { request } = secure ? await import('node:https') : await import('node:http');
  const { connect: connectTls } = await import('node:tls');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const address = host === 'localhost' ? '127.0.0.1' : host;
  const dialling = dialThroughGuest(session, Number(url.port) || (secure ? 443 : 80), address);
  let channel: Duplex;
  try {
    channel = await orAborted(dialling, signal);
  } catch (error) {
    // Nothing is asked on it: what is asked with a signal that has fired waits for the end of a channel that no one reads.
    dialling.then(
      (late) => late.destroy(),
      () => undefined,
    );
    return errorMessage(error);
  }
  try {
    const status = await new Promise<number>((resolve, reject) => {
      const asked = request(
        url,
        {
          // No `agent` at all: with one, even with `false`, Node.js opens a connection of its own, on this host.
          defaultPort: secure ? 443 : 80, // what an agent would say; else `Host` has a port that the URL does not have
          headers: { connection: 'close', ...(condition.headers as Record<string, string> | undefined) },
          signal: anySignal(signal, AbortSignal.timeout(answerMs)),
          createConnection: () =>
            secure
              ? connectTls({
                  socket: channel,
                  rejectUnauthorized: false,
                  ...(isIP(host) === 0 ? { servername: host } : {}), // RFC 6066 §3: names only
                })
              : channel,
        },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      );
      asked.on('error', reject);
      asked.end();
    });
    return isGood(status, condition.status) ? undefined : `it answered with status ${status}`;
  } catch (error) {
    return `it gave no answer: ${errorMessage(error)}`;
  } finally {
    channel.destroy();
  }
}

function isGood(status: number, wanted: HttpCondition['status']): boolean {
  if (wanted === undefined) return status >= 200 && status < 400;
  return typeof wanted === 'number' ? status === wanted : wanted.includes(status);
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  throw new GoqemuError({
    code: 'option-invalid',
    source: 'user',
    subject: 'http',
    message: `${JSON.stringify(text)} is not a URL of http or https`,
    hint: 'write a URL as the guest sees it, such as "http://localhost:8080/health"',
  });
}
