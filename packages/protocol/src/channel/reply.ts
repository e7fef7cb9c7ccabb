import type { WireMessage } from '../framing/message.ts';

/** The error in a reply, as QEMU and the guest agent send it. */
export interface ReplyError {
  readonly class: string;
  readonly desc: string;
}

/** What a peer answered to one command. */
export type Reply = { readonly return: unknown } | { readonly error: ReplyError };

/** Undefined when the message is no answer. */
export function readReply(message: WireMessage): Reply | undefined {
  if ('return' in message) return { return: message.return };
  const error = message.error as { class?: unknown; desc?: unknown } | undefined | null;
  if (typeof error !== 'object' || error === null) return undefined;
  return { error: { class: String(error.class ?? 'GenericError'), desc: String(error.desc ?? 'no description') } };
}
