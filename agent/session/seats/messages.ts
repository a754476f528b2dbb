/** The messages of the two seats, a line each: docs/seats.md. Unknown fields are ignored, as on the wire to the centre. */

import { configuration, expectedLimit, languages, profile, state } from '@sabha/contracts';
import * as v from 'valibot';

/** Each side sends something at least so often. */
export const seatEveryMs = 10_000;
/** A seat that sends nothing for so long is gone. */
export const silentMs = 3 * seatEveryMs;

/** The probes that need the session of a signed-in user. */
export const roomProbes = ['camera', 'microphone', 'speaker', 'sound', 'display', 'program'] as const;
export type RoomProbe = (typeof roomProbes)[number];

const { checks } = state.entries;
const id = v.pipe(v.number(), v.safeInteger());
const text = v.pipe(v.string(), v.maxLength(256));

/** What is asked of the session: the commands of the centre that need one, to look at once or more often for a while, whether a meeting runs, whether the desktop sends the PC to sleep. */
const order = v.variant('verb', [
  v.object({ verb: v.literal('look') }),
  v.object({ verb: v.picklist(['meeting', 'sleeps']) }),
  v.object({ verb: v.literal('hasten'), forMs: v.number() }),
  v.object({ verb: v.literal('restart-sound') }),
  v.object({ verb: v.literal('set-default-device'), kind: v.picklist(['microphone', 'speaker']), name: v.string() }),
]);
export type SeatOrder = v.InferOutput<typeof order>;

const result = v.variant('done', [v.object({ done: v.literal(true) }), v.object({ done: v.literal(false), reason: text })]);

/** Each microphone and speaker that may be expected is opened, and one of each kind is chosen. */
const stepsAtMost = 2 * (expectedLimit + 1);

/** What somebody in the room mended by one key, or took back. */
const steps = v.pipe(v.array(v.object({ did: v.picklist(['unmuted', 'muted', 'chosen']), name: text })), v.maxLength(stepsAtMost));
const mended = v.object({ what: v.picklist(['fixed', 'undone']), steps });
export type Mended = v.InferOutput<typeof mended>;

/** The language of the site, where the seat knows it. */
const language = v.optional(v.fallback(v.optional(v.picklist(languages)), undefined));

/** What becomes of such a key: what it changed, nothing where all was well, or what it changed until it could not, and why. */
export const keyResult = v.variant('done', [
  v.object({ done: v.literal(true), steps, language }),
  v.object({ done: v.literal(false), reason: text, steps: v.optional(steps), language }),
]);
export type KeyResult = v.InferOutput<typeof keyResult>;

/** From the room. `checks` is its whole list: by probe, as far as each has answered. */
export const fromRoom = v.variant('type', [
  v.object({ type: v.literal('proof') }),
  v.object({
    type: v.literal('checks'),
    probes: v.pipe(v.array(v.object({ name: v.picklist(roomProbes), checks })), v.maxLength(roomProbes.length)),
  }),
  v.object({ type: v.literal('alive') }),
  v.object({ type: v.literal('done'), id, result }),
  v.object({ type: v.literal('mended'), mended }),
]);
export type FromRoom = v.InferOutput<typeof fromRoom>;

/** To the room. `room` is what its card says and what its probes judge by; an order that a newer `run` knows alone is null. */
export const toRoom = v.variant('type', [
  v.object({ type: v.literal('prove'), nonce: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)) }),
  v.object({ type: v.literal('refused'), why: text }),
  v.object({ type: v.literal('room'), pc: v.string(), profile, place: v.optional(configuration.entries.place.wrapped), checks }),
  v.object({ type: v.literal('alive') }),
  v.object({ type: v.literal('order'), id, order: v.fallback(v.nullable(order), null) }),
]);
export type ToRoom = v.InferOutput<typeof toRoom>;
