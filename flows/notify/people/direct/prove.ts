/** What the centre says to one person without an incident: a test of a channel, sent past the outbox, and a word, which goes into it. */
import { type Clock, keepLatest, withinTime } from '@sabha/contracts';
import type { Notice, OutboxRow, Outcome, Report } from '../../../engine/records/notices.ts';
import { centralNotice } from '../../../engine/transitions/delivery.ts';
import { centrePlace } from '../../../sites/table.ts';
import type { Channels } from '../channels/channels.ts';
import { limited } from '../lanes.ts';
import { type Roster, wayOf } from '../roster.ts';
import { render } from '../words.ts';

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
  const notice = infoOf(['channel_test'], now);
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
  const times = { createdAt: now, dueAt: now, tries: 0, state: 'waiting', lastError: null } as const;
  return { key, transition: null, ...way, person: id, notice: infoOf(lines, now), ...times };
}

function infoOf(lines: string[], now: number): Notice {
  return { ...centralNotice({ kind: 'direct', lines, place: centrePlace(), now }), severity: 'info' };
}

/** A test that is under way. */
type Test = { channel: string; id: string; person: string };
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
    async wait({ channel, id, person }: Test): Promise<Said | undefined> {
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
