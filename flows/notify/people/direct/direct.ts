/**
 * Sends messages that belong to no incident. Central operations receive them without the outbox, even if the ledger cannot be written.
 * A single person receives a channel test directly, or a notice through the outbox.
 */
import { closeSync, openSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, doubledMs, keepLatest, type Person, type Vocabulary, withTimeout } from '@sabha/contracts';
import type { Channel, DeliveryOutcome, DeliveryReport, Notice, OutboxRow } from '../../../engine/records/notices.ts';
import { centralNotice } from '../../../engine/transitions/delivery.ts';
import { centrePlace } from '../../../sites/table.ts';
import { type Channels, lastChannel } from '../channels/channels.ts';
import { sendWithinLimit } from '../delivery-queue.ts';
import { type Roster, routeOf } from '../roster.ts';
import { render } from '../words.ts';

type DirectReason = keyof Vocabulary['direct'];

export type DirectOptions = {
  clock: Clock;
  channels: Channels;
  roster: Roster;
  /** Times of the last direct notices, stored across starts. */
  before: ReturnType<typeof createLastNotified>;
  /** Called if a channel did not accept the notice. Nothing else can be done here. */
  onFailure: (channel: string, person: string, reason: string) => void;
};

/** Notifies central at once; `detail` is one line. */
export type TellCentralDirectly = (reason: DirectReason, detail: string) => Promise<void>;

const quietMs = 3_600_000;
const sendLimitMs = 10_000;
const again = { firstMs: 60_000, maxMs: 600_000 };

type TestTarget = { person: Person; name: string; channel: Channel };

/**
 * Notifies every central person on every channel that reaches them, at most once an hour for each reason, also across starts.
 * Retries a failed channel within that hour after 1 min, 2 min and so on.
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
    const ways = roster.central(clock.now()).flatMap((person): TestTarget[] => {
      const reaching = [...channels].filter(([, one]) => one.reaches(person));
      return reaching.map(([name, { channel }]) => ({ person, name, channel }));
    });
    // The console accepts everything, but people do not read it, so it is no success.
    const isTelling = ways.every(({ name }) => name === lastChannel) ? () => true : ({ name }: TestTarget) => name !== lastChannel;
    const round = async (open: readonly TestTarget[], failed: number): Promise<void> => {
      const taken = await Promise.all(open.map((way) => sendDirectly(options, word, way)));
      if (open.some((way, i) => taken[i] === true && isTelling(way))) before.note(reason, clock.now());
      const left = open.filter((_, i) => taken[i] !== true);
      const delayMs = doubledMs(failed, again);
      if (left.length > 0 && clock.up() + delayMs - begunUp < quietMs) clock.after(delayMs, () => void round(left, failed + 1));
    };
    await round(ways, 0);
  };
}

/** Returns true if the channel accepted the message. A later report would need the ledger, which may be the thing that failed. */
async function sendDirectly(options: DirectOptions, word: { notice: Notice; key: string }, target: TestTarget): Promise<boolean> {
  const { clock, onFailure } = options;
  const { notice, key } = word;
  const { person, name, channel } = target;
  const { language } = person;
  const text = { ...render(notice, language), language, severity: 'critical' as const, notice };
  const message = { key: `${key}/${name}/${person.id}`, ...text };
  const outcome = await sendWithinLimit({ clock, limitMs: sendLimitMs }, (signal) => channel.send(message, person, signal));
  if (outcome.result === 'delivered' || outcome.result === 'accepted') return true;
  onFailure(name, person.id, outcome.reason);
  return false;
}

/** A stored time in the future is ignored, because the clock was set back since. */
function isRecent(at: number | undefined, now: number): boolean {
  return at !== undefined && at <= now && now - at < quietMs;
}

/**
 * Last direct notice of each reason, across starts: the modification time of an empty file in an existing folder.
 * A full disk can usually still store that.
 */
export function createLastNotified(folder: string) {
  const fileOf = (reason: DirectReason) => join(folder, `told-${reason}`);
  return {
    at: (reason: DirectReason): number | undefined => statSync(fileOf(reason), { throwIfNoEntry: false })?.mtimeMs,
    note(reason: DirectReason, at: number): void {
      try {
        closeSync(openSync(fileOf(reason), 'a'));
        utimesSync(fileOf(reason), at / 1_000, at / 1_000);
      } catch {
        // If the disk takes not even an empty file, the next start notifies central once more.
      }
    },
  };
}

export type TestOptions = { clock: Clock; channels: Channels; roster: Pick<Roster, 'person'>; heard: Pick<PendingTests, 'wait'> };

/** Time limit of a channel test in ms. The operator waits for the result. */
const proveLimitMs = 30_000;
/** Outcome of a test without a delivery report, because an accepted message is not proven to be delivered. */
const onTheWay: DeliveryOutcome = { result: 'retry', reason: 'the gateway accepted it; ask the person whether it arrived' };

/**
 * Sends a channel test. Guarantee: sent once, with no retry, since a retry would test a later moment. An accepted message is proven by its
 * delivery report.
 */
export async function testChannel(
  { clock, channels, roster, heard: pendingTests }: TestOptions,
  id: string,
  name: string,
): Promise<DeliveryOutcome> {
  const open = channels.get(name);
  const person = roster.person(id);
  if (open === undefined || !open.reaches(person)) return { result: 'refused', reason: `the channel "${name}" does not reach ${id}` };
  const now = clock.now();
  const notice: Notice = { ...directNotice(['channel_test'], now), severity: 'info' };
  const { language } = person;
  const key = `test/${name}/${id}/${Math.floor(now)}`;
  const message = { key, ...render(notice, language), language, severity: notice.severity, notice };
  const outcome = await sendWithinLimit({ clock, limitMs: proveLimitMs }, (signal) => open.channel.send(message, person, signal));
  if (outcome.result !== 'accepted') return outcome;
  return (await pendingTests.wait({ channel: name, id: outcome.id, person: id })) ?? onTheWay;
}

/** Outbox row of a notice of the server to one person, over the person's channels in order. The first line is its key in the vocabulary. */
export function noticeRow({ clock, channels, roster }: Omit<TestOptions, 'heard'>, id: string, lines: string[]): OutboxRow {
  const now = clock.now();
  const way = routeOf(roster.person(id), channels);
  const key = `${lines[0] ?? 'word'}/${way.channel}/${id}/${Math.floor(now)}`;
  const notice: Notice = { ...directNotice(lines, now), severity: 'info' };
  const times = { createdAt: now, dueAt: now, tries: 0, state: 'waiting', lastError: null } as const;
  return { key, transition: null, ...way, person: id, notice, ...times };
}

function directNotice(lines: string[], now: number): Notice {
  return centralNotice({ kind: 'direct', lines, place: centrePlace(), now });
}

type ReportedOutcome = DeliveryReport['outcome'];

export type PendingTests = ReturnType<typeof createPendingTests>;

/** Time limit for the report of a test call. A phone rings for up to a minute, and then the message plays. */
const limitMs = 90_000;
/** Reports kept without a matching test: a phone may report before the push service responds. */
const rememberedAtMost = 100;

/** Keeps the tests that wait for a report. Guarantee: a test waits no longer than its time limit, and is then dropped. */
export function createPendingTests(clock: Clock) {
  const waiting = new Map<string, { person: string; said(outcome: ReportedOutcome): void }>();
  const early = new Map<string, ReportedOutcome>();
  const nameOf = (channel: string, id: string) => `${channel} ${id}`;
  return {
    /** Returns the reported outcome; undefined if none comes in time. */
    async wait({ channel, id, person }: { channel: string; id: string; person: string }): Promise<ReportedOutcome | undefined> {
      const name = nameOf(channel, id);
      const known = early.get(name);
      if (known !== undefined) return known;
      const { promise, resolve } = Promise.withResolvers<ReportedOutcome | undefined>();
      waiting.set(name, { person, said: resolve });
      const said = await withTimeout({ clock, limitMs, timeoutValue: undefined }, () => promise);
      waiting.delete(name);
      return said;
    },
    /** Returns true if the report belongs to a test, which then receives it. */
    take({ channel, id, outcome }: DeliveryReport): boolean {
      const name = nameOf(channel, id);
      const one = waiting.get(name);
      if (one === undefined) keepLatest(early, [name, outcome], rememberedAtMost);
      one?.said(outcome);
      return one !== undefined;
    },
    /** Recipient of a test; undefined if the id is not of a test. */
    about(channel: string, id: string): { person: string; incident: null } | undefined {
      const one = waiting.get(nameOf(channel, id));
      return one && { person: one.person, incident: null };
    },
  };
}
