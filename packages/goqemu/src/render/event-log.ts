import type { Logger } from '@goqemu/core';
import type { EngineEvent } from '@goqemu/lab';
import type { EventSink } from './event-sink.ts';

/** Every event into the debug log, with the whole output of steps. */
export function eventLog(logger: Logger): EventSink {
  return {
    handle: (event: EngineEvent) => {
      const { type, at: _, ...fields } = event;
      logger.log(type === 'operation-failed' ? 'error' : 'info', 'engine', type, fields);
    },
    close: async () => undefined,
  };
}
