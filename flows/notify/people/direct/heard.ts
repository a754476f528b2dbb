/** Tests of a channel that the other side took: what it then says of one is the proof, and no row of the outbox waits for it. */
import { type Clock, keepLatest, withinTime } from '#contracts';
import type { Report } from '../../../engine/records/notices.ts';
import { nameOf } from '../accepted.ts';

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
