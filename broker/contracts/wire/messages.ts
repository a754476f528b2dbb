/** Message formats: a valibot schema for each, and the envelope. Golden samples: messages.golden.json. */

import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { isJudgedByPc, languages } from '../domain/faults.ts';
import { type Check, digestLength, statuses } from '../domain/states.ts';
import { tiers } from '../domain/tiers.ts';
import { issueText, oneLine } from '../kit/one-line.ts';
import { budgets } from './budgets.ts';
import { isPcPath, type Leaf, type ScopeMessage } from './topics.ts';

/** Maximum payload in bytes. */
export const payloadLimitBytes = budgets.messageBytes.most;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const positive = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
/** Number of an event. Its limit keeps gaps between two numbers countable (R27 Quotas and back pressure). */
const eventNumber = v.pipe(positive, v.maxValue(budgets.eventNumber.most));
const time = v.pipe(v.number(), v.finite());
/**
 * Number of a session, which only rises and is at least the seconds since 1970. The limit leaves room for higher numbers after any accepted
 * value (R16 Sessions, births and the time of the server).
 */
const session = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(2 ** 52));
/**
 * More seconds since 1970 than any PC clock can show. The session numbers of a PC may jump up to this value; above it they rise only in
 * steps of one (R16).
 */
export const maxTrustedSession = 2 ** 40;
const word = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9_.-]{0,63}$/));
const token = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,64}$/));
const text = v.pipe(v.string(), v.maxLength(256));
const pc = v.pipe(v.string(), v.check(isPcPath, 'a path state/site/pc'));
const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));
const digest = v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${digestLength}}$`)));

const check = v.object({
  component: word,
  device: v.pipe(v.string(), v.maxLength(128)),
  status: v.picklist(statuses),
  fault: v.nullable(v.pipe(word, v.check(isJudgedByPc, 'a fault that a PC can judge'))),
  reason: v.nullable(text),
  name: v.exactOptional(text),
});
const checks = v.pipe(v.array(check), v.maxLength(budgets.checks.most));

/** A period without mains power, by the PC's clock. `to`: null while it lasts. `ending`: the battery was nearly empty. */
export const mainsGone = v.object({ from: time, to: v.optional(v.nullable(time), null), ending: v.optional(v.boolean(), false) });
/**
 * How the previous boot ended. `aliveAt`: time of the last marker before the end. `bye`: reason of the clean disconnect, null without one.
 * `crashed`: the system recorded a crash. `gone`: last mains failure. `begun`: operation of the system that ends a boot, such as `update`.
 */
export const previous = v.object({
  boot: token,
  aliveAt: time,
  mains: v.optional(v.nullable(v.boolean()), null),
  bye: v.optional(v.nullable(word), null),
  crashed: v.optional(v.boolean(), false),
  gone: v.exactOptional(mainsGone),
  begun: v.exactOptional(word),
});

/** First message of a session, sent after every CONNACK. Repeated until an ack (R16). */
export const birth = v.object({
  kind: v.literal('birth'),
  boot: token,
  session,
  at: time,
  digest,
  rev: count,
  agent: text,
  config: count,
  inventory: text,
  /**
   * First and last number in the spool. `carries`: the forked spool whose unacknowledged events were renumbered in this one (R5 (ack
   * advances), R7 (forks)).
   */
  spool: v.object({ id: token, first: eventNumber, last: v.pipe(count, v.maxValue(budgets.eventNumber.most)), carries: v.optional(token) }),
  hello: v.optional(token),
  /** End of the previous boot, from a marker file of the agent. Sent until the first birth of the current boot is acknowledged. */
  previous: v.optional(previous),
  /**
   * Milliseconds in which no server received a message of this process, by a monotonic clock: since the end of its last acknowledged
   * session. Null without one; absent from older agents.
   */
  apartMs: v.optional(v.nullable(count)),
  /** A mains failure during that time. */
  gone: v.exactOptional(mainsGone),
});
const bye = v.object({ kind: v.literal('bye'), boot: token, session, at: time, reason: word });
/** The last will of a session. */
const lost = v.object({ kind: v.literal('lost'), boot: token, session });
/** The last gasp: the battery or UPS is about to end. The session stays open while the power lasts. */
const gasp = v.object({
  kind: v.literal('gasp'),
  boot: token,
  session,
  at: time,
  reason: v.literal('power'),
  /** Remaining runtime reported by the UPS or battery. */
  runtimeMs: v.optional(v.nullable(count), null),
});
export const presence = v.variant('kind', [birth, bye, lost, gasp]);

/**
 * A full list has no `base`. A difference names in `base` the digest that it changes, and lists the removed keys (R12 Order and
 * differences).
 */
export const state = v.object({
  digest,
  session,
  rev: positive,
  base: v.optional(digest),
  checks,
  gone: v.optional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(256))), v.maxLength(budgets.checks.most)), []),
});

/**
 * `n`: numbers for the exporter by their short key (series.ts). With `part`, absent numbers keep their values for `partBeats` beats. `echo`
 * requests an ack that returns it.
 */
export const beat = v.object({
  digest,
  session,
  at: time,
  n: v.optional(v.record(v.pipe(v.string(), v.maxLength(16)), v.pipe(v.number(), v.finite())), {}),
  echo: v.optional(time),
  part: v.optional(v.literal(1)),
});
/** Number of beats with `part` after which an absent number expires. */
export const partBeats = 16;

/** Devices, system and versions of a PC, with a hash to detect changes. */
export const inventory = v.object({ hash: text, at: time, items: v.record(v.string(), v.unknown()) });

/**
 * An event, identified by `(pc, spool, seq)`. A reading is a routine sample, which is dropped first when space is short (R8 Bounded spool
 * and quarantine).
 */
export const event = v.object({
  spool: token,
  seq: eventNumber,
  boot: token,
  at: time,
  grade: v.picklist(['event', 'reading']),
  kind: word,
  body: v.record(v.string(), v.unknown()),
});
/** Events of one spool in one message, at most 500. */
export const backlog = v.pipe(v.array(event), v.maxLength(500));

/**
 * A JSON text and the server's signature over exactly its bytes (signed.ts): `configuration`, `centreClock`, or `command` (commands.ts).
 */
export const signed = v.object({ signed: v.string(), signature: v.string() });

const want = v.union([v.picklist(['state', 'inventory', 'birth']), v.object({ from: positive, to: positive })]);

/** Acknowledgement: sent after every commit, and in response to a birth (with its `session`) and to a beat with `echo`. */
export const ack = v.object({
  spool: token,
  upTo: count,
  /** `eventHash` of the event `upTo` in the ledger. Other content under the same number is a fork (R7 Idempotent apply and forks). */
  mark: v.optional(v.string()),
  at: time,
  session: v.optional(session),
  echo: v.optional(time),
  /** Signed response to an echo; the text is a `centreClock`. */
  clock: v.optional(signed),
  want: v.optional(v.array(want), []),
  /** In the ack of a birth or an echo: whether this PC measures the link of its site. */
  measure: v.optional(v.boolean()),
  /** Port of the reflector, and the access token of a measuring PC (reflector.ts); absent without a reflector. */
  reflector: v.optional(v.object({ port, token: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{22}$/)), endsAt: time })),
});

/**
 * The signed text of `clock`: server time, valid only for the PC and the echo that it names. Its `upTo` equals that of the ack, to detect a
 * forged ack; absent until the ledger has reported it.
 */
export const centreClock = v.object({ pc, echo: time, at: time, spool: token, upTo: v.optional(count) });

/**
 * Requests births of a scope, spread over `withinMs`. The births repeat `id`. `fresh` makes PCs run the state probes first (R17 Hello after
 * every subscription).
 */
export const hello = v.object({ id: token, withinMs: count, fresh: v.boolean() });

const hostWord = v.pipe(v.string(), v.regex(/^[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$/));

export const expectedDevice = v.object({
  /** Part of the device's name or id (VID:PID, serial number, port). If absent, any device of the kind is accepted. */
  match: v.optional(v.pipe(v.string(), v.maxLength(128))),
});

/** Kinds of expected devices. An older agent ignores an unknown kind. */
export const expectedKinds = ['camera', 'microphone', 'speaker', 'display', 'program'] as const;
export const expectedLimit = 8;

/** URL of a chat, with one `{text}` in its query or fragment. */
const chat = /^https:\/\/[a-z0-9.-]+(:\d{1,5})?\/[\w./~%+@:!,-]*[?#][\w./~?%+=&@:!,-]*\{text\}[\w./~?%+=&@:!,-]*$/i;
export const helpFormat = 'a mail address, or a chat such as https://chat.example.org/new?text={text}';

/**
 * Returns true for a valid contact of the room card: a mail address, or a chat URL with the placeholder `{text}`.
 */
export function isHelpAddress(address: string): boolean {
  return address.length <= 200 && (v.EMAIL_REGEX.test(address) || (chat.test(address) && URL.canParse(address)));
}

/** Settings against which an agent checks its PC. The last valid profile is kept on the PC. */
export const profile = v.object({
  link: v.picklist(['fibre', '4g', 'leo', 'geo', 'floor']),
  elevationM: v.optional(v.pipe(v.number(), v.minValue(-500), v.maxValue(9_000)), 0),
  expected: v.optional(
    v.object(v.entriesFromList(expectedKinds, v.exactOptional(v.pipe(v.array(expectedDevice), v.maxLength(expectedLimit))))),
    {},
  ),
  /** Minimum tier of the site's link; below it the link is in fault. Absent: `audio`. */
  tier: v.exactOptional(v.picklist(tiers)),
  /** Dial-in bridge of the site, checked with SIP OPTIONS. */
  bridge: v.exactOptional(v.object({ transport: v.picklist(['udp', 'tcp', 'tls']), host: hostWord, port })),
  /** Name of the UPS in NUT, and address of upsd. */
  ups: v.exactOptional(v.object({ name: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_.-]{1,64}$/)), host: hostWord, port })),
  help: v.exactOptional(v.pipe(v.string(), v.check(isHelpAddress, helpFormat))),
  /** Languages of the room card, the first one large. An unknown one is skipped. Absent: all. */
  languages: v.exactOptional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(16))), v.maxLength(8))),
});
const name = v.object(v.entriesFromList(languages, text));
/**
 * The signed text of `config`. It names its PC, so that no other PC accepts it. `place`: names of site and room; absent from older servers.
 */
export const configuration = v.object({ pc, version: positive, profile, place: v.exactOptional(v.object({ site: name, room: name })) });

export type Birth = v.InferOutput<typeof birth>;
export type LastBoot = v.InferOutput<typeof previous>;
export type PowerCut = v.InferOutput<typeof mainsGone>;
export type PresenceMessage = v.InferOutput<typeof presence>;
export type Beat = v.InferOutput<typeof beat>;
export type Inventory = v.InferOutput<typeof inventory>;
export type EventMessage = v.InferOutput<typeof event>;
export type Ack = v.InferOutput<typeof ack>;
export type WantedItem = v.InferOutput<typeof want>;
export type CentreClock = v.InferOutput<typeof centreClock>;
export type Hello = v.InferOutput<typeof hello>;
export type Profile = v.InferOutput<typeof profile>;
export type Config = v.InferOutput<typeof configuration>;
export type Signed = v.InferOutput<typeof signed>;

const schemas = { presence, state, beat, inventory, event, backlog, ack, config: signed, cmd: signed, hello } as const satisfies Record<
  Leaf | ScopeMessage,
  unknown
>;
export type MessageName = keyof typeof schemas;
export type MessageOf<N extends MessageName> = v.InferOutput<(typeof schemas)[N]>;

/** Reason of an unreadable payload. The list is closed, because each reason is a metric label. */
type DecodeFailure = { ok: false; reason: 'oversized' | 'version' | 'malformed' | 'shape' | 'schema'; detail: string };
export type Decoded<T> = { ok: true; value: T } | DecodeFailure;

/**
 * Decodes a payload. A first byte `{` or `[` means plain JSON; any other is the version of a compressed envelope, of which none exists yet.
 * Ignores unknown fields and validates known ones. Never throws on bad input.
 */
export function decode<N extends MessageName>(name: N, payload: Uint8Array): Decoded<MessageOf<N>> {
  if (payload.length > payloadLimitBytes) return failed('oversized', `${payload.length} bytes, at most ${payloadLimitBytes}`);
  if (payload[0] !== 0x7b && payload[0] !== 0x5b) return failed('version', `unknown envelope ${payload[0] ?? 'empty'}`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch (error) {
    return failed('malformed', oneLine(String(error), 120));
  }
  const shape = shapeFault(payload, parsed);
  if (shape !== undefined) return failed('shape', shape);
  const result = v.safeParse(schemas[name], parsed);
  if (result.success) return { ok: true, value: result.output as MessageOf<N> };
  return failed('schema', issueText(result.issues[0]));
}

/** Encodes a message. A state or beat begins with its digest, so that an unchanged message is recognised without parsing (R11 Digest). */
export function encode<N extends MessageName>(_name: N, message: v.InferInput<(typeof schemas)[N]>): Buffer {
  if (Array.isArray(message) || !('digest' in message)) return Buffer.from(JSON.stringify(message));
  const { digest: first, ...rest } = message;
  return Buffer.from(JSON.stringify({ digest: first, ...rest }));
}

const digestPrefix = Buffer.from('{"digest":"');

/** Returns the digest at the fixed position, without parsing; undefined if there is none. */
export function peekDigest(payload: Buffer): string | undefined {
  if (!payload.subarray(0, digestPrefix.length).equals(digestPrefix)) return undefined;
  const found = payload.toString('latin1', digestPrefix.length, digestPrefix.length + digestLength);
  return found.length === digestLength ? found : undefined;
}

function failed(reason: DecodeFailure['reason'], detail: string): DecodeFailure {
  return { ok: false, reason, detail };
}

/** Returns a short hash of an event's content. With it, server and PC detect different content under one number (R7). */
export function eventHash(message: EventMessage): string {
  const { boot, at, grade, kind, body } = message;
  return createHash('sha256')
    .update(JSON.stringify([boot, at, grade, kind, body]))
    .digest('hex')
    .slice(0, 8);
}

/** Returns true if two checks have the same result, ignoring times and names. */
export function hasSameResult(a: Check, b: Check): boolean {
  return a.status === b.status && a.fault === b.fault && a.reason === b.reason;
}

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const opening = new Set([0x5b, 0x7b]);
const closing = new Set([0x5d, 0x7d]);

/** Returns what is wrong with the structure of a parsed JSON text; undefined if nothing is. */
function shapeFault(text: Uint8Array, parsed: unknown): string | undefined {
  const { depth, values, keys } = measure(text);
  if (depth > budgets.messageDepth.most) return `${depth} levels deep, at most ${budgets.messageDepth.most}`;
  if (values > budgets.messageValues.most) return `${values} values, at most ${budgets.messageValues.most}`;
  // Parsers disagree on which of two duplicate keys is used, so a signature check could see other content than the reader.
  return countKeys(parsed) === keys ? undefined : 'a key is there twice';
}

/** Measures the text in one pass, without recursion. Each colon outside a string is a key. The number of values is approximate. */
function measure(text: Uint8Array): { depth: number; values: number; keys: number } {
  let [level, depth, values, keys] = [0, 0, 1, 0];
  for (let at = 0; at < text.length; at += 1) {
    const byte = text[at] as number;
    if (byte === quote) at = endOfString(text, at);
    else if (byte === comma) values += 1;
    else if (byte === colon) keys += 1;
    else if (opening.has(byte)) {
      level += 1;
      values += 1;
      depth = Math.max(depth, level);
    } else if (closing.has(byte)) level -= 1;
  }
  return { depth, values: values + keys, keys };
}

function endOfString(text: Uint8Array, from: number): number {
  let at = from + 1;
  while (at < text.length && text[at] !== quote) at += text[at] === backslash ? 2 : 1;
  return at;
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inner = Array.isArray(value) ? value : Object.values(value);
  const own = inner === value ? 0 : inner.length;
  return inner.reduce((sum: number, one) => sum + countKeys(one), own);
}
