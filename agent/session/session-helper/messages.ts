/** Messages between service and session helper, one per line: docs/development/session-helper.md. Unknown fields are ignored, as in messages to the server. */

import { configuration, expectedLimit, languages, profile, state } from '@sabha/contracts';
import * as v from 'valibot';

/** Interval at which each side sends at least one message. */
export const aliveEveryMs = 10_000;
/** Time without a message after which the peer counts as silent. */
export const silentMs = 3 * aliveEveryMs;

/** Probes that need the session of a signed-in user. */
export const roomProbes = ['camera', 'microphone', 'speaker', 'sound', 'display', 'program'] as const;
export type RoomProbe = (typeof roomProbes)[number];

const { checks } = state.entries;
const id = v.pipe(v.number(), v.safeInteger());
const text = v.pipe(v.string(), v.maxLength(256));

/**
 * Orders to the session helper:
 * - run the probes now, or more often for a while
 * - report whether a meeting runs, or whether the desktop lets the PC sleep
 * - the server's commands that need a session
 */
const order = v.variant('verb', [
  v.object({ verb: v.literal('look') }),
  v.object({ verb: v.picklist(['meeting', 'sleeps']) }),
  v.object({ verb: v.literal('hasten'), forMs: v.number() }),
  v.object({ verb: v.literal('restart-sound') }),
  v.object({ verb: v.literal('set-default-device'), kind: v.picklist(['microphone', 'speaker']), name: v.string() }),
]);
export type HelperOrder = v.InferOutput<typeof order>;

const result = v.variant('done', [v.object({ done: v.literal(true) }), v.object({ done: v.literal(false), reason: text })]);

/** Limit of changes by one repair: each expected microphone and speaker is unmuted, and one of each kind is selected. */
const stepsAtMost = 2 * (expectedLimit + 1);

/** Changes that the repair key or the undo key made. */
const steps = v.pipe(v.array(v.object({ did: v.picklist(['unmuted', 'muted', 'chosen']), name: text })), v.maxLength(stepsAtMost));
const mended = v.object({ what: v.picklist(['fixed', 'undone']), steps });
export type RepairReport = v.InferOutput<typeof mended>;

const language = v.optional(v.fallback(v.optional(v.picklist(languages)), undefined));

/** Result of the repair key: its changes (none if no fault was found), or the changes before a failure and the reason. */
export const keyResult = v.variant('done', [
  v.object({ done: v.literal(true), steps, language }),
  v.object({ done: v.literal(false), reason: text, steps: v.optional(steps), language }),
]);
export type KeyResult = v.InferOutput<typeof keyResult>;

/** Message of the helper. `checks`: all its checks by probe, without probes that have no result yet. */
export const fromHelper = v.variant('type', [
  v.object({ type: v.literal('proof') }),
  v.object({
    type: v.literal('checks'),
    probes: v.pipe(v.array(v.object({ name: v.picklist(roomProbes), checks })), v.maxLength(roomProbes.length)),
  }),
  v.object({ type: v.literal('alive') }),
  v.object({ type: v.literal('done'), id, result }),
  v.object({ type: v.literal('mended'), mended }),
]);
export type FromHelper = v.InferOutput<typeof fromHelper>;

/** Message to the helper. `room`: facts for the card and the probes. An order that this version does not know becomes null. */
export const toHelper = v.variant('type', [
  v.object({ type: v.literal('prove'), nonce: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)) }),
  v.object({ type: v.literal('refused'), why: text }),
  v.object({
    type: v.literal('room'),
    pc: v.string(),
    profile,
    place: v.optional(configuration.entries.place.wrapped),
    docs: v.optional(v.string()),
    checks,
  }),
  v.object({ type: v.literal('alive') }),
  v.object({ type: v.literal('order'), id, order: v.fallback(v.nullable(order), null) }),
]);
export type ToHelper = v.InferOutput<typeof toHelper>;
