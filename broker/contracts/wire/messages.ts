/** What the messages say: one valibot schema for each, and the envelope that carries it. Golden samples: messages.golden.json. */

import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { isJudgedByPc, languages } from '../domain/faults.ts';
import { type Check, digestLength, statuses } from '../domain/states.ts';
import { tiers } from '../domain/tiers.ts';
import { describeIssue, oneLine } from '../kit/one-line.ts';
import { budgets } from './budgets.ts';
import { isPcPath, type Leaf, type ScopeWord } from './topics.ts';

/** Largest payload that is read, bytes. */
export const payloadLimitBytes = budgets.messageBytes.most;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const positive = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
/** Of an event: what lies between two of them is counted, so that none is beyond all counting (R27). */
const eventNumber = v.pipe(positive, v.maxValue(budgets.eventNumber.most));
const time = v.pipe(v.number(), v.finite());
/** It counts up, from the seconds since 1970 where those are more; the limit leaves room to count on, whatever was once believed (R16). */
const session = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(2 ** 52));
/** More seconds than the clock of any PC can show: who says a higher session is believed up to here, and one by one from here on (R16). */
export const believedSession = 2 ** 40;
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

/** A time without mains, on the PC's own clock: `to` is null while it lasts; `ending`: the battery came to its end in it. */
export const mainsGone = v.object({ from: time, to: v.optional(v.nullable(time), null), ending: v.optional(v.boolean(), false) });
/**
 * How a boot ended. `aliveAt`: the last mark before the end; `bye`: the goodbye that was said, null for none; `crashed`: the system wrote down a crash of its own;
 * `gone`: when the mains were last away; `begun`: what the system had begun that ends a boot, such as `update`.
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

/** First word of a session, after every CONNACK; repeated until an ack answers it (R16). */
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
  /** First and last number held; `carries` names the forked spool whose unacknowledged events were numbered anew in this one (R5, R7). */
  spool: v.object({ id: token, first: eventNumber, last: v.pipe(count, v.maxValue(budgets.eventNumber.most)), carries: v.optional(token) }),
  hello: v.optional(token),
  /** Until the first birth of a boot is acknowledged: how the boot before it ended, by the marker that the agent keeps on its disk. */
  previous: v.optional(previous),
  /**
   * For how long nobody heard this process, by its clock that never jumps: since the end of its last session that the centre had answered.
   * Null where there was none; absent also of agents that do not know the word.
   */
  apartMs: v.optional(v.nullable(count)),
  /** With it: the mains were away while nobody heard this boot. */
  gone: v.exactOptional(mainsGone),
});
/** The goodbye of a session, with its reason. */
const bye = v.object({ kind: v.literal('bye'), boot: token, session, at: time, reason: word });
/** The will of a session. */
const lost = v.object({ kind: v.literal('lost'), boot: token, session });
/** The last gasp: the battery or UPS is about to end. The session stays open as long as the power does. */
const gasp = v.object({
  kind: v.literal('gasp'),
  boot: token,
  session,
  at: time,
  reason: v.literal('power'),
  /** What is left, as the UPS or battery says. */
  runtimeMs: v.optional(v.nullable(count), null),
});
/** First word, last words and will of a session. */
export const presence = v.variant('kind', [birth, bye, lost, gasp]);

/** The full list has no `base`; a difference names the digest that it builds on and the keys that are gone (R12). */
export const state = v.object({
  digest,
  session,
  rev: positive,
  base: v.optional(digest),
  checks,
  gone: v.optional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(256))), v.maxLength(budgets.checks.most)), []),
});

/**
 * `n` holds the numbers for the exporter by their short key (series.ts); with `part` those that are absent stand as they were last said, for
 * `partBeats` beats. `echo` asks for an ack that returns it.
 */
export const beat = v.object({
  digest,
  session,
  at: time,
  n: v.optional(v.record(v.pipe(v.string(), v.maxLength(16)), v.pipe(v.number(), v.finite())), {}),
  echo: v.optional(time),
  part: v.optional(v.literal(1)),
});
/** What was not said in so many beats with `part` is no more. */
export const partBeats = 16;

/** Devices, system and versions of a PC, and the hash by which a change is seen. */
export const inventory = v.object({ hash: text, at: time, items: v.record(v.string(), v.unknown()) });

/** An event is numbered `(pc, spool, seq)`; a reading is a routine sample that goes first when space is short (R8). */
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

/** A JSON text, and the signature of the centre over exactly its bytes (signed.ts): `configuration`, `centreClock`, or `command` (commands.ts). */
export const signed = v.object({ signed: v.string(), signature: v.string() });

const want = v.union([v.picklist(['state', 'inventory', 'birth']), v.object({ from: positive, to: positive })]);

/** After every commit, and the answer to a birth (`session` names it) and to a beat that carries `echo`. */
export const ack = v.object({
  spool: token,
  upTo: count,
  /** `markOf` the event `upTo` as the ledger holds it: another content under the same number is a fork (R7). */
  mark: v.optional(v.string()),
  at: time,
  session: v.optional(session),
  echo: v.optional(time),
  /** The answer to an echo that can be believed; the signed text is a `centreClock`. */
  clock: v.optional(signed),
  want: v.optional(v.array(want), []),
  /** In the ack of a birth and of an echo: whether this PC is the one that measures the link of its site. */
  measure: v.optional(v.boolean()),
  /** Where it is answered when it measures, and its right to be (reflector.ts); absent where the centre has no reflector. */
  reflector: v.optional(v.object({ port, token: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{22}$/)), endsAt: time })),
});

/**
 * The signed text of `clock`: the centre's time, worth something to the PC that asked with this echo and to no other. `upTo` says the same as in
 * the ack, so that a forged one is found; it is absent where the centre has not heard it from its ledger yet.
 */
export const centreClock = v.object({ pc, echo: time, at: time, spool: token, upTo: v.optional(count) });

/** Asks a scope for births, spread over `withinMs`, which name the `id`; `fresh` runs the state probes first (R17). */
export const hello = v.object({ id: token, withinMs: count, fresh: v.boolean() });

const hostWord = v.pipe(v.string(), v.regex(/^[A-Za-z0-9]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9])?$/));

/** A device that has to stand in the room. */
export const expectedDevice = v.object({
  /** Part of the device's name or id (VID:PID, serial number, port); any device of the kind will do where it is absent. */
  match: v.optional(v.pipe(v.string(), v.maxLength(128))),
});

/** What a room may have to have. A later kind is ignored by an agent that does not know it. */
export const expectedKinds = ['camera', 'microphone', 'speaker', 'display', 'program'] as const;
/** How many devices of one kind. */
export const expectedLimit = 8;

/** What follows the host of a chat: one `{text}` in query or fragment. */
const chat = /^https:\/\/[a-z0-9.-]+(:\d{1,5})?\/[\w./~%+@:!,-]*[?#][\w./~?%+=&@:!,-]*\{text\}[\w./~?%+=&@:!,-]*$/i;
/** What a field of help expects, in one line. */
export const helpWanted = 'a mail address, or a chat such as https://chat.example.org/new?text={text}';

/** True for whom a room card may call: a mail address, or the address of a chat in which `{text}` stands for what is to be said. */
export function isHelp(address: string): boolean {
  return address.length <= 200 && (v.EMAIL_REGEX.test(address) || (chat.test(address) && URL.canParse(address)));
}

/** What the agent judges against. The last good one is kept on the PC. */
export const profile = v.object({
  link: v.picklist(['fibre', '4g', 'leo', 'geo', 'floor']),
  elevationM: v.optional(v.pipe(v.number(), v.minValue(-500), v.maxValue(9_000)), 0),
  expected: v.optional(
    v.object(v.entriesFromList(expectedKinds, v.exactOptional(v.pipe(v.array(expectedDevice), v.maxLength(expectedLimit))))),
    {},
  ),
  /** The least that the link of this site must carry; below it the link is at fault. Absent: `audio`. */
  tier: v.exactOptional(v.picklist(tiers)),
  /** The dial-in bridge of the site, asked by SIP OPTIONS. */
  bridge: v.exactOptional(v.object({ transport: v.picklist(['udp', 'tcp', 'tls']), host: hostWord, port })),
  /** The UPS, as NUT names it, and where upsd listens. */
  ups: v.exactOptional(v.object({ name: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_.-]{1,64}$/)), host: hostWord, port })),
  /** Whom the room card calls. */
  help: v.exactOptional(v.pipe(v.string(), v.check(isHelp, helpWanted))),
  /** The languages of the room card, the first one large. One that this version does not know is passed over. Absent: all. */
  languages: v.exactOptional(v.pipe(v.array(v.pipe(v.string(), v.maxLength(16))), v.maxLength(8))),
});
const name = v.object(v.entriesFromList(languages, text));
/**
 * The signed text of `config`. It names its PC, so that the configuration of one is worth nothing to another.
 * `place`: how people call site and room; absent of a centre that does not know the word.
 */
export const configuration = v.object({ pc, version: positive, profile, place: v.exactOptional(v.object({ site: name, room: name })) });

export type Birth = v.InferOutput<typeof birth>;
export type Previous = v.InferOutput<typeof previous>;
export type MainsGone = v.InferOutput<typeof mainsGone>;
export type PresenceMessage = v.InferOutput<typeof presence>;
export type Beat = v.InferOutput<typeof beat>;
export type Inventory = v.InferOutput<typeof inventory>;
export type EventMessage = v.InferOutput<typeof event>;
export type Ack = v.InferOutput<typeof ack>;
/** What an ack asks a PC to say again. */
export type Want = v.InferOutput<typeof want>;
export type CentreClock = v.InferOutput<typeof centreClock>;
export type Hello = v.InferOutput<typeof hello>;
export type Profile = v.InferOutput<typeof profile>;
export type Config = v.InferOutput<typeof configuration>;
export type Signed = v.InferOutput<typeof signed>;

/** Each leaf and each word to a scope carries the message of its own name. */
const schemas = { presence, state, beat, inventory, event, backlog, ack, config: signed, cmd: signed, hello } as const satisfies Record<
  Leaf | ScopeWord,
  unknown
>;
/** Every message, by its leaf or its word to a scope. */
export type MessageName = keyof typeof schemas;
/** What the message of a name says. */
export type MessageOf<N extends MessageName> = v.InferOutput<(typeof schemas)[N]>;

/** Why there is no value. Reasons are few, so that they can be counted. */
type Unread = { ok: false; reason: 'oversized' | 'version' | 'malformed' | 'shape' | 'schema'; detail: string };
/** What a payload says, or why it says nothing. */
export type Decoded<T> = { ok: true; value: T } | Unread;

/**
 * Reads a payload. `{` or `[` first = plain JSON; any other first byte = the version of a compressed form, of which none is known yet.
 * Unknown fields are ignored, known ones are checked. Never throws on bad input.
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
  return failed('schema', describeIssue(result.issues[0]));
}

/** Writes a message. A state or beat begins with its digest, so that an unchanged one is recognised without parsing (R11). */
export function encode<N extends MessageName>(_name: N, message: v.InferInput<(typeof schemas)[N]>): Buffer {
  if (Array.isArray(message) || !('digest' in message)) return Buffer.from(JSON.stringify(message));
  const { digest: first, ...rest } = message;
  return Buffer.from(JSON.stringify({ digest: first, ...rest }));
}

const digestPrefix = Buffer.from('{"digest":"');

/** The digest at the fixed place of a state or beat, without parsing; undefined where there is none. */
export function peekDigest(payload: Buffer): string | undefined {
  if (!payload.subarray(0, digestPrefix.length).equals(digestPrefix)) return undefined;
  const found = payload.toString('latin1', digestPrefix.length, digestPrefix.length + digestLength);
  return found.length === digestLength ? found : undefined;
}

function failed(reason: Unread['reason'], detail: string): Unread {
  return { ok: false, reason, detail };
}

/** A short hash of an event's content, by which both ends see that a number means the same to them (R7). */
export function markOf(message: EventMessage): string {
  const { boot, at, grade, kind, body } = message;
  return createHash('sha256')
    .update(JSON.stringify([boot, at, grade, kind, body]))
    .digest('hex')
    .slice(0, 8);
}

/** True where two checks say the same, times and names aside. */
export function sameAnswer(a: Check, b: Check): boolean {
  return a.status === b.status && a.fault === b.fault && a.reason === b.reason;
}

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const opening = new Set([0x5b, 0x7b]);
const closing = new Set([0x5d, 0x7d]);

/** What is wrong with the shape of a JSON text that was parsed; undefined where nothing is. */
function shapeFault(text: Uint8Array, parsed: unknown): string | undefined {
  const { depth, values, keys } = measure(text);
  if (depth > budgets.messageDepth.most) return `${depth} levels deep, at most ${budgets.messageDepth.most}`;
  if (values > budgets.messageValues.most) return `${values} values, at most ${budgets.messageValues.most}`;
  // Of a key that stands twice the parser keeps one, and which one is a matter of taste: what signs or compares must not differ from what reads.
  return keysOf(parsed) === keys ? undefined : 'a key stands twice';
}

/** Of the text, in one pass and without recursion. A colon outside of strings is a key; a value more than commas is near enough. */
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

function keysOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inner = Array.isArray(value) ? value : Object.values(value);
  const own = inner === value ? 0 : inner.length;
  return inner.reduce((sum: number, one) => sum + keysOf(one), own);
}
