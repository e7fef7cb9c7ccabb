import type { Writable } from 'node:stream';
import { screenText } from './printable.ts';

/** Where human-readable text goes. Bytes of a guest, as `ssh` and `logs` pass them on, do not pass through it. */
export interface Screen {
  write(text: string): void;
}

/** The one way to a stream for what goqemu itself says: what a text brings along from elsewhere is shown, not obeyed. */
export function screenOn(stream: Writable): Screen {
  return { write: (text) => void stream.write(screenText(text)) };
}
