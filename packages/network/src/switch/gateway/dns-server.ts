import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  type DecodedPacket,
  decode,
  encode,
  type Question,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
} from 'dns-packet';
import type { DnsNames } from './dns-names.ts';

/** RFC 1035 §4.1.1. */
const responseCode = { none: 0, malformed: 1, noSuchName: 3, notImplemented: 4, refused: 5 } as const;

/** Seconds for which an answer may be kept: short, because a lab changes under its guests. */
const keptSeconds = 5;

/** Names that are written back as they were read: without blanks, quotes and bytes beyond ASCII. */
const plainName = /^[\w.*/+-]+$/;

/**
 * Answers a query about the network's own names (RFC 1035); a name elsewhere is refused, so that the guest need not wait
 * for it. Undefined for what is no query at all.
 */
export function answerDns(bytes: Buffer, names: DnsNames): Buffer | undefined {
  if (bytes.length < 12 || (bytes[2] as number) >> 7 !== 0) return undefined;
  const id = bytes.readUInt16BE(0);
  const desired = (bytes[2] as number) & 1 ? RECURSION_DESIRED : 0;
  const isPlain = bytes.readUInt16BE(4) === 1 && bytes.readUInt32BE(6) === 0 && bytes.readUInt16BE(10) <= 2;
  const query = isPlain ? decoded(bytes) : undefined;
  const [question] = query?.questions ?? [];
  if (((bytes[2] as number) >> 3) & 0x0f) return response(id, desired | responseCode.notImplemented);
  if (!query || !question || !plainName.test(question.name)) return response(id, desired | responseCode.malformed);
  const extension: Answer[] = query.additionals?.some(({ type }) => type === 'OPT') ? [noExtension] : [];
  const { code, answers } = resolve(question, names);
  const flags = desired | RECURSION_AVAILABLE | (code === responseCode.refused ? 0 : AUTHORITATIVE_ANSWER) | code;
  return encode({ type: 'response', id, flags, questions: [question], answers, additionals: extension });
}

function resolve(question: Question, names: DnsNames): { code: number; answers: Answer[] } {
  const name = question.name.toLowerCase().replace(/\.$/, '');
  const records = (question.class ?? 'IN') === 'IN' ? names.find(name) : undefined;
  if (!records) return { code: names.isOwn(name) ? responseCode.noSuchName : responseCode.refused, answers: [] };
  const wanted = records.filter(({ type }) => type === question.type || String(question.type) === 'ANY');
  return {
    code: responseCode.none,
    answers: wanted.map(({ type, data }) => ({ type, data, name: question.name, ttl: keptSeconds, class: 'IN' })),
  };
}

/** RFC 6891: an answer to a query with the extension has it too. */
const noExtension: Answer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: 1232,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

function response(id: number, flags: number): Buffer {
  return encode({ type: 'response', id, flags });
}

/** The library throws at whatever is malformed. */
function decoded(bytes: Buffer): DecodedPacket | undefined {
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}
