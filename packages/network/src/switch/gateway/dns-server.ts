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
const responseCode = { none: 0, malformed: 1, failed: 2, noSuchName: 3, notImplemented: 4, refused: 5 } as const;

/** Seconds for which an answer may be kept: short, because a lab changes under its guests. */
const keptSeconds = 5;
/** Addresses outside change less often. */
const outsideSeconds = 30;
/** As many as fit into a datagram of 512 bytes beside the longest name (RFC 1035 §4.2.1). */
const mostAddresses = 12;

/** What an allowed name outside leads to. */
export type OutsideAnswer = readonly string[] | 'no such name' | 'failed' | 'refused';

/** Resolves a name outside; undefined for one that is refused. */
export type OutsideNames = (name: string, isForAddress: boolean) => Promise<OutsideAnswer> | undefined;

/** Names that are written back as they were read: without blanks, quotes and bytes beyond ASCII. */
const plainName = /^[\w.*/+-]+$/;

/**
 * Answers a query about the network's own names (RFC 1035), and about those outside that `outside` resolves. Any other is
 * refused, so that the guest need not wait for it; "no such name" would be a lie, and is kept by resolvers. Undefined for
 * what is no query at all.
 */
export function answerDns(
  bytes: Buffer,
  names: DnsNames,
  outside: OutsideNames = () => undefined,
): Buffer | Promise<Buffer> | undefined {
  if (bytes.length < 12 || (bytes[2] as number) >> 7 !== 0) return undefined;
  const id = bytes.readUInt16BE(0);
  const desired = (bytes[2] as number) & 1 ? RECURSION_DESIRED : 0;
  const isPlain = bytes.readUInt16BE(4) === 1 && bytes.readUInt32BE(6) === 0 && bytes.readUInt16BE(10) <= 2;
  const query = isPlain ? decoded(bytes) : undefined;
  const [question] = query?.questions ?? [];
  if (((bytes[2] as number) >> 3) & 0x0f) return response(id, desired | responseCode.notImplemented);
  if (!query || !question || !plainName.test(question.name)) return response(id, desired | responseCode.malformed);
  const extension: Answer[] = query.additionals?.some(({ type }) => type === 'OPT') ? [noExtension] : [];
  const reply = ({ code, answers, isOwn }: Resolved) => {
    const flags = desired | RECURSION_AVAILABLE | (isOwn ? AUTHORITATIVE_ANSWER : 0) | code;
    return encode({ type: 'response', id, flags, questions: [question], answers, additionals: extension });
  };
  const own = resolve(question, names);
  if (own) return reply(own);
  const isInternet = (question.class ?? 'IN') === 'IN';
  const found = isInternet ? outside(plain(question.name), question.type === 'A') : undefined;
  return found ? found.then((answer) => reply(outsideReply(question, answer))) : reply(refusal);
}

interface Resolved {
  readonly code: number;
  readonly answers: Answer[];
  /** The network itself answers for the name. */
  readonly isOwn: boolean;
}

const refusal: Resolved = { code: responseCode.refused, answers: [], isOwn: false };

function plain(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

function outsideReply({ name }: Question, found: OutsideAnswer): Resolved {
  if (found === 'refused') return refusal;
  if (found === 'failed') return { code: responseCode.failed, answers: [], isOwn: false };
  if (found === 'no such name') return { code: responseCode.noSuchName, answers: [], isOwn: false };
  const answers = found
    .slice(0, mostAddresses)
    .map((data): Answer => ({ type: 'A', data, name, ttl: outsideSeconds, class: 'IN' }));
  return { code: responseCode.none, answers, isOwn: false };
}

/** Undefined for a name of elsewhere. */
function resolve(question: Question, names: DnsNames): Resolved | undefined {
  const name = plain(question.name);
  const records = (question.class ?? 'IN') === 'IN' ? names.find(name) : undefined;
  if (!records) return names.isOwn(name) ? { code: responseCode.noSuchName, answers: [], isOwn: true } : undefined;
  const wanted = records.filter(({ type }) => type === question.type || String(question.type) === 'ANY');
  return {
    code: responseCode.none,
    answers: wanted.map(({ type, data }) => ({ type, data, name: question.name, ttl: keptSeconds, class: 'IN' })),
    isOwn: true,
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
