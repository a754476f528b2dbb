/** How much of what one PC says is taken (R27). What is more stays in its spool, or is asked for again by its digest. */
import { budgets } from '@sabha/contracts';
import type { Report } from './read-message.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;
/**
 * Who was held back is heard again when it may say this part of a breath, so that what stood first comes before what came later (R8); of what
 * fills so slowly that it would wait for hours, when it may say what an hour brings.
 */
const resumePart = 0.25;

/**
 * What a message weighs: as a word, as so many events, as a spool that is not where it was, or as a sign of life, or of its end, that changes what is known of its PC.
 * `foreign`: the spools that its events name and the last birth of its PC did not. `isUnborn`: the ledger knows no birth of its PC.
 */
export type Weight = Rate & { kind: 'words' | 'events' | 'spools' | 'signs'; foreign?: readonly string[]; isUnborn?: boolean };

type Rate = { count: number; bytes: number };
/** `most`: what may gather while a PC is quiet. */
type Pace = { start: Rate; most: Rate; perMs: Rate };

const rate = (count: number, bytes: number, perMs = 1): Rate => ({ count: count / perMs, bytes: bytes / perMs });
const steady = (most: Rate, perMs: Rate): Pace => ({ start: most, most, perMs });

const { wordsAtOnce, wordBytesAtOnce, wordsAnHour, wordBytesAnHour, eventsAtOnce, eventBytesAtOnce, eventsADay, eventBytesADay } = budgets;
const paces: Record<Weight['kind'], Pace> = {
  words: steady(rate(wordsAtOnce.most, wordBytesAtOnce.most), rate(wordsAnHour.most, wordBytesAnHour.most, hourMs)),
  events: {
    start: rate(eventsAtOnce.most, eventBytesAtOnce.most),
    most: rate(budgets.eventsGathered.most, eventBytesADay.most),
    perMs: rate(eventsADay.most, eventBytesADay.most, dayMs),
  },
  spools: steady(rate(budgets.spoolsAtOnce.most, 0), rate(budgets.spoolsADay.most, 0, dayMs)),
  signs: steady(rate(budgets.signsAtOnce.most, 0), rate(budgets.signsAnHour.most, 0, hourMs)),
};

/** A PC without a birth gets no ack, so an agent sends no more than this. It is the quota of a day. */
const unborn = rate(budgets.eventsUnacknowledged.most, eventBytesAtOnce.most / 4);
const unbornPace = steady(unborn, rate(unborn.count, unborn.bytes, dayMs));

const kinds = ['words', 'events', 'spools', 'signs'] as const;
/** As many hellos as may wait for their answers at once; whoever answers an older one says a word like any other. */
const hellosKept = 16;

const sign: Weight = { kind: 'signs', count: 1, bytes: 0 };

type Held = Rate & { at: number; isHeldBack: boolean };

/** Guarantee: what a PC has said costs no other PC any of its own. `up` = a clock that never jumps. */
export function createAllowance(up: () => number) {
  const held = new Map<string, Held>();
  const spools = new Map<string, { spool: string; first: number }>();
  /** The newest foreign spools that each PC has paid for. */
  const paid = new Map<string, readonly string[]>();
  const born = new Set<string>();
  const has = (kind: Weight['kind'], pc: string, pace = paces[kind]): Held => {
    const one = held.get(`${kind} ${pc}`);
    if (one === undefined) return { ...pace.most, at: up(), isHeldBack: false };
    const filled = (name: keyof Rate) => Math.min(pace.most[name], one[name] + (up() - one.at) * pace.perMs[name]);
    return { ...one, count: filled('count'), bytes: filled('bytes'), at: up() };
  };

  function take(pc: string, { kind, count: own, bytes, foreign = [], isUnborn = false }: Weight): boolean {
    const pace = isUnborn ? unbornPace : paces[kind];
    const had = has(kind, pc, pace);
    const opened = foreign.filter((one) => !paid.get(pc)?.includes(one));
    const count = own + opened.length * budgets.spoolEvents.most;
    const least = (name: keyof Rate) => (had.isHeldBack ? Math.min(resumePart * pace.start[name], pace.perMs[name] * hourMs) : 0);
    const isEnough = (name: keyof Rate, needed: number) => had[name] >= Math.max(needed, least(name));
    const isWithin = isEnough('count', count) && isEnough('bytes', bytes);
    const goes = isWithin && (opened.length === 0 || take(pc, { kind: 'spools', count: opened.length, bytes: 0 }));
    const left = goes ? { count: had.count - count, bytes: had.bytes - bytes } : {};
    held.set(`${kind} ${pc}`, { ...had, ...left, isHeldBack: !goes });
    if (goes && opened.length > 0) paid.set(pc, [...(paid.get(pc) ?? []), ...opened].slice(-budgets.spoolsAtOnce.most));
    return goes;
  }

  return {
    /** Takes the weight of a message; false where its PC is beyond its budget, and the message is not taken. */
    take,

    /** False where a birth names another spool than the one before it, or an earlier first number, once too often. */
    follows(pc: string, { spool, first }: { spool: string; first: number }): boolean {
      const last = spools.get(pc);
      const isBack = last !== undefined && (last.spool !== spool || first < last.first);
      if (isBack && !take(pc, { kind: 'spools', count: 1, bytes: 0 })) return false;
      spools.set(pc, { spool, first });
      return true;
    },

    /**
     * How many events wait in the spool of a PC, as its birth says. Until its first birth it may say a whole spool, since a centre that has
     * just started does not know who is half-way through weeks; then that much beside a breath. Later births add nothing: who claims would gain.
     */
    waits(pc: string, count: number, isUnborn = false): void {
      if (born.has(pc)) return;
      born.add(pc);
      const { start } = paces.events;
      const most = { count: start.count + count, bytes: start.bytes + count * budgets.messageBytes.most };
      const had = isUnborn ? { ...most, at: up(), isHeldBack: false } : has('events', pc);
      held.set(`events ${pc}`, { ...had, count: Math.min(had.count, most.count), bytes: Math.min(had.bytes, most.bytes) });
    },

    ...createHellos(up),

    forget(pc: string): void {
      for (const kind of kinds) held.delete(`${kind} ${pc}`);
      born.delete(pc);
      spools.delete(pc);
      paid.delete(pc);
    },
  };
}

/** The hellos of the centre, and who answered them. */
function createHellos(up: () => number) {
  const hellos = new Map<string, { at: number; answered: Set<string> }>();
  return {
    /** A hello goes out: whoever answers it was asked. */
    asks(hello: string): void {
      hellos.set(hello, { at: up(), answered: new Set() });
      for (const oldest of hellos.keys()) if (hellos.size > hellosKept) hellos.delete(oldest);
    },

    /** True where a birth answers a hello of ours, of each PC once a hello: what the centre asked for costs no words. */
    isAsked(pc: string, hello: string | undefined): boolean {
      const answered = hellos.get(hello ?? '')?.answered;
      if (answered === undefined || answered.has(pc)) return false;
      answered.add(pc);
      return true;
    },

    /** How long ago a hello went out; undefined for one that is forgotten, or of nobody. */
    askedMs(hello: string): number | undefined {
      const asked = hellos.get(hello);
      return asked && up() - asked.at;
    },
  };
}

/**
 * A beat costs nothing, unless it is to be answered, or written down as one of a session above `session`, which is the one held. What could not
 * be read is written down once a minute. Goodbye and last gasp have a budget apart from words: without them a PC that stopped would be called
 * silent. A will is the broker's word.
 */
export function weightOf(
  { event, ops, answer }: Report,
  /** The length of the message, and the session and spool that the ledger holds of its PC. */
  { bytes, session, spool }: { bytes: number; session: number; spool: string | null },
): Weight | undefined {
  if (event.type === 'beat') return answer || event.session > session ? sign : undefined;
  if (event.type === 'unreadable' || event.type === 'lost') return undefined;
  if (event.type === 'bye' || event.type === 'gasp') return sign;
  if (event.type !== 'heard') return { kind: 'words', count: 1, bytes };
  const foreign = event.spools?.filter((one) => one !== spool) ?? [];
  return { kind: 'events', count: ops.length, bytes, foreign, isUnborn: spool === null };
}
