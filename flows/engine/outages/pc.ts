/**
 * Computes the next record of a PC from a message: pure functions. R11 (digest), R12 (order and differences), R13 (convergence), R16
 * (sessions, births and the time of the server), R18 (silence).
 */
import { isDeepStrictEqual } from 'node:util';
import { budgets, type Check, checkKey, digestOf, hasSameResult, links, maxTrustedSession, oneLine, willGraceMs } from '@sabha/contracts';
import { shiftTimestamps } from '../memory/memory.ts';
import type { PcEvent, PcRecord, UpdateName, Versions } from '../records/incidents.ts';

/**
 * Boot ids kept per PC, to detect cloned disks. Two clones reconnect in turns, because the broker disconnects one when the other connects.
 */
const bootsKept = 32;
const clonedForMs = 3_600_000;
/** Time within which a PC must return after an announced restart. After it the PC is silent. */
const backWithinMs = 10 * 60_000;
/** Limit of earlier machines that are remembered per path. */
const previousMachinesKept = 32;
/** The last messages of a connection may arrive after its last will: a broker may queue them for up to 20 s. */
const lateMessagesMs = 30_000;
/**
 * A difference of session numbers that no machine reaches in a week. Session numbers rise by one, or by one per second of the clock of the
 * PC.
 */
const sessionGap = 1_000_000;
/**
 * Time after a SUBACK in which a last will may be caused by a receive gap, ms. A broker that stalled sends delayed last wills when it
 * continues.
 */
const delayedWillsMs = 60_000;
/** Longest battery time that still counts as evidence about a loss. */
const batteryLimitMs = 4 * 3_600_000;
/** Longest delay before a PC reports that it runs on battery. */
export const batteryReportDelayMs = 60_000;
const driversAtMost = 16;
const textAtMost = 100;
/** Updates kept per PC. Older updates no longer explain a fault. */
const updatesKept = 8;

type EventOfType<T extends PcEvent['type']> = Extract<PcEvent, { type: T }>;

/** The result of a message: the next record, and what to request. A `stale` message changes only the last-seen time. */
export type MessageResult = { record: PcRecord; ask?: ('state' | 'inventory')[]; unreadable?: boolean; stale?: boolean };

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
 * Returns the record for the next machine at this path. It keeps the spools of earlier machines, to recognise their messages.
 * `formerSessions` is a session number that no earlier machine reaches before the broker disconnects it. Numbers near the limit of R16 are
 * ignored, since no agent could continue above them.
 */
export function recordForNextMachine(
  { pc, link, spool, session, lostSession, formers = [], formerSessions = 0 }: PcRecord,
  now: number,
): PcRecord {
  const reached = [session, lostSession, formerSessions].filter((one) => one + sessionGap <= maxTrustedSession);
  const last = Math.max(...reached, Math.floor(now / 1_000));
  return {
    ...newRecord(pc, link),
    formers: (spool === null ? formers : [spool, ...formers]).slice(0, previousMachinesKept),
    formerSessions: last + sessionGap,
  };
}

/**
 * True if a message comes from the current machine at this path. All messages of a replaced, moved or retired machine are rejected,
 * whatever the broker admits: R30 (replacement). An old disk that is enrolled again has a new spool. After a replacement, a birth must name
 * the new spool before other messages of its session count. Its session number must be above those of earlier machines.
 */
export function isCurrentMachine({ formers = [], formerSessions = 0, spool, session, boot }: PcRecord, said: PcEvent): boolean {
  if (formers.length === 0) return true;
  if (said.type === 'birth') return !formers.includes(said.spool);
  if (spool === null || ('boot' in said && said.boot !== boot)) return false;
  if (said.type === 'heard') return !said.spools?.some((one) => formers.includes(one));
  return !('session' in said) || (said.session === session && session > formerSessions);
}

/** `now`: the time of the message. `listeningSince`: since when the server is subscribed. */
type ReceivedAt = { now: number; listeningSince: number | null };

const stopped = { presence: 'stopped', lostAt: null } as const;

/** Returns the record after a message of the PC. Messages of an older session are stale. For a birth, the spool decides. */
export function afterMessage(record: PcRecord, said: PcEvent, heardAt: ReceivedAt): MessageResult {
  const { now } = heardAt;
  if ('session' in said && said.type !== 'birth' && said.session < record.session) return { record, stale: true };
  switch (said.type) {
    case 'birth':
      return onBirth(record, said, now);
    case 'bye':
      // A clean disconnect of the current or a later session: the PC is stopped, not silent.
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
      return { record: said.boot === undefined ? record : { ...record, ...updateBoots(record, said.boot, now) } };
  }
}

/**
 * Applies a birth. A birth of an older session of the same spool is stale. A new spool starts a new order of session numbers. If an earlier
 * machine may have used the session number, the birth only sets the spool. The ack then returns the highest such number, so that the PC
 * continues above it (R16, R30).
 */
function onBirth(record: PcRecord, said: EventOfType<'birth'>, now: number): MessageResult {
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
    ...updateBoots(record, boot, now),
    ...named,
    presence: moved.lostAt === null ? 'online' : moved.presence,
  };
  const next = isOther ? withUpdates(known, { what: [`agent ${agent}`], now }) : known;
  const ask: NonNullable<MessageResult['ask']> = [];
  if (said.digest !== record.digest) ask.push('state');
  if (said.inventory !== '' && said.inventory !== record.inventory) ask.push('inventory');
  return { record: next, ask };
}

/**
 * Detects a cloned PC. One machine never returns to an earlier boot, but two clones do. The fault ends when only new boots came for an
 * hour.
 */
function updateBoots({ boots = [], clonedAt = null }: PcRecord, boot: string, now: number): Pick<PcRecord, 'boots' | 'clonedAt'> {
  if (boots[0] === boot) return {};
  const isBack = boots.includes(boot);
  const stands = clonedAt !== null && now - clonedAt < clonedForMs;
  return { boots: [boot, ...boots.filter((one) => one !== boot)].slice(0, bootsKept), clonedAt: isBack ? now : stands ? clonedAt : null };
}

/**
 * Applies a last will. It has no effect if the PC already sent its bye in that session (R16). Whether a receive gap may have caused the
 * last will (R18a, canary) is decided now, because another gap may follow.
 */
function onLost(record: PcRecord, said: EventOfType<'lost'>, { now, listeningSince }: ReceivedAt): MessageResult {
  const over = said.session === record.session && record.presence === 'stopped';
  if (over) return { record, stale: true };
  return {
    record: {
      ...record,
      presence: record.presence === 'silent' ? 'silent' : 'lost',
      lostAt: now,
      lostSession: said.session,
      lostInGap: listeningSince !== null && now - listeningSince < delayedWillsMs && (record.heardAt ?? 0) < listeningSince,
    },
  };
}

/**
 * Applies a state message: a full list of checks, or a difference to the state with the stored digest. If the result has another digest
 * than the message states, the full state is requested (R12, R13).
 */
function onState(record: PcRecord, said: EventOfType<'state'>, now: number): MessageResult {
  const current = inSession(record, said.session);
  if (said.rev <= current.rev) return { record: current, stale: true };
  if (said.base !== undefined && said.base !== current.digest) return { record: current, ask: ['state'] };
  const list = said.base === undefined ? said.checks : applyDifference(current.checks, said.checks, said.gone);
  if (list.length > budgets.checks.most || digestOf(list) !== said.digest) return { record: current, ask: ['state'], unreadable: true };
  const gasp = list.some(isBattery) ? (current.gasp ?? null) : null;
  return { record: { ...current, rev: said.rev, digest: said.digest, checks: withSince(current.checks, list, now), gasp } };
}

/**
 * Discards a last will if a message shows that the session still runs (R16). Either the message came too late to have been queued before
 * the last will, or it is a response to a newer hello.
 */
export function discardWrongWill(record: PcRecord, now: number, askedMs = Number.POSITIVE_INFINITY): PcRecord {
  const { lostAt, presence } = record;
  if (lostAt === null || presence === 'stopped') return record;
  const lostMs = now - lostAt;
  if (lostMs < lateMessagesMs && lostMs <= askedMs) return record;
  return { ...record, lostAt: null, presence: presence === 'silent' ? 'silent' : 'online' };
}

/** Records the last-seen time. Any message of the PC counts, readable or not. */
export function markSeen(record: PcRecord, now: number): PcRecord {
  return { ...record, heardAt: now, presence: record.presence === 'never' ? 'online' : record.presence };
}

/**
 * Returns the presence of a PC (R18). `listeningSince` is the last SUBACK of the server, or the later time from which the PC was expected;
 * null while not subscribed. Guarantee: while `flows` is not subscribed, no silence is judged, and no silence limit starts before the
 * SUBACK. A last will that a receive gap may have caused shortens no limit (R18a).
 */
export function presenceOf(record: PcRecord, listeningSince: number | null, now: number): PcRecord['presence'] {
  if (listeningSince === null) return record.presence;
  if (record.presence === 'stopped') {
    const isOverdue = announcedReturn(record) !== null && now - Math.max(record.bye?.at ?? 0, listeningSince) >= backWithinMs;
    return isOverdue ? 'silent' : 'stopped';
  }
  if (record.lostAt !== null && now - Math.max(record.lostAt, listeningSince) >= willGraceMs && !mayBeCausedByGap(record)) return 'silent';
  const quietFor = now - Math.max(record.heardAt ?? 0, listeningSince);
  if (quietFor >= links[record.link].silentMs) return 'silent';
  if (record.presence !== 'silent') return record.presence;
  const spoken = record.heardAt !== null && record.heardAt >= listeningSince && record.lostAt === null;
  return spoken ? 'online' : 'silent';
}

/** True for a last will that a receive gap may have caused, if the PC has sent nothing since. */
export function mayBeCausedByGap({ lostAt, lostInGap = false, heardAt }: PcRecord): boolean {
  return lostAt !== null && lostInGap && (heardAt ?? 0) < lostAt;
}

/** Returns the announced reason if a bye announces a return. */
export function announcedReturn({ bye }: PcRecord): 'restart' | 'update' | null {
  const [, what] = /^(restart|reboot|update)/.exec(bye?.reason ?? '') ?? [];
  return what === undefined ? null : what === 'update' ? 'update' : 'restart';
}

/** Returns how long an online or returning PC may send nothing before it is silent; null if it is not expected. */
export function allowedSilenceMs(record: PcRecord): number | null {
  if (record.presence === 'stopped') return announcedReturn(record) === null ? null : backWithinMs;
  return links[record.link].silentMs;
}

export function isBattery({ status, fault }: Check): boolean {
  return status === 'fault' && (fault === 'power.on_battery' || fault === 'power.battery_low');
}

/** A message of a newer session resets the revision and the last will of an older one. */
function inSession(record: PcRecord, session: number): PcRecord {
  const newer = session > record.session;
  const base = newer ? { ...record, session, rev: 0 } : record;
  if (record.lostAt !== null && session <= record.lostSession) return base;
  if (record.presence === 'stopped' && !newer) return base;
  const presence = record.presence === 'silent' ? 'silent' : 'online';
  return base.lostAt === null && base.presence === presence ? base : { ...base, lostAt: null, presence };
}

function applyDifference(held: readonly Check[], changes: readonly Check[], gone: readonly string[]): Check[] {
  const byKey = new Map(held.map((check) => [checkKey(check), check]));
  for (const key of gone) byKey.delete(key);
  for (const check of changes) byKey.set(checkKey(check), check);
  return [...byKey.values()];
}

/** Adds `since` to each check: the server time at which its result last changed. */
function withSince(held: PcRecord['checks'], list: readonly Check[], now: number): PcRecord['checks'] {
  const byKey = new Map(held.map((check) => [checkKey(check), check]));
  return list.map((check) => {
    const before = byKey.get(checkKey(check));
    const since = before && hasSameResult(before, check) ? before.since : now;
    return { ...check, since };
  });
}

/** Returns since when the PC ran on battery at its last message, in server time, or null. A last gasp counts too. */
export function batterySince(record: PcRecord, lastMessageAt = record.absence?.from ?? record.heardAt ?? 0): number | null {
  const said = record.checks.filter(isBattery).map((check) => check.since);
  const since = Math.min(...said, record.gasp?.at ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(since) && lastMessageAt - since <= batteryLimitMs ? since : null;
}

export function hasMainsPower({ checks }: PcRecord): boolean {
  return checks.some(({ component, device, status }) => component === 'power' && device === 'mains' && status === 'ok');
}

/** Reads the versions from an inventory of Linux or Windows. Missing values are left out. */
export function readVersions({ os, drivers }: Record<string, unknown>): Versions {
  const { distro, release, kernel, Caption, Version, UBR } = fieldsOf(os);
  // Monthly updates of Windows change only the number after the version.
  const build = [textOf(Version), textOf(UBR)].filter((part) => part !== '').join('.');
  // The version number comes first, because messages cut long names at the end.
  const system = joinText([kernel, build, distro, release, Caption]);
  const told = [drivers ?? []]
    .flat()
    .slice(0, driversAtMost)
    .map(fieldsOf)
    .flatMap(({ DeviceName, DriverVersion }) => {
      const device = joinText([DeviceName]);
      return device === '' || textOf(DriverVersion) === ''
        ? []
        : [[`driver ${device}`, `driver ${joinText([DriverVersion, DeviceName])}`] as const];
    });
  return { ...(system !== '' && { system: `system ${system}` }), ...Object.fromEntries(told) };
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? `${value}`.trim() : '';
}

function joinText(parts: readonly unknown[]): string {
  const words = parts.map(textOf).filter((part) => part !== '');
  return oneLine(words.join(' '), textAtMost);
}

/** Returns the record with the updates in a new inventory. A device without an earlier version is not an update. */
export function withVersions(record: PcRecord, versions: Versions, now: number): PcRecord {
  const { versions: before = {} } = record;
  const fresh = Object.entries(versions).filter(([part, what]) => before[part] !== undefined && before[part] !== what);
  // Returns the same object if nothing changed, so that nothing is written.
  const next = isDeepStrictEqual(record.versions, versions) ? record : { ...record, versions };
  return fresh.length === 0 ? next : withUpdates(next, { what: fresh.map(([, what]) => what), now });
}

function withUpdates(record: PcRecord, { what, now }: { what: readonly UpdateName[]; now: number }): PcRecord {
  const fresh = what.map((one) => ({ what: one, at: now }));
  return { ...record, updates: [...fresh, ...(record.updates ?? [])].slice(0, updatesKept) };
}

/** Interval of the canary, ms. It delays the detection of silence by at most this time. Each canary has only a few bytes. */
const canaryEveryMs = 1_000;
/** Limit of canaries that have not returned. Older ones are late in any case. */
const canariesAtMost = 60;
const lateCanaryMs = 20_000;
const lateTickMs = 5_000;
/** Smallest limits, however fast a demo runs: the timers of a process are no more precise. */
const smallestLimits = { wordMs: 2_000, tickMs: 500 };
/** Number of lost sessions within `sessionLossWindowMs` from which a PC counts as unsteady. */
const sessionLossesKept = 3;
const sessionLossWindowMs = 10 * 60_000;
/** Time after a receive gap in which PCs respond to the request for births, ms. */
const answeringMs = 60_000;
/**
 * A PC is silent if the server received for this many silence limits in total without a message of the PC. Receive gaps between do not
 * matter.
 */
export const missedLimits = 3;
const longestMs = missedLimits * Math.max(...Object.values(links).map(({ silentMs }) => silentMs));

/**
 * A receive gap of the server. `deaf`: no canary returns. `late`: this process had stopped and continues. `still`: this process had
 * stopped, and had received nothing before that.
 */
type ServerGap = 'deaf' | 'late' | 'still';

/**
 * Proves that the server receives: R18a (canary). Times are in server time. `name` is random, so a canary of an earlier process proves
 * nothing. Guarantee: between two gaps everything that reached the broker before `provenAt` has been read.
 */
export function createCanary(name: string, speed = 1) {
  const limits = {
    wordMs: Math.max(lateCanaryMs, smallestLimits.wordMs * speed),
    tickMs: Math.max(lateTickMs, smallestLimits.tickMs * speed),
  };
  const words = new Map<string, number>();
  const held = { listens: false, isDeaf: false, provenAt: null as number | null, count: 0, saidAt: 0, tickDueAt: Number.POSITIVE_INFINITY };

  return {
    /** The time up to which reception is proven and silence may be judged. Null before the first SUBACK. */
    provenAt: () => held.provenAt,

    /** Begins after a SUBACK. Canaries sent before the SUBACK are ignored. */
    begin(now: number): void {
      words.clear();
      Object.assign(held, { listens: true, isDeaf: false, provenAt: now, saidAt: Number.NEGATIVE_INFINITY });
    },

    end(): void {
      words.clear();
      Object.assign(held, { listens: false, isDeaf: false });
    },

    /** Returns the id of the next canary if it is due. */
    nextCanary(now: number): string | undefined {
      if (!held.listens || now - held.saidAt < canaryEveryMs) return undefined;
      held.count += 1;
      const id = `${name}.${held.count}`;
      words.set(id, now);
      for (const oldest of words.keys()) if (words.size > canariesAtMost) words.delete(oldest);
      held.saidAt = now;
      return id;
    },

    /** Records that a canary returned; true if that ends a receive gap. */
    canaryReturned(id: string): boolean {
      const saidAt = words.get(id);
      if (saidAt === undefined) return false;
      for (const [older, at] of words) if (at <= saidAt) words.delete(older);
      // During a gap `provenAt` stays at the last proof before the gap.
      if (!held.isDeaf) held.provenAt = saidAt;
      return held.isDeaf;
    },

    /** At each tick, checks whether a receive gap begins or just ended. */
    tick(now: number): ServerGap | undefined {
      const isLate = now - held.tickDueAt > limits.tickMs;
      const hears = held.listens && !held.isDeaf;
      // A late tick does not end a deaf gap: only a returned canary does.
      if (isLate) return hears ? 'late' : 'still';
      const [oldest = now] = words.values();
      if (!hears || now - oldest <= limits.wordMs) return undefined;
      held.isDeaf = true;
      return 'deaf';
    },

    tickAt(at: number): void {
      held.tickDueAt = at;
    },

    setClock(byMs: number): void {
      shiftTimestamps(words, byMs);
      held.saidAt += byMs;
      held.tickDueAt += byMs;
      if (held.provenAt !== null) held.provenAt += byMs;
    },
  };
}

/**
 * Keeps the times at which PCs lost their session.
 * Guarantee: keeps at most three times per PC, and nothing for a PC that never lost a session.
 */
export function createSessionLosses() {
  const times = new Map<string, readonly number[]>();
  return {
    recordLoss: (pc: string, now: number) => void times.set(pc, [...(times.get(pc) ?? []), now].slice(-sessionLossesKept)),
    /** Returns when the PC last lost its session, if that was the third loss within ten minutes and at most ten minutes ago; else null. */
    unsteadyAt(pc: string, now: number): number | null {
      const [first = now, , last] = times.get(pc) ?? [];
      return last !== undefined && last - first <= sessionLossWindowMs && now - last <= sessionLossWindowMs ? last : null;
    },
    setClock: (byMs: number): void => void shiftTimestamps(times, byMs),
    forget: (pc: string) => void times.delete(pc),
  };
}

/**
 * Sums the time in which the server received. Times are in server time. Guarantee: keeps no more time spans than the longest silence limit
 * of all link classes needs.
 */
export function createListeningTime() {
  let spans: { from: number; to: number }[] = [];
  const sinceMs = (at: number) => spans.reduce((sum, { from, to }) => sum + Math.max(0, to - Math.max(from, at)), 0);

  return {
    /** Begins a new span after a receive gap. The time in which PCs respond to the hello of the server is left out. */
    beginListening(now: number): void {
      const kept = spans.filter(({ from, to }) => to > from && sinceMs(to) < longestMs);
      spans = [...kept, { from: now + answeringMs, to: now + answeringMs }];
    },
    /** Records that reception is proven until the time `until`. */
    extendTo(until: number): void {
      const last = spans.at(-1);
      if (last !== undefined) last.to = Math.max(last.to, until);
    },
    /** Returns for how long the server received since `at`. */
    sinceMs,
    setClock: (byMs: number): void => void shiftTimestamps(spans, byMs),
  };
}
