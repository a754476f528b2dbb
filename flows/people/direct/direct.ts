/** The way past the outbox: when the ledger itself cannot be written, central is told at once. */
import type { Clock } from '#contracts';
import type { Place } from '../../records/place.ts';
import { centralNotice } from '../../transitions/notice.ts';
import type { Channels } from '../channels/channels.ts';
import { limited } from '../limited.ts';
import type { Roster } from '../roster.ts';
import { render } from '../words.ts';
import type { DirectReason, ToldBefore } from './told-before.ts';

/** Who is told past the outbox, and how. */
export type DirectOptions = {
  clock: Clock;
  channels: Channels;
  roster: Roster;
  place: Place;
  before: ToldBefore;
  /** Told of a channel that did not take the word: nothing else can be done about it. */
  onFailure: (channel: string, person: string, reason: string) => void;
};

/** Tells central at once; `detail` is one line. */
export type TellCentralDirectly = (reason: DirectReason, detail: string) => Promise<void>;

const quietMs = 3_600_000;
const sendLimitMs = 10_000;

/**
 * Tells every central person on every channel that reaches them, at once and at most once an hour for each reason, also across starts.
 * Guarantee: needs no disk, never rejects, and ends within 10 s.
 */
export function createDirect({ clock, channels, roster, place, before, onFailure }: DirectOptions): TellCentralDirectly {
  const toldAt = new Map<DirectReason, number>();
  return async (reason, detail) => {
    const last = toldAt.get(reason);
    if (last === undefined ? isRecent(before.at(reason), clock.now()) : clock.up() - last < quietMs) return;
    toldAt.set(reason, clock.up());
    const notice = centralNotice({ kind: 'direct', lines: [reason, detail], place, now: clock.now() });
    const key = `direct/${reason}/${Math.floor(clock.now())}`;
    const sends = roster.central(clock.now()).flatMap((person) => {
      const reaching = [...channels].filter(([, one]) => one.reaches(person));
      return reaching.map(async ([name, { channel }]) => {
        const { language } = person;
        const message = {
          key: `${key}/${name}/${person.id}`,
          ...render(notice, language),
          language,
          severity: 'critical' as const,
          notice,
        };
        const outcome = await limited({ clock, limitMs: sendLimitMs }, (signal) => channel.send(message, person, signal));
        // What is said later of it needs the ledger, which may be what is told of.
        if (outcome.result === 'delivered' || outcome.result === 'accepted') before.note(reason, clock.now());
        else onFailure(name, person.id, outcome.reason);
      });
    });
    await Promise.all(sends);
  };
}

/** A time that is yet to come says nothing: the clock was set. */
function isRecent(at: number | undefined, now: number): boolean {
  return at !== undefined && at <= now && now - at < quietMs;
}
