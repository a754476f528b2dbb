/** What one PC says of itself: pure steps from a record and a word to the next record (R11-R13, R16, R18). */
import { isDeepStrictEqual } from 'node:util';
import { believedSession, budgets, type Check, checkKey, digestOf, links, oneLine, sameAnswer, willGraceMs } from '@sabha/contracts';
import { moveTimes } from '../memory/memory.ts';
import type { PcEvent, PcRecord, UpdateName, Versions } from '../records/incidents.ts';

/** More than machines are ever made of one disk at once: those who are thrown out come back in their turn, the last of all. */
const bootsKept = 32;
const clonedForMs = 3_600_000;
/** Who said that it restarts is back in this time, or it is silent. */
const backWithinMs = 10 * 60_000;
/** Machines that stood at one path, one after the other. */
const formersKept = 32;
/** What a connection said last may reach us after its will: a broker lets it wait its turn for up to 20 s. */
const lateWordsMs = 30_000;
/** More sessions than a machine opens in a week, whether it counts them or goes by its clock, which makes one a second. */
const sessionsApart = 1_000_000;
/** A broker that stood still tells the wills of that time as soon as it goes on. */
const willsOfGapMs = 60_000;
/** A battery that ran for longer says nothing of a loss. */
const batteryLimitMs = 4 * 3_600_000;
/** Longest time after which a PC reports that it runs on battery. */
export const toldLateMs = 60_000;
/** No room has more. */
const driversAtMost = 16;
const textAtMost = 100;
/** Those before them are no cause any more. */
const updatesKept = 8;

type Said<T extends PcEvent['type']> = Extract<PcEvent, { type: T }>;

/** What came of a word: the next record, and what it leaves to be asked for. `stale` words change nothing but the time of hearing. */
export type Step = { record: PcRecord; ask?: ('state' | 'inventory')[]; unreadable?: boolean; stale?: boolean };

/** What is held of a PC that nobody has heard. */
export function newRecord(pc: string, link: PcRecord['link']): PcRecord {
  return {
    pc,
    link,
    presence: 'never',
    boot: null,
    session: 0,
    rev: 0,
    digest: null,
    checks: [],
    heardAt: null,
    lostAt: null,
    lostSession: 0,
    unheard: false,
    spool: null,
    config: 0,
    inventory: null,
    agent: null,
    calledAt: null,
    ended: {},
    gasp: null,
    bye: null,
    absence: null,
  };
}

/**
 * A record for the next machine at this path. Of those before it the spools are kept, which tell them from it, and a session that none of them
 * reaches before the broker shuts it out: each counts on from its last one, or from its clock. Above one that no honest machine has, no
 * agent could follow: such a one is not counted.
 */
export function recordAfter({ pc, link, spool, session, lostSession, formers = [], formerSessions = 0 }: PcRecord, now: number): PcRecord {
  const reached = [session, lostSession, formerSessions].filter((one) => one + sessionsApart <= believedSession);
  const last = Math.max(...reached, Math.floor(now / 1_000));
  return {
    ...newRecord(pc, link),
    formers: (spool === null ? formers : [spool, ...formers]).slice(0, formersKept),
    formerSessions: last + sessionsApart,
  };
}

/**
 * R30: what a machine that was replaced, moved or retired still says is not believed, nor does it count as hearing, however late it comes and
 * whatever the broker knows. Who is let in anew with an old disk opens another spool. At a path where another machine stood before, a session
 * and a boot are believed from their birth on, which alone names the spool, and no session that one of those may have.
 */
export function believes({ formers = [], formerSessions = 0, spool, session, boot }: PcRecord, said: PcEvent): boolean {
  if (formers.length === 0) return true;
  if (said.type === 'birth') return !formers.includes(said.spool);
  if (spool === null || ('boot' in said && said.boot !== boot)) return false;
  if (said.type === 'heard') return !said.spools?.some((one) => formers.includes(one));
  return !('session' in said) || (said.session === session && session > formerSessions);
}

/** When a word came, and since when we listen. */
type Heard = { now: number; listeningSince: number | null };

const stopped = { presence: 'stopped', lostAt: null } as const;

/** A record after a word of its PC. A word of an older session is stale; which birth is, its spool says. */
export function afterWord(record: PcRecord, said: PcEvent, heardAt: Heard): Step {
  const { now } = heardAt;
  if ('session' in said && said.type !== 'birth' && said.session < record.session) return { record, stale: true };
  switch (said.type) {
    case 'birth':
      return onBirth(record, said, now);
    case 'bye':
      // A clean goodbye of the current session or a later one: the PC is stopped, which is not silence.
      return { record: { ...record, ...stopped, session: said.session, boot: said.boot, bye: { at: now, reason: said.reason ?? '' } } };
    case 'gasp':
      return { record: { ...inSession(record, said.session), gasp: { at: now, runtimeMs: said.runtimeMs } } };
    case 'lost':
      return onLost(record, said, heardAt);
    case 'state':
      return onState(record, said, now);
    case 'beat':
      return { record: inSession(record, said.session), ask: said.digest === record.digest ? [] : ['state'] };
    case 'unreadable':
      return { record, ask: said.leaf === 'state' ? ['state'] : [], unreadable: said.leaf === 'state' };
    case 'inventory':
      return { record: withVersions({ ...record, inventory: said.hash }, said.versions, now) };
    case 'heard':
      return { record: said.boot === undefined ? record : { ...record, ...bootsWith(record, said.boot, now) } };
  }
}

/**
 * A birth of an older session of the same spool is late, and nothing; a new spool begins a new order of sessions. One among those of a machine
 * before it says no more than its spool: it is answered with the last of these, and its machine goes on above it (R16, R30).
 */
function onBirth(record: PcRecord, said: Said<'birth'>, now: number): Step {
  const { formerSessions = 0 } = record;
  const sameSpool = record.spool === said.spool;
  if (sameSpool && said.session < record.session) return { record, stale: true };
  if (said.session <= formerSessions) return { record: { ...record, spool: said.spool, session: formerSessions }, stale: true };
  const moved = sameSpool ? inSession(record, said.session) : { ...record, session: said.session, rev: 0, lostAt: null, lostSession: 0 };
  const { boot, spool, config, agent } = said;
  const isOther = record.agent !== null && record.agent !== agent;
  const calledAt = said.fresh === true ? now : moved.calledAt;
  const gasp = boot === record.boot ? (record.gasp ?? null) : null;
  const named = { boot, spool, config, agent, calledAt, gasp, bye: null };
  const known: PcRecord = {
    ...moved,
    ...bootsWith(record, boot, now),
    ...named,
    presence: moved.lostAt === null ? 'online' : moved.presence,
  };
  const next = isOther ? withUpdates(known, { what: [`agent ${agent}`], now }) : known;
  const ask: NonNullable<Step['ask']> = [];
  if (said.digest !== record.digest) ask.push('state');
  if (said.inventory !== '' && said.inventory !== record.inventory) ask.push('inventory');
  return { record: next, ask };
}

/** A machine never goes back to an earlier boot. What was found stands until nothing but new boots has come for an hour. */
function bootsWith({ boots = [], clonedAt = null }: PcRecord, boot: string, now: number): Pick<PcRecord, 'boots' | 'clonedAt'> {
  if (boots[0] === boot) return {};
  const isBack = boots.includes(boot);
  const stands = clonedAt !== null && now - clonedAt < clonedForMs;
  return { boots: [boot, ...boots.filter((one) => one !== boot)].slice(0, bootsKept), clonedAt: isBack ? now : stands ? clonedAt : null };
}

/** The will of the current session or a later one; an older will is ignored (R16). Whether it may be of a gap of ours (R18a) is judged once: another gap may follow. */
function onLost(record: PcRecord, said: Said<'lost'>, { now, listeningSince }: Heard): Step {
  const over = said.session === record.session && record.presence === 'stopped';
  if (over) return { record, stale: true };
  return {
    record: {
      ...record,
      presence: record.presence === 'silent' ? 'silent' : 'lost',
      lostAt: now,
      lostSession: said.session,
      lostInGap: listeningSince !== null && now - listeningSince < willsOfGapMs && (record.heardAt ?? 0) < listeningSince,
    },
  };
}

/** A whole list, or a difference that builds on the digest held; anything else is asked for again (R12, R13). */
function onState(record: PcRecord, said: Said<'state'>, now: number): Step {
  const current = inSession(record, said.session);
  if (said.rev <= current.rev) return { record: current, stale: true };
  if (said.base !== undefined && said.base !== current.digest) return { record: current, ask: ['state'] };
  const list = said.base === undefined ? said.checks : changed(current.checks, said.checks, said.gone);
  if (list.length > budgets.checks.most || digestOf(list) !== said.digest) return { record: current, ask: ['state'], unreadable: true };
  const gasp = list.some(isBattery) ? (current.gasp ?? null) : null;
  return { record: { ...current, rev: said.rev, digest: said.digest, checks: dated(current.checks, list, now), gasp } };
}

/**
 * A word that comes so long after a will that it was not under way then, or answers a hello that is younger than the will, shows that its
 * session is there: the will was wrong (R16).
 */
export function afterWill(record: PcRecord, now: number, askedMs = Number.POSITIVE_INFINITY): PcRecord {
  const { lostAt, presence } = record;
  if (lostAt === null || presence === 'stopped') return record;
  const lostMs = now - lostAt;
  if (lostMs < lateWordsMs && lostMs <= askedMs) return record;
  return { ...record, lostAt: null, presence: presence === 'silent' ? 'silent' : 'online' };
}

/** Any message of its own counts as hearing, readable or not. */
export function heard(record: PcRecord, now: number): PcRecord {
  return { ...record, heardAt: now, presence: record.presence === 'never' ? 'online' : record.presence };
}

/**
 * Where the PC stands now (R18). `listeningSince` is our own last SUBACK, or the later time from which this PC was expected; null while we
 * are not subscribed.
 * Guarantee: while `flows` is not subscribed no silence is judged, and none is counted from before it was. A will of our
 * own gap, in which the broker heard nobody, shortens no limit (R18a).
 */
export function presenceOf(record: PcRecord, listeningSince: number | null, now: number): PcRecord['presence'] {
  if (listeningSince === null) return record.presence;
  if (record.presence === 'stopped') {
    const isOverdue = returns(record) !== null && now - Math.max(record.bye?.at ?? 0, listeningSince) >= backWithinMs;
    return isOverdue ? 'silent' : 'stopped';
  }
  if (record.lostAt !== null && now - Math.max(record.lostAt, listeningSince) >= willGraceMs && !isOfGap(record)) return 'silent';
  const quietFor = now - Math.max(record.heardAt ?? 0, listeningSince);
  if (quietFor >= links[record.link].silentMs) return 'silent';
  if (record.presence !== 'silent') return record.presence;
  const spoken = record.heardAt !== null && record.heardAt >= listeningSince && record.lostAt === null;
  return spoken ? 'online' : 'silent';
}

/** True for a will that may be of a gap of ours, of one that has not spoken since. */
export function isOfGap({ lostAt, lostInGap = false, heardAt }: PcRecord): boolean {
  return lostAt !== null && lostInGap && (heardAt ?? 0) < lostAt;
}

/** A goodbye of one that means to be back, such as `restart` or `update`. */
export function returns({ bye }: PcRecord): 'restart' | 'update' | null {
  const [, what] = /^(restart|reboot|update)/.exec(bye?.reason ?? '') ?? [];
  return what === undefined ? null : what === 'update' ? 'update' : 'restart';
}

/** How long nothing may be heard of one that is expected, or back; null of one that is expected by nobody. */
export function patienceMs(record: PcRecord): number | null {
  if (record.presence === 'stopped') return returns(record) === null ? null : backWithinMs;
  return links[record.link].silentMs;
}

/** True for a check that says that the PC runs on battery. */
export function isBattery({ status, fault }: Check): boolean {
  return status === 'fault' && (fault === 'power.on_battery' || fault === 'power.battery_low');
}

/** A word of a newer session ends what was said of an older one: its revision and its will. */
function inSession(record: PcRecord, session: number): PcRecord {
  const newer = session > record.session;
  const base = newer ? { ...record, session, rev: 0 } : record;
  if (record.lostAt !== null && session <= record.lostSession) return base;
  if (record.presence === 'stopped' && !newer) return base;
  const presence = record.presence === 'silent' ? 'silent' : 'online';
  return base.lostAt === null && base.presence === presence ? base : { ...base, lostAt: null, presence };
}

function changed(held: readonly Check[], changes: readonly Check[], gone: readonly string[]): Check[] {
  const byKey = new Map(held.map((check) => [checkKey(check), check]));
  for (const key of gone) byKey.delete(key);
  for (const check of changes) byKey.set(checkKey(check), check);
  return [...byKey.values()];
}

/** `since` is the centre's time at which the answer became what it is. */
function dated(held: PcRecord['checks'], list: readonly Check[], now: number): PcRecord['checks'] {
  const byKey = new Map(held.map((check) => [checkKey(check), check]));
  return list.map((check) => {
    const before = byKey.get(checkKey(check));
    const since = before && sameAnswer(before, check) ? before.since : now;
    return { ...check, since };
  });
}

/** Since when it ran on battery at its last message, on the server's clock; null where it did not. A last gasp counts too. */
export function batterySince(record: PcRecord, lastMessageAt = record.absence?.from ?? record.heardAt ?? 0): number | null {
  const said = record.checks.filter(isBattery).map((check) => check.since);
  const since = Math.min(...said, record.gasp?.at ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(since) && lastMessageAt - since <= batteryLimitMs ? since : null;
}

/** It sees its mains, and says so. */
export function seesMains({ checks }: PcRecord): boolean {
  return checks.some(({ component, device, status }) => component === 'power' && device === 'mains' && status === 'ok');
}

/** What an inventory tells of it, in the words of either system. What is not told is left out. */
export function versionsIn({ os, drivers }: Record<string, unknown>): Versions {
  const { distro, release, kernel, Caption, Version, UBR } = fieldsOf(os);
  // The monthly updates of Windows change nothing but the number after its version.
  const build = [textOf(Version), textOf(UBR)].filter((part) => part !== '').join('.');
  // The number first: a message cuts long names.
  const system = joined([kernel, build, distro, release, Caption]);
  const told = [drivers ?? []]
    .flat()
    .slice(0, driversAtMost)
    .map(fieldsOf)
    .flatMap(({ DeviceName, DriverVersion }) => {
      const device = joined([DeviceName]);
      return device === '' || textOf(DriverVersion) === ''
        ? []
        : [[`driver ${device}`, `driver ${joined([DriverVersion, DeviceName])}`] as const];
    });
  return { ...(system !== '' && { system: `system ${system}` }), ...Object.fromEntries(told) };
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? `${value}`.trim() : '';
}

function joined(parts: readonly unknown[]): string {
  const words = parts.map(textOf).filter((part) => part !== '');
  return oneLine(words.join(' '), textAtMost);
}

/** A record with the updates that another inventory tells of. What was not known before, as a device that was plugged in, is none. */
export function withVersions(record: PcRecord, versions: Versions, now: number): PcRecord {
  const { versions: before = {} } = record;
  const fresh = Object.entries(versions).filter(([part, what]) => before[part] !== undefined && before[part] !== what);
  // The same object where all is as it was: nothing is to be written then.
  const next = isDeepStrictEqual(record.versions, versions) ? record : { ...record, versions };
  return fresh.length === 0 ? next : withUpdates(next, { what: fresh.map(([, what]) => what), now });
}

/** A record with updates that were seen now. */
function withUpdates(record: PcRecord, { what, now }: { what: readonly UpdateName[]; now: number }): PcRecord {
  const fresh = what.map((one) => ({ what: one, at: now }));
  return { ...record, updates: [...fresh, ...(record.updates ?? [])].slice(0, updatesKept) };
}

/** A silence is told late by as much; each is a few bytes inside of one machine. */
const wordEveryMs = 1_000;
/** So many may be under way: the oldest of more are long too late. */
const wordsAtMost = 60;
const lateWordMs = 20_000;
const lateTickMs = 5_000;
/** No machine keeps time better than this by its own clock, however fast the centre's goes. */
const least = { wordMs: 2_000, tickMs: 500 };
/** So many losses in this time. */
const dropsKept = 3;
const dropWindowMs = 10 * 60_000;
/** In so much of a gap's end the PCs are asked anew, and answer. */
const answeringMs = 60_000;
/** Who was not heard in so many times its limit is missed, however often the count of its limit began anew. */
export const missedLimits = 3;
const longestMs = missedLimits * Math.max(...Object.values(links).map(({ silentMs }) => silentMs));

/** `deaf`: no word comes back, and nothing is known until one does. `late`: this process stood still, and goes on; `still`: while it heard nobody anyway. */
type GapOfOurs = 'deaf' | 'late' | 'still';

/**
 * Times are the centre's. `name` is random: a word of an earlier memory proves nothing.
 * Guarantee: between two gaps everything that reached the broker before `provenAt` has been read.
 */
export function createHearing(name: string, speed = 1) {
  const limits = { wordMs: Math.max(lateWordMs, least.wordMs * speed), tickMs: Math.max(lateTickMs, least.tickMs * speed) };
  const words = new Map<string, number>();
  const held = { listens: false, isDeaf: false, provenAt: null as number | null, count: 0, saidAt: 0, tickDueAt: Number.POSITIVE_INFINITY };

  return {
    /** Until when our hearing is proven: what was not heard later says nothing about anybody. Null before the first SUBACK. */
    provenAt: () => held.provenAt,

    /** We are heard and hear from now on; what is still under way of older words says nothing of the time since. */
    begin(now: number): void {
      words.clear();
      Object.assign(held, { listens: true, isDeaf: false, provenAt: now, saidAt: Number.NEGATIVE_INFINITY });
    },

    /** The session is lost. */
    end(): void {
      words.clear();
      Object.assign(held, { listens: false, isDeaf: false });
    },

    /** The word that is to go out now, if it is time for one. */
    word(now: number): string | undefined {
      if (!held.listens || now - held.saidAt < wordEveryMs) return undefined;
      held.count += 1;
      const id = `${name}.${held.count}`;
      words.set(id, now);
      for (const oldest of words.keys()) if (words.size > wordsAtMost) words.delete(oldest);
      held.saidAt = now;
      return id;
    },

    /** A word came back; true where that ends a gap. */
    back(id: string): boolean {
      const saidAt = words.get(id);
      if (saidAt === undefined) return false;
      for (const [older, at] of words) if (at <= saidAt) words.delete(older);
      // A gap lasted until now, from what was proven before it.
      if (!held.isDeaf) held.provenAt = saidAt;
      return held.isDeaf;
    },

    /** Looks, at each tick of ours, whether a gap of ours begins or just was. */
    tick(now: number): GapOfOurs | undefined {
      const isLate = now - held.tickDueAt > limits.tickMs;
      const hears = held.listens && !held.isDeaf;
      // Who hears nobody is not heard again because he was late: a word must come back.
      if (isLate) return hears ? 'late' : 'still';
      const [oldest = now] = words.values();
      if (!hears || now - oldest <= limits.wordMs) return undefined;
      held.isDeaf = true;
      return 'deaf';
    },

    /** When the next tick is due. */
    tickAt(at: number): void {
      held.tickDueAt = at;
    },

    setClock(byMs: number): void {
      moveTimes(words, byMs);
      held.saidAt += byMs;
      held.tickDueAt += byMs;
      if (held.provenAt !== null) held.provenAt += byMs;
    },
  };
}

/** Guarantee: holds three numbers of a PC at most, and none of one that never lost a session. */
export function createDrops() {
  const times = new Map<string, readonly number[]>();
  return {
    /** Records that a PC lost its session without a clean disconnect. */
    dropped: (pc: string, now: number) => void times.set(pc, [...(times.get(pc) ?? []), now].slice(-dropsKept)),
    /** When it was last lost, where that was the third time in ten minutes and is no longer ago than that. */
    unsteadyAt(pc: string, now: number): number | null {
      const [first = now, , last] = times.get(pc) ?? [];
      return last !== undefined && last - first <= dropWindowMs && now - last <= dropWindowMs ? last : null;
    },
    setClock: (byMs: number): void => void moveTimes(times, byMs),
    forget: (pc: string) => void times.delete(pc),
  };
}

/** Times are the centre's. Guarantee: holds no more of the past than the most patient class asks for. */
export function createInAll() {
  let spans: { from: number; to: number }[] = [];
  const sinceMs = (at: number) => spans.reduce((sum, { from, to }) => sum + Math.max(0, to - Math.max(from, at)), 0);

  return {
    /** A gap of ours is over. */
    begin(now: number): void {
      const kept = spans.filter(({ from, to }) => to > from && sinceMs(to) < longestMs);
      spans = [...kept, { from: now + answeringMs, to: now + answeringMs }];
    },
    /** Our hearing is proven until then. */
    proven(until: number): void {
      const last = spans.at(-1);
      if (last !== undefined) last.to = Math.max(last.to, until);
    },
    /** For how long we heard since `at`. */
    sinceMs,
    setClock: (byMs: number): void => void moveTimes(spans, byMs),
  };
}
