/** What other sides took and have yet to say what became of: it is not sent again, and goes out over the next channel where they say nothing in time, or no. */
import { type Clock, keepLatest } from '@sabha/contracts';
import type { OutboxRow, Report } from '../../engine/records/notices.ts';
import { lateTogether, newsMs, reportLimitMs, startGraceMs } from './lanes.ts';

/** Rows that went out as one message; from `lateUp` of `Clock.up` on they are news no more, and from `endUp` on nobody says anything of them any more. */
export type Held = { rows: OutboxRow[]; lateUp: number; endUp: number };

/** What is accepted, by its channel and its name there. */
export type Accepted = ReturnType<typeof createAccepted>;

/** So many reports of messages that are not here (yet), and so many messages that were, are remembered. */
const rememberedAtMost = 2_000;

/** Guarantee: a report counts once. */
export function createAccepted(clock: Clock) {
  const held = new Map<string, Held>();
  const early = new Map<string, Report['outcome']>();
  const seen = new Map<string, OutboxRow>();
  return {
    /** Holds rows that carry the same `accepted`, unless it was said before they came here what became of them, and answers that: a gateway may be faster than its own answer. */
    hold(rows: OutboxRow[]): Report['outcome'] | undefined {
      const [first] = rows;
      if (first?.accepted === undefined) return undefined;
      const { id, at } = first.accepted;
      const name = nameOf(first.channel, id);
      keepLatest(seen, [name, first], rememberedAtMost);
      const said = early.get(name);
      early.delete(name);
      if (said !== undefined) return said;
      const agoMs = Math.max(0, clock.now() - at);
      const lateUp = clock.up() + Math.min(...rows.map((row) => newsMs(row, clock.now())));
      held.set(name, { rows, lateUp, endUp: clock.up() + Math.max(0, reportLimitMs - agoMs) });
      return undefined;
    },
    /** What a report is about, which is then held no more; undefined where nothing is, and then the report is remembered for a while. */
    take({ channel, id, outcome }: Report): OutboxRow[] | undefined {
      const name = nameOf(channel, id);
      const found = held.get(name);
      if (found === undefined) keepLatest(early, [name, outcome], rememberedAtMost);
      held.delete(name);
      return found?.rows;
    },
    /** The last row of that name, held or not. */
    last: (channel: string, id: string): OutboxRow | undefined => held.get(nameOf(channel, id))?.rows[0] ?? seen.get(nameOf(channel, id)),
    /** The process stood still: nothing is late before what was said meanwhile is read. */
    grace(): void {
      for (const one of held.values()) one.lateUp = Math.max(one.lateUp, clock.up() + startGraceMs);
    },
    /** What is news no more and may go out over another channel: each by itself, or many as one. */
    toMove: (): Held[][] => lateTogether([...held.values()].filter(mayMove), clock.up(), ({ rows }) => rows[0]),
    /** What nobody will say anything of any more, which is then held no more. */
    toEnd(): Held[] {
      const ended = [...held].filter(([, { endUp }]) => endUp <= clock.up());
      for (const [name] of ended) held.delete(name);
      return ended.map(([, one]) => one);
    },
    /** Milliseconds until one of the two is there; undefined where nothing is held. */
    nextInMs(): number | undefined {
      const nextUp = [...held.values()].map((one) => (mayMove(one) ? Math.min(one.lateUp, one.endUp) : one.endUp));
      return nextUp.length === 0 ? undefined : Math.max(0, nextUp.reduce((a, b) => Math.min(a, b)) - clock.up());
    },
    size: (): number => [...held.values()].reduce((sum, { rows }) => sum + rows.length, 0),
  };
}

function mayMove({ rows }: Held): boolean {
  return rows.some(({ further }) => further !== undefined);
}

/** A message that a channel took, by the name that the other side gave it. */
export function nameOf(channel: string, id: string): string {
  return `${channel} ${id}`;
}
