/** Replays the past under virtual time, with the engine's rules for offers and notifications. `ReplayWorld` decides in place of the tabs. */
import { createEngineState, emptyContents } from '../../engine/memory/memory.ts';
import type { OfferMessage, TabAct, Transition } from '../../engine/records/incidents.ts';
import type { OutboxRow, PlaceDetails } from '../../engine/records/notices.ts';
import type { Op, PastIncidents } from '../../engine/records/ops.ts';
import {
  createFloodControl,
  knownConclusion,
  type PlaceFacts,
  type Recipients,
  shortestHoldMs,
  worseConclusion,
} from '../../engine/transitions/flood-control.ts';
import { createTransitions } from '../../engine/transitions/transitions.ts';
import { createStory, isByTimer, type ReplayStep, replayAction, stepsOf } from './past.ts';

export type TabsDecision = { acts: readonly TabAct[]; severity: OfferMessage['severity']; how: string };

export type ReplayWorld = Recipients & {
  place(scope: string): PlaceDetails;
  facts(scope: string): PlaceFacts;
  setNow(at: number): void;
  /** Returns the decision of the tabs; undefined if the message reached no conclusion. */
  decide(message: OfferMessage, node: string | null): Promise<TabsDecision | undefined>;
};

/**
 * A notification that a person would have received. `key`: the outbox key with the number of the recorded transition. `incident`: null for
 * a message of the server itself.
 */
export type ReplayedNotification = Pick<OutboxRow, 'key' | 'channel' | 'person'> & {
  at: number;
  incident: number | null;
  kind: string;
  severity: OfferMessage['severity'];
  digest: boolean;
};

/** The result of a replay. `unfinished`: messages that reached no conclusion. */
export type ReplayResult = { sentNotifications: ReplayedNotification[]; steps: number; unfinished: number };

const tickMs = 1_000;
/** After a minute without events, a tick every 10 s is enough, which saves time. */
const calmTickMs = 10_000;
const calmAfterMs = 60_000;

type ReplayRun = ReturnType<typeof openReplay>;

/** Replays the whole past until a time. Guarantee: nothing is written and nobody is notified. */
export async function replayPast(past: PastIncidents, world: ReplayWorld, until: number): Promise<ReplayResult> {
  const all = openReplay(past, world);
  const { memory, story, transitions, played } = all;
  const steps = stepsOf(past);
  transitions.restart(steps[0]?.at ?? until);
  let [at, next, steppedAt] = [0, 0, 0];
  for (;;) {
    const step = steps[next];
    const waits = nextTickAt(all, { now: at, isCalm: at - steppedAt > calmAfterMs });
    at = Math.min(step?.at ?? Number.POSITIVE_INFINITY, waits);
    if (at > until || at === Number.POSITIVE_INFINITY) return played;
    world.setNow(at);
    for (const id of new Set(memory.live().flatMap((one) => (one.state === 'pending' ? one.incident : [])))) story.passed(id, at);
    if (step?.at !== at) transitions.tick(at);
    // All events of one moment are applied before anything is decided.
    for (let one = step; one !== undefined && one.at <= at; one = steps[next]) {
      next += 1;
      steppedAt = at;
      applyStep(all, one);
    }
    if (await decideOffers(all, at)) steppedAt = at;
  }
}

function openReplay(past: PastIncidents, world: ReplayWorld) {
  const memory = createEngineState(emptyContents);
  const own = { isUnread: () => false, isBeside: () => false, pace: createFloodControl() };
  const transitions = createTransitions(memory, { ...world, ...own });
  const story = createStory(memory, past.incidents);
  /** The recorded transition, by its number in the replay. */
  const real = new Map<number, Transition>();
  const played: ReplayResult = { sentNotifications: [], steps: 0, unfinished: 0 };
  return { world, memory, transitions, story, real, played };
}

/** Returns the time of the next tick: a timer is due, or a transition is queued or open. */
function nextTickAt({ memory }: ReplayRun, { now, isCalm }: { now: number; isCalm: boolean }): number {
  const live = memory.live();
  const everyMs = isCalm && !live.some(({ state }) => state === 'open') ? calmTickMs : tickMs;
  const due = Array.from(memory.timers.values(), ({ dueAt }) => (dueAt > now ? dueAt : now + everyMs));
  const isBusy = live.some(({ state }) => state !== 'waiting');
  return Math.min(...due, isBusy ? now + everyMs : Number.POSITIVE_INFINITY);
}

function applyStep(play: ReplayRun, step: ReplayStep): void {
  const { world, story, transitions, memory } = play;
  if (step.kind === 'change') return story.changed(step.change);
  if (step.kind === 'transition') return replayOffer(play, step.transition);
  // Actions of the engine's timers come after everything that is due at the same tick.
  if (step.done.kind === 'deed' && isByTimer(step.done.deed)) transitions.tick(step.at);
  replayAction(memory, world, step.done);
}

function replayOffer({ story, transitions, real, memory, played }: ReplayRun, transition: Transition): void {
  const found = story.stepped(transition);
  if (found === undefined) return;
  const { incident, faults } = found;
  const { kind, at, again, grew, holdMs, conclusion } = transition;
  played.steps += 1;
  // The ledger does not store which members were offline at which time. The recorded conclusion shows whether new members of a grown group
  // incident were still offline.
  if (conclusion === worseConclusion || (grew && conclusion?.endsWith(knownConclusion))) return;
  const more = grew && { grew: incident.spread?.away ?? [] };
  if (again === undefined)
    transitions.addTransition(incident, { kind, faults, held: holdMs === 0 && shortestHoldMs(faults) > 0, ...more }, at);
  else transitions.addRepeat({ ...incident, faults }, again, at);
  real.set([...memory.stepsOf(incident.id)].at(-1)?.id ?? 0, transition);
  if (conclusion?.includes(muted)) transitions.mute(incident.id, muted);
  transitions.proceed(incident.id, at);
}

/** Conclusion of the engine for faults of a muted PC, which it counts without a notification. */
const muted = 'counted: its PC is noisy';

/** Lets the tabs decide about each open offer. Returns true if there was one. */
async function decideOffers({ world, memory, transitions, real, played }: ReplayRun, now: number): Promise<boolean> {
  let isAny = false;
  for (let { ops, effects } = memory.take(); ops.length + effects.length > 0; { ops, effects } = memory.take()) {
    for (const op of ops) if (op.op === 'outbox') played.sentNotifications.push(notificationOf(op, real));
    const offers = effects.filter((one) => one.do === 'offer');
    for (const { message, node } of offers) {
      const decided = await world.decide(message, node);
      if (decided === undefined) played.unfinished += 1;
      else transitions.conclude({ transition: message.transition.id, ...decided }, now);
    }
    isAny ||= offers.length > 0;
  }
  return isAny;
}

function notificationOf({ row }: Extract<Op, { op: 'outbox' }>, real: ReplayRun['real']): ReplayedNotification {
  const { channel, person, notice, createdAt: at, transition } = row;
  const really = real.get(transition ?? 0);
  const key = really === undefined ? row.key : `${really.id}${row.key.slice(row.key.indexOf('/'))}`;
  const { kind, severity, incident } = notice;
  return { key, channel, person, at, incident, kind, severity, digest: notice.digest === true };
}
