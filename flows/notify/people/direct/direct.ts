/** The way past the outbox: when the ledger itself cannot be written, central is told at once. */
import { closeSync, openSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, doubledMs, type Person, type Vocabulary } from '@sabha/contracts';
import type { Channel, Notice } from '../../../engine/records/notices.ts';
import { centralNotice } from '../../../engine/transitions/delivery.ts';
import { centrePlace } from '../../../sites/table.ts';
import { type Channels, lastChannel } from '../channels/channels.ts';
import { limited } from '../lanes.ts';
import type { Roster } from '../roster.ts';
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

type Word = { notice: Notice; key: string };
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
    const notice = centralNotice({ kind: 'direct', lines: [reason, detail], place: centrePlace(), now: clock.now() });
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
async function send({ clock, onFailure }: DirectOptions, { notice, key }: Word, { person, name, channel }: Way): Promise<boolean> {
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
