import { hasErrorCode, type Logger, sleep } from '@goqemu/core';
import { QmpClient } from '@goqemu/protocol';
import type { SocketEndpoint } from '../sockets/machine-sockets.ts';
import { openEndpoint } from '../sockets/turns.ts';

/**
 * Connects to the monitor of a QEMU that is just starting. The socket comes within some milliseconds, the greeting
 * when the machine has been built; what bounds both is the caller's signal.
 */
export async function connectMonitor(
  endpoint: SocketEndpoint,
  signal: AbortSignal,
  logger?: Logger,
): Promise<QmpClient> {
  for (;;) {
    try {
      const transport = await openEndpoint(endpoint, signal);
      return await QmpClient.connect(transport, {
        greetingTimeoutMs: 2 ** 31 - 1,
        signal,
        ...(logger ? { logger } : {}),
      });
    } catch (error) {
      // Not there yet, or bound and not yet listening.
      if (!hasErrorCode(error, 'connect-failed')) throw error;
      await sleep(2, signal);
    }
  }
}
