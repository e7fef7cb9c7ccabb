import type { EngineEvent } from '@goqemu/lab';

/** Something that receives what the engine does: a renderer, a file of events, the debug log. */
export interface EventSink {
  handle(event: EngineEvent): void;
  /** After the last event: everything has been written when it settles. */
  close(): Promise<void>;
}

/** One sink that passes everything on. */
export function allSinks(sinks: readonly EventSink[]): EventSink {
  return {
    handle: (event) => {
      for (const sink of sinks) sink.handle(event);
    },
    close: async () => {
      for (const sink of sinks) await sink.close();
    },
  };
}
