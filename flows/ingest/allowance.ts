/** How much of what one PC says is taken (R27). What is more stays in its spool, or is asked for again by its digest. */
import { budgets } from '#contracts';
import type { Report } from './read-message.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;
/** Who was held back is heard again when it may say this part of a breath, so that what stood first comes before what came later (R8). */
const resumePart = 0.25;

/** What a message weighs: as a word, or as so many events. */
export type Weight = { kind: 'words' | 'events'; count: number; bytes: number };

type Rate = { count: number; bytes: number };
/** `most`: what may gather while a PC is quiet. */
type Pace = { start: Rate; most: Rate; perMs: Rate };

const wordsAtOnce = { count: budgets.wordsAtOnce.most, bytes: budgets.wordBytesAtOnce.most };
const paces: Record<Weight['kind'], Pace> = {
  words: {
    start: wordsAtOnce,
    most: wordsAtOnce,
    perMs: { count: budgets.wordsAnHour.most / hourMs, bytes: budgets.wordBytesAnHour.most / hourMs },
  },
  events: {
    start: { count: budgets.eventsAtOnce.most, bytes: budgets.eventBytesAtOnce.most },
    most: { count: budgets.eventsADay.most, bytes: budgets.eventBytesADay.most },
    perMs: { count: budgets.eventsADay.most / dayMs, bytes: budgets.eventBytesADay.most / dayMs },
  },
};

const kinds = ['words', 'events'] as const;

type Held = Rate & { at: number; isHeldBack: boolean };

/** Guarantee: what a PC has said costs no other PC any of its own. `up` = a clock that never jumps. */
export function createAllowance(up: () => number) {
  const held = new Map<string, Held>();
  return {
    /**
     * Takes the weight of a message; false where its PC is beyond its budget, and the message is not taken. `awayMs`: for how long nobody
     * heard the PC; who was away for weeks has weeks to tell.
     */
    take(pc: string, { kind, count, bytes }: Weight, awayMs: number): boolean {
      const now = up();
      for (const one of kinds) {
        const key = `${one} ${pc}`;
        if (!held.has(key)) held.set(key, { ...filled(paces[one], paces[one].start, awayMs), at: now, isHeldBack: false });
      }
      const key = `${kind} ${pc}`;
      const pace = paces[kind];
      const { at, isHeldBack, ...had } = held.get(key) as Held;
      const has = filled(pace, had, now - at);
      const least = isHeldBack ? resumePart : 0;
      const isEnough = (name: keyof Rate, needed: number) => has[name] >= Math.max(needed, least * pace.start[name]);
      const goes = isEnough('count', count) && isEnough('bytes', bytes);
      const left = goes ? { count: has.count - count, bytes: has.bytes - bytes } : has;
      held.set(key, { ...left, at: now, isHeldBack: !goes });
      return goes;
    },
    forget(pc: string): void {
      for (const kind of kinds) held.delete(`${kind} ${pc}`);
    },
  };
}

/** A beat costs nothing; what could not be read is written down once a minute. */
export function weightOf({ leaf, event, ops }: Report, bytes: number): Weight | undefined {
  if (leaf === 'beat' || event.type === 'unreadable') return undefined;
  if (event.type !== 'heard') return { kind: 'words', count: 1, bytes };
  return { kind: 'events', count: ops.length, bytes };
}

function filled({ most, perMs }: Pace, had: Rate, ms: number): Rate {
  return { count: Math.min(most.count, had.count + ms * perMs.count), bytes: Math.min(most.bytes, had.bytes + ms * perMs.bytes) };
}
