import { anySignal, errorMessage, GoqemuError, systemErrorCode } from '@goqemu/core';
import type { Dispatcher } from 'undici';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Milliseconds without a byte after which a connection counts as cut. */
const stallMs = 30_000;
const connectMs = 15_000;
const maxRedirections = 8;

/** A client with the proxies of the environment (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`); close it after use. */
export interface HttpClient extends AsyncDisposable {
  /** Follows redirects. The body must be read to its end or destroyed. */
  request(
    url: string,
    options: { method?: 'GET' | 'HEAD'; headers?: Record<string, string>; signal?: AbortSignal | undefined },
  ): Promise<Dispatcher.ResponseData>;
}

/** Loads undici only here: most commands download nothing. */
export async function openHttpClient(env: Environment): Promise<HttpClient> {
  const { Agent, EnvHttpProxyAgent, interceptors, request } = await import('undici');
  const limits = { headersTimeout: stallMs, bodyTimeout: stallMs, connect: { timeout: connectMs } };
  const [httpProxy, httpsProxy] = [env.http_proxy || env.HTTP_PROXY, env.https_proxy || env.HTTPS_PROXY];
  const agent =
    httpProxy || httpsProxy
      ? new EnvHttpProxyAgent({
          ...limits,
          httpProxy: httpProxy ?? '',
          httpsProxy: httpsProxy || httpProxy || '',
          noProxy: env.no_proxy || env.NO_PROXY || '',
        })
      : new Agent(limits);
  const dispatcher = agent.compose(interceptors.redirect({ maxRedirections }));
  return {
    async request(url, options) {
      // undici's own limits begin when it has a connection, and a proxy may never give one.
      const late = new AbortController();
      const noAnswer = () => late.abort(new Error(`no answer within ${(connectMs + stallMs) / 1000} s`));
      const timer = setTimeout(noAnswer, connectMs + stallMs);
      try {
        return await request(url, {
          method: options.method ?? 'GET',
          headers: { 'user-agent': 'goqemu', ...options.headers },
          signal: anySignal(options.signal, late.signal),
          dispatcher,
        });
      } finally {
        clearTimeout(timer);
      }
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

/** Names that OpenSSL and Node give to certificates that are not trusted. */
const certificateErrors = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_|HOSTNAME_MISMATCH)/;

/** The innermost cause: undici and Node wrap the error that says what happened, and Happy Eyeballs joins several. */
function rootCause(thrown: unknown): unknown {
  let cause = thrown;
  for (let depth = 0; depth < 8; depth++) {
    const { errors, cause: inner } = (cause ?? {}) as { errors?: unknown; cause?: unknown };
    const next = Array.isArray(errors) ? errors[0] : inner;
    if (next === undefined) return cause;
    cause = next;
  }
  return cause;
}

/** Turns what a request threw into an error that says what to do; only these end a download for good. */
export function connectionError(url: string, thrown: unknown): GoqemuError {
  const cause = rootCause(thrown);
  const code = systemErrorCode(cause) ?? '';
  const host = new URL(url).host;
  if (certificateErrors.test(code)) {
    return new GoqemuError({
      code: 'download-tls',
      source: 'environment',
      subject: url,
      message: `the TLS connection to ${host} is not trusted: ${errorMessage(cause)}`,
      hint: "set NODE_EXTRA_CA_CERTS to your company's certificate file if a proxy intercepts TLS, and check the host's clock",
      cause: thrown,
    });
  }
  return new GoqemuError({
    code: 'download-unreachable',
    source: 'environment',
    subject: url,
    message: `${host} could not be reached: ${errorMessage(cause)}`,
    hint: 'check the network and the proxy (HTTPS_PROXY, NO_PROXY), or give the image as a local file',
    cause: thrown,
  });
}

/** True for errors that a retry cannot fix. */
export const isFinal = (thrown: unknown) => certificateErrors.test(systemErrorCode(rootCause(thrown)) ?? '');

export function statusError(url: string, status: number): GoqemuError {
  const gone = status === 404 || status === 410;
  return new GoqemuError({
    code: gone ? 'download-not-found' : 'download-refused',
    source: 'environment',
    subject: url,
    message: gone
      ? `there is no file at ${url} (HTTP ${status})`
      : `${new URL(url).host} answered HTTP ${status} for ${url}`,
    hint: gone
      ? 'the publisher may have moved it: look in the folder above and give its URL, or update goqemu'
      : 'try again later, check the proxy and its login, or give the image as a local file',
    data: { status },
  });
}
