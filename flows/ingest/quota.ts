/**
 * Token buckets for the messages of each PC. R27 (budgets: quota and backpressure).
 * Excess events stay in the PC's spool, and an excess state is requested again by its digest.
 */
import { budgets } from '@sabha/contracts';
import type { DecodedMessage } from './read-message.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;
/**
 * Share of the burst that must refill after a PC exceeded its quota, before its messages are accepted again. So its oldest events come
 * first. R8 (bounded spool). For slow quotas the refill of one hour is enough, so that the PC waits at most that long.
 */
const resumePart = 0.25;

/**
 * The cost of a message and the bucket that pays for it:
 * - `words`: births, states and inventories
 * - `events`: events
 * - `spools`: births with another spool, or with an earlier first number
 * - `signs`: beats, byes and last gasps that change the record of the PC
 * `foreign`: spools in the events that the last birth of the PC did not name. `isUnborn`: the ledger has no birth of the PC.
 */
export type MessageCost = Rate & { kind: 'words' | 'events' | 'spools' | 'signs'; foreign?: readonly string[]; isUnborn?: boolean };

type Rate = { count: number; bytes: number };
/** A rate with a burst. `most`: the greatest amount that accumulates while a PC is quiet. */
type QuotaRate = { start: Rate; most: Rate; perMs: Rate };

const rate = (count: number, bytes: number, perMs = 1): Rate => ({ count: count / perMs, bytes: bytes / perMs });
const steady = (most: Rate, perMs: Rate): QuotaRate => ({ start: most, most, perMs });

const { wordsAtOnce, wordBytesAtOnce, wordsAnHour, wordBytesAnHour, eventsAtOnce, eventBytesAtOnce, eventsADay, eventBytesADay } = budgets;
const quotaRates: Record<MessageCost['kind'], QuotaRate> = {
  words: steady(rate(wordsAtOnce.most, wordBytesAtOnce.most), rate(wordsAnHour.most, wordBytesAnHour.most, hourMs)),
  events: {
    start: rate(eventsAtOnce.most, eventBytesAtOnce.most),
    most: rate(budgets.eventsGathered.most, eventBytesADay.most),
    perMs: rate(eventsADay.most, eventBytesADay.most, dayMs),
  },
  spools: steady(rate(budgets.spoolsAtOnce.most, 0), rate(budgets.spoolsADay.most, 0, dayMs)),
  signs: steady(rate(budgets.signsAtOnce.most, 0), rate(budgets.signsAnHour.most, 0, hourMs)),
};

/** Quota per day for events of a PC that has sent no birth. Such a PC gets no ack, so an honest agent sends no more than this. */
const unborn = rate(budgets.eventsUnacknowledged.most, eventBytesAtOnce.most / 4);
const unbornRate = steady(unborn, rate(unborn.count, unborn.bytes, dayMs));

const kinds = ['words', 'events', 'spools', 'signs'] as const;
/** Number of hellos that are remembered. A birth that answers an older hello costs like any other. */
const hellosKept = 16;

const sign: MessageCost = { kind: 'signs', count: 1, bytes: 0 };

type Bucket = Rate & { at: number; isHeldBack: boolean };

/** Creates the buckets of all PCs. `up` is a monotonic clock. Guarantee: the messages of one PC cost no other PC anything. */
export function createQuotas(up: () => number) {
  const held = new Map<string, Bucket>();
  const spools = new Map<string, { spool: string; first: number }>();
  /** By PC: the newest spools that no birth named and whose cost was already charged. */
  const paid = new Map<string, readonly string[]>();
  const born = new Set<string>();
  const currentBucket = (kind: MessageCost['kind'], pc: string, pace = quotaRates[kind]): Bucket => {
    const one = held.get(`${kind} ${pc}`);
    if (one === undefined) return { ...pace.most, at: up(), isHeldBack: false };
    const filled = (name: keyof Rate) => Math.min(pace.most[name], one[name] + (up() - one.at) * pace.perMs[name]);
    return { ...one, count: filled('count'), bytes: filled('bytes'), at: up() };
  };

  function spendCost(pc: string, { kind, count: own, bytes, foreign = [], isUnborn = false }: MessageCost): boolean {
    const pace = isUnborn ? unbornRate : quotaRates[kind];
    const had = currentBucket(kind, pc, pace);
    const opened = foreign.filter((one) => !paid.get(pc)?.includes(one));
    const count = own + opened.length * budgets.spoolEvents.most;
    const least = (name: keyof Rate) => (had.isHeldBack ? Math.min(resumePart * pace.start[name], pace.perMs[name] * hourMs) : 0);
    const isEnough = (name: keyof Rate, needed: number) => had[name] >= Math.max(needed, least(name));
    const isWithin = isEnough('count', count) && isEnough('bytes', bytes);
    const goes = isWithin && (opened.length === 0 || spendCost(pc, { kind: 'spools', count: opened.length, bytes: 0 }));
    const left = goes ? { count: had.count - count, bytes: had.bytes - bytes } : {};
    held.set(`${kind} ${pc}`, { ...had, ...left, isHeldBack: !goes });
    if (goes && opened.length > 0) paid.set(pc, [...(paid.get(pc) ?? []), ...opened].slice(-budgets.spoolsAtOnce.most));
    return goes;
  }

  return {
    /** Charges the cost of a message. Returns false if the PC is beyond its quota; then the message must be dropped. */
    spend: spendCost,

    /** Returns false if a birth names another spool or an earlier first number than the last one, and the limit for that is used up. */
    allowsSpool(pc: string, { spool, first }: { spool: string; first: number }): boolean {
      const last = spools.get(pc);
      const isBack = last !== undefined && (last.spool !== spool || first < last.first);
      if (isBack && !spendCost(pc, { kind: 'spools', count: 1, bytes: 0 })) return false;
      spools.set(pc, { spool, first });
      return true;
    },

    /**
     * Sets the event quota at the first birth: the number of waiting events, plus a burst. Until then a full spool is permitted, because a
     * restarted server may receive a long backlog in the middle. Later births add nothing, so false claims have no effect.
     */
    startWithBacklog(pc: string, count: number, isUnborn = false): void {
      if (born.has(pc)) return;
      born.add(pc);
      const { start } = quotaRates.events;
      const most = { count: start.count + count, bytes: start.bytes + count * budgets.messageBytes.most };
      const had = isUnborn ? { ...most, at: up(), isHeldBack: false } : currentBucket('events', pc);
      held.set(`events ${pc}`, { ...had, count: Math.min(had.count, most.count), bytes: Math.min(had.bytes, most.bytes) });
    },

    ...createHelloLog(up),

    forget(pc: string): void {
      for (const kind of kinds) held.delete(`${kind} ${pc}`);
      born.delete(pc);
      spools.delete(pc);
      paid.delete(pc);
    },
  };
}

/** Remembers the latest hellos of the server, and the PCs that responded to each. */
function createHelloLog(up: () => number) {
  const hellos = new Map<string, { at: number; answered: Set<string> }>();
  return {
    /** Registers a hello, so that births which answer it are free. */
    registerHello(hello: string): void {
      hellos.set(hello, { at: up(), answered: new Set() });
      for (const oldest of hellos.keys()) if (hellos.size > hellosKept) hellos.delete(oldest);
    },

    /** Returns true if a birth answers a hello of this server, once for each PC and hello. Requested births cost nothing. */
    answersHello(pc: string, hello: string | undefined): boolean {
      const answered = hellos.get(hello ?? '')?.answered;
      if (answered === undefined || answered.has(pc)) return false;
      answered.add(pc);
      return true;
    },

    /** Returns the age of a hello in milliseconds; undefined for an unknown or expired one. */
    helloAgeMs(hello: string): number | undefined {
      const asked = hellos.get(hello);
      return asked && up() - asked.at;
    },
  };
}

/**
 * Returns the cost of a message; undefined if it is free. A beat costs only if it needs a response or opens a session above `session`.
 * Unreadable messages are free, because they are recorded once a minute. A last will is free, because the broker sends it.
 * Bye and last gasp have a separate bucket, so that a stopped PC is not reported as silent.
 */
export function costOf(
  { event, ops, answer }: DecodedMessage,
  /** `bytes`: length of the message. `session` and `spool`: the stored ones of the PC. */
  { bytes, session, spool }: { bytes: number; session: number; spool: string | null },
): MessageCost | undefined {
  if (event.type === 'beat') return answer || event.session > session ? sign : undefined;
  if (event.type === 'unreadable' || event.type === 'lost') return undefined;
  if (event.type === 'bye' || event.type === 'gasp') return sign;
  if (event.type !== 'heard') return { kind: 'words', count: 1, bytes };
  const foreign = event.spools?.filter((one) => one !== spool) ?? [];
  return { kind: 'events', count: ops.length, bytes, foreign, isUnborn: spool === null };
}
