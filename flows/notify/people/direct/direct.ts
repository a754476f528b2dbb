/**
 * Messages without an incident: to central without the outbox when the ledger cannot be written, and to one person, as a test of a channel or as a
 * row of the outbox.
 */
import { closeSync, openSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, doubledMs, keepLatest, type Person, type Vocabulary, withinTime } from '@sabha/contracts';
import type { Channel, Notice, OutboxRow, Outcome, Report } from '../../../engine/records/notices.ts';
import { centralNotice } from '../../../engine/transitions/delivery.ts';
import { centrePlace } from '../../../sites/table.ts';
import { type Channels, lastChannel } from '../channels/channels.ts';
import { limited } from '../lanes.ts';
import { type Roster, wayOf } from '../roster.ts';
import { render } from '../words.ts';

/** What the centre tells without an incident. */
type DirectReason = keyof Vocabulary['direct'];

/** Who is told past the outbox, and how. */
export type DirectOptions = {
  clock: Clock;
  channels: Channels;
  roster: Roster;
  /** What an earlier process told. */
  before: ReturnType<typeof toldIn>;
  /** Told of a channel that did not take the word: nothing else can be done about it. */
  onFailure: (channel: string, person: string, reason: string) => void;
};

/** Tells central at once; `detail` is one line. */
export type TellCentralDirectly = (reason: DirectReason, detail: string) => Promise<void>;

const quietMs = 3_600_000;
const sendLimitMs = 10_000;
const again = { firstMs: 60_000, maxMs: 600_000 };

type Way = { person: Person; name: string; channel: Channel };

/**
 * Tells every central person on every channel that reaches them, at once and at most once an hour for each reason, also across starts. A channel
 * that does not take it is tried again within that hour, after one minute, two and so on.
 * Guarantee: needs no disk, never rejects, and ends within 10 s.
 */
export function createDirect(options: DirectOptions): TellCentralDirectly {
  const { clock, channels, roster, before } = options;
  const toldAt = new Map<DirectReason, number>();
  return async (reason, detail) => {
    const last = toldAt.get(reason);
    if (last === undefined ? isRecent(before.at(reason), clock.now()) : clock.up() - last < quietMs) return;
    const begunUp = clock.up();
    toldAt.set(reason, begunUp);
    const notice = directNotice([reason, detail], clock.now());
    const word = { notice, key: `direct/${reason}/${Math.floor(clock.now())}` };
    const ways = roster.central(clock.now()).flatMap((person): Way[] => {
      const reaching = [...channels].filter(([, one]) => one.reaches(person));
      return reaching.map(([name, { channel }]) => ({ person, name, channel }));
    });
    // The console takes everything, and reaches nobody who is elsewhere.
    const isTelling = ways.every(({ name }) => name === lastChannel) ? () => true : ({ name }: Way) => name !== lastChannel;
    const round = async (open: readonly Way[], failed: number): Promise<void> => {
      const taken = await Promise.all(open.map((way) => send(options, word, way)));
      if (open.some((way, i) => taken[i] === true && isTelling(way))) before.note(reason, clock.now());
      const left = open.filter((_, i) => taken[i] !== true);
      const delayMs = doubledMs(failed, again);
      if (left.length > 0 && clock.up() + delayMs - begunUp < quietMs) clock.after(delayMs, () => void round(left, failed + 1));
    };
    await round(ways, 0);
  };
}

/** True where the channel took it; what is said later of it needs the ledger, which may be what is told of. */
async function send(options: DirectOptions, word: { notice: Notice; key: string }, way: Way): Promise<boolean> {
  const { clock, onFailure } = options;
  const { notice, key } = word;
  const { person, name, channel } = way;
  const { language } = person;
  const text = { ...render(notice, language), language, severity: 'critical' as const, notice };
  const message = { key: `${key}/${name}/${person.id}`, ...text };
  const outcome = await limited({ clock, limitMs: sendLimitMs }, (signal) => channel.send(message, person, signal));
  if (outcome.result === 'delivered' || outcome.result === 'accepted') return true;
  onFailure(name, person.id, outcome.reason);
  return false;
}

/** A time that is yet to come says nothing: the clock was set. */
function isRecent(at: number | undefined, now: number): boolean {
  return at !== undefined && at <= now && now - at < quietMs;
}

/**
 * When central was last told directly, across starts: the modification time of an empty file for each reason in an existing folder. A full disk
 * takes hardly more than that.
 */
export function toldIn(folder: string) {
  const fileOf = (reason: DirectReason) => join(folder, `told-${reason}`);
  return {
    at: (reason: DirectReason): number | undefined => statSync(fileOf(reason), { throwIfNoEntry: false })?.mtimeMs,
    note(reason: DirectReason, at: number): void {
      try {
        closeSync(openSync(fileOf(reason), 'a'));
        utimesSync(fileOf(reason), at / 1_000, at / 1_000);
      } catch {
        // The disk does not take even an empty file, so the next start notifies central once more.
      }
    },
  };
}

/** Whom it may go to, and over what. */
export type ProveOptions = { clock: Clock; channels: Channels; roster: Pick<Roster, 'person'>; heard: Pick<Heard, 'wait'> };

/** Whoever asked is waiting for the answer. */
const proveLimitMs = 30_000;
/** Accepted is no proof: what is said of it then is. */
const onTheWay: Outcome = { result: 'retry', reason: 'the gateway took it; whether it arrived, only the person can say' };

/** Guarantee: sent once, whatever becomes of it: a retry of the outbox would prove another moment. What is taken is proven once the other side says that it arrived. */
export async function prove({ clock, channels, roster, heard }: ProveOptions, id: string, name: string): Promise<Outcome> {
  const open = channels.get(name);
  const person = roster.person(id);
  if (open === undefined || !open.reaches(person)) return { result: 'refused', reason: `the channel "${name}" does not reach ${id}` };
  const now = clock.now();
  const notice: Notice = { ...directNotice(['channel_test'], now), severity: 'info' };
  const { language } = person;
  const key = `test/${name}/${id}/${Math.floor(now)}`;
  const message = { key, ...render(notice, language), language, severity: notice.severity, notice };
  const outcome = await limited({ clock, limitMs: proveLimitMs }, (signal) => open.channel.send(message, person, signal));
  if (outcome.result !== 'accepted') return outcome;
  return (await heard.wait({ channel: name, id: outcome.id, person: id })) ?? onTheWay;
}

/** A word of the centre's own, as its row of the outbox: over the channels of the person, in order. Its first line is its key in the words. */
export function wordTo({ clock, channels, roster }: Omit<ProveOptions, 'heard'>, id: string, lines: string[]): OutboxRow {
  const now = clock.now();
  const way = wayOf(roster.person(id), channels);
  const key = `${lines[0] ?? 'word'}/${way.channel}/${id}/${Math.floor(now)}`;
  const notice: Notice = { ...directNotice(lines, now), severity: 'info' };
  const times = { createdAt: now, dueAt: now, tries: 0, state: 'waiting', lastError: null } as const;
  return { key, transition: null, ...way, person: id, notice, ...times };
}

function directNotice(lines: string[], now: number): Notice {
  return centralNotice({ kind: 'direct', lines, place: centrePlace(), now });
}

type Said = Report['outcome'];

/** The tests that are waited for. */
export type Heard = ReturnType<typeof createHeard>;

/** A phone rings for most of a minute, and is then listened to. */
const limitMs = 90_000;
/** Reports of whatever it may be: a phone may be faster than the answer of the push service that brought it. */
const rememberedAtMost = 100;

/** Guarantee: a test is waited for no longer than its limit, and nothing of it stays behind. */
export function createHeard(clock: Clock) {
  const waiting = new Map<string, { person: string; said(outcome: Said): void }>();
  const early = new Map<string, Said>();
  const nameOf = (channel: string, id: string) => `${channel} ${id}`;
  return {
    /** What is said of it; undefined where nothing is in time. */
    async wait({ channel, id, person }: { channel: string; id: string; person: string }): Promise<Said | undefined> {
      const name = nameOf(channel, id);
      const known = early.get(name);
      if (known !== undefined) return known;
      const { promise, resolve } = Promise.withResolvers<Said | undefined>();
      waiting.set(name, { person, said: resolve });
      const said = await withinTime({ clock, limitMs, late: undefined }, () => promise);
      waiting.delete(name);
      return said;
    },
    /** True where the report is of a test, which then has it. */
    take({ channel, id, outcome }: Report): boolean {
      const name = nameOf(channel, id);
      const one = waiting.get(name);
      if (one === undefined) keepLatest(early, [name, outcome], rememberedAtMost);
      one?.said(outcome);
      return one !== undefined;
    },
    /** To whom a test went; undefined where it is none. */
    about(channel: string, id: string): { person: string; incident: null } | undefined {
      const one = waiting.get(nameOf(channel, id));
      return one && { person: one.person, incident: null };
    },
  };
}
