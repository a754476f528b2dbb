/** The seat in the session of the signed-in user: it asks the probes of the room, says what they say, and writes the card. */
import { type Check, type Clock, isLanguage, type Language, messageOf } from '#contracts';
import { createCard } from '../card/card.ts';
import type { Known } from '../card/statement.ts';
import { type CheckTable, createCheckTable } from '../checks/check-table.ts';
import type { Probe, SelfFigures } from '../checks/probe.ts';
import { createRunner, type Runner } from '../checks/runner.ts';
import { isInMeeting } from '../platform/in-meeting.ts';
import type { Answer, Order, Platform } from '../platform/platform.ts';
import { sleepsWhenIdle } from '../platform/questions/sleep.ts';
import { shortText } from '../platform/text.ts';
import type { Log } from '../store/log.ts';
import { createJoin, type Joined } from './join.ts';
import { createMend, type Mend } from './mend.ts';
import { roomProbes, type SeatOrder, seatEveryMs } from './messages.ts';
import type { Toasts } from './toasts.ts';
import type { Way } from './way.ts';

/** What a room seat is made of. */
export type RoomOptions = {
  way: Way;
  platform: Platform;
  /** Those of the room. */
  probes: readonly Probe[];
  clock: Clock;
  random: () => number;
  log: Log;
  saveCard(html: string): boolean;
  /** Told too whenever the card may say something else, and of what was mended. */
  toasts(mend: Mend): Toasts;
};
/** A room seat at work. */
export type Room = {
  start(): void;
  stop(): void;
  mend: Mend;
  /** Of the site; undefined until `run` has said it. */
  language(): Language | undefined;
};

/** It has neither link nor spool. */
const self: SelfFigures = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
const orderLimitMs = 14_000;
const sleepsOf = (answer: Answer<boolean>): Order =>
  answer.known && answer.value ? { done: true } : { done: false, reason: 'not that it knows' };
const notHeld: Order = { done: false, reason: 'no program has camera or microphone' };

type State = RoomOptions & {
  known: Known | undefined;
  /** By what was judged last. */
  profileText: string;
  table: CheckTable;
  /** The probes that have answered since the start: of the others nothing is said, which is not that they have nothing. */
  answered: Set<string>;
  runner: Runner;
  join: Joined;
  toldBy: Toasts;
  isOver: boolean;
};

/**
 * Guarantee: it says something only while its `run` is there, which tells it what is expected; its probes are those of one process, and what
 * they say goes stale here as it does there.
 */
export function createRoom(options: RoomOptions): Room {
  const { clock, log, platform, saveCard } = options;
  const table = createCheckTable(clock);
  const whole = () => state;
  const runner = runnerOf(options, table, whole);
  const onSlip = (what: string, error: unknown) => log.warn({}, `${what} failed: ${messageOf(error)}`);
  const card = createCard({ clock, known: () => knownOf(whole()), save: saveCard, onSlip });
  const join = createJoin({
    ...options,
    onRoom: ({ pc, profile, place, checks }, isFirst) => onRoom(whole(), { pc, profile, place, checks }, isFirst),
    onOrder: ({ id, order }) => void obey(whole(), order).then((result) => join.send({ type: 'done', id, result })),
    onAlive() {
      if (state.known) card.look();
    },
  });
  const profile = () => state.known?.profile;
  const mend = createMend({
    platform,
    profile,
    onMended(mended) {
      log.info({ mended }, `${mended.what} by a key in the room`);
      state.toldBy.onMended(mended);
      join.send({ type: 'mended', mended });
      void runner.runNow();
    },
  });
  const state: State = {
    ...options,
    known: undefined,
    profileText: '',
    table,
    answered: new Set(),
    runner,
    join,
    toldBy: options.toasts(mend),
    isOver: false,
  };
  return {
    mend,
    language: () => state.known && (profile()?.languages?.find(isLanguage) ?? 'en'),
    start() {
      join.start();
      expireEvery(state);
    },
    stop() {
      state.isOver = true;
      join.stop();
      runner.stop();
      if (state.known) card.stop();
    },
  };
}

function knownOf({ known }: State): Known {
  if (known === undefined) throw new Error('not joined');
  return known;
}

function runnerOf({ probes, platform, clock, random, log }: RoomOptions, table: CheckTable, whole: () => State): Runner {
  return createRunner({
    probes,
    platform,
    clock,
    random,
    context: () => ({ profile: knownOf(whole()).profile, self }),
    known: ({ name }) => table.known(name),
    onResult({ name, everyMs }, { checks }) {
      const { answered } = whole();
      const isFirst = !answered.has(name);
      answered.add(name);
      if (table.merge({ component: name, everyMs, checks }).length > 0 || isFirst) sayAll(whole());
    },
    onFailing: (probe, error) => log.warn({ probe }, error === null ? 'the probe answers again' : `the probe fails: ${error}`),
  });
}

/** `isFirst` since it joined: then the whole list is due, however old. */
function onRoom(state: State, known: Known, isFirst: boolean): void {
  const isNew = state.known === undefined;
  const profileText = JSON.stringify(known.profile);
  const isNews = profileText !== state.profileText;
  Object.assign(state, { known, profileText });
  state.toldBy.onKnown(known);
  if (isNew) state.runner.start();
  else if (isNews) void state.runner.runNow();
  if (isFirst) sayAll(state);
}

function sayAll({ join, table, answered }: State): void {
  const byProbe = Map.groupBy<string, Check>(table.checks(), ({ component }) => component);
  const probes = roomProbes.filter((name) => answered.has(name)).map((name) => ({ name, checks: byProbe.get(name) ?? [] }));
  join.send({ type: 'checks', probes });
}

function expireEvery(state: State): void {
  state.clock.after(seatEveryMs, () => {
    if (state.isOver) return;
    if (state.table.expire().length > 0) sayAll(state);
    expireEvery(state);
  });
}

async function obey({ runner, platform, clock }: State, order: SeatOrder | null): Promise<Order> {
  if (order === null) return { done: false, reason: 'the room seat does not know this order' };
  const signal = AbortSignal.timeout(Math.ceil(orderLimitMs / (clock.speed ?? 1)));
  const act = async (): Promise<Order> => {
    if (order.verb === 'restart-sound') return platform.restartSound(signal);
    if (order.verb === 'set-default-device') return platform.setDefaultDevice({ kind: order.kind, name: order.name }, signal);
    if (order.verb === 'meeting') return (await isInMeeting(platform)) ? { done: true } : notHeld;
    if (order.verb === 'sleeps') return sleepsOf(await platform.ask(sleepsWhenIdle, signal));
    if (order.verb === 'hasten') runner.hasten(order.forMs);
    else await runner.runNow();
    return { done: true };
  };
  return act().catch((error: unknown) => ({ done: false, reason: shortText(messageOf(error)) }));
}
