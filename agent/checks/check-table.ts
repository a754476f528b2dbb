/**
 * Present state of the PC: last results of all probes, digest (R11 (digest)) and changes (R12 (order and differences)). See also R14
 * (unknown).
 */
import { type BeatKey, type Check, type Clock, checkKey, decode, digestOf, hasSameResult } from '@sabha/contracts';

/** Part of a check that an event reports. */
type CheckResult = Pick<Check, 'status' | 'fault' | 'reason'>;
/** Changed result; null = no check before, or none now. */
export type CheckChange = { component: string; device: string; from: CheckResult | null; to: CheckResult | null };
export type Numbers = Partial<Record<BeatKey, number>>;

/** Complete result of a probe for its component, renewed every `everyMs`. */
export type Merge = { component: string; everyMs: number; checks: readonly Check[]; numbers?: Numbers | undefined };

export type CheckTable = ReturnType<typeof createCheckTable>;

const intervalsBeforeStale = 3;
/** Contract limits of a message, applied here so that no device name makes the state unreadable. */
const deviceLength = 128;
const reasonLength = 120;
const checksPerComponent = 24;

/** Restored checks become stale too, so that a removed probe does not keep its old results forever. */
const restoredStaleMs = 24 * 3_600_000;

/** Guarantee: a check that is not renewed is never ok for longer than three of its intervals. */
export function createCheckTable(clock: Pick<Clock, 'up'>) {
  const entries = new Map<string, { check: Check; sent: Check | null; staleUp: number }>();
  const numbers = new Map<string, { values: Numbers; staleUp: number }>();
  const summary = { digest: '', rev: 0, isOld: true };

  function changed(changes: (CheckChange | undefined)[]): CheckChange[] {
    summary.isOld = true;
    return changes.filter((change) => change !== undefined);
  }

  /** Computes the digest on demand: the session helper never needs it, and so loads no hash library. */
  function computeDigest(): typeof summary {
    const digest = summary.isOld ? digestOf(checks()) : summary.digest;
    return Object.assign(summary, { digest, rev: summary.rev + (digest === summary.digest ? 0 : 1), isOld: false });
  }

  function checks(): Check[] {
    return [...entries.values()].map((entry) => entry.check).sort((a, b) => (checkKey(a) < checkKey(b) ? -1 : 1));
  }

  function put(check: Check, staleUp: number): CheckChange | undefined {
    const key = checkKey(check);
    const sent = entries.get(key)?.sent ?? null;
    entries.set(key, { check, sent: check, staleUp });
    return sent && hasSameResult(sent, check) ? undefined : change(check, sent, check);
  }

  return {
    /** Takes the complete result for a component: checks that it omits are removed. */
    merge: ({ component, everyMs, checks: found, numbers: values }: Merge): CheckChange[] => {
      const staleUp = clock.up() + intervalsBeforeStale * everyMs;
      const clean = found.slice(0, checksPerComponent).map((check) => clippedCheck(check, component));
      const keys = new Set(clean.map(checkKey));
      const gone = [...entries].filter(([key, entry]) => entry.check.component === component && !keys.has(key));
      for (const [key] of gone) entries.delete(key);
      if (values) numbers.set(component, { values, staleUp });
      else numbers.delete(component);
      return changed([...gone.map(([, { check, sent }]) => change(check, sent, null)), ...clean.map((check) => put(check, staleUp))]);
    },
    /** Makes checks unknown that were not renewed within three of their intervals (R14). */
    expire: (): CheckChange[] => {
      const old = [...entries.values()].filter((entry) => entry.staleUp < clock.up());
      for (const [component, { staleUp }] of numbers) if (staleUp < clock.up()) numbers.delete(component);
      // Called often. Without a stale check the digest is unchanged.
      if (old.length === 0) return [];
      return changed(old.map(({ check }) => put({ ...check, ...unknown('stale') }, Number.POSITIVE_INFINITY)));
    },
    /**
     * Restores checks of an earlier run as unknown until they are renewed, so that a restart closes nothing. Changes are reported
     * against them.
     */
    restore: (kept: readonly Check[]): void => {
      const staleUp = clock.up() + restoredStaleMs;
      for (const sent of kept)
        entries.set(checkKey(sent), { check: { ...sent, ...unknown('not checked since the start') }, sent, staleUp });
      changed([]);
    },
    checksToSave: (): Check[] => [...entries.values()].map(({ sent, check }) => sent ?? check),
    known: (component: string): Check[] => checks().filter((check) => check.component === component),
    checks,
    digest: (): string => computeDigest().digest,
    /** Rises with every change of the digest between two reads; the first is 1. */
    rev: (): number => computeDigest().rev,
    numbers: (): Numbers => Object.assign({}, ...[...numbers.values()].map((one) => one.values)),
  };
}

/** Returns what turns `from` into `to` at a receiver. */
export function differenceOf(from: readonly Check[], to: readonly Check[]): { checks: Check[]; gone: string[] } {
  const before = new Map(from.map((check) => [checkKey(check), check]));
  const after = new Set(to.map(checkKey));
  const checks = to.filter((check) => {
    const old = before.get(checkKey(check));
    return old === undefined || !hasSameResult(old, check);
  });
  return { checks, gone: [...before.keys()].filter((key) => !after.has(key)) };
}

/** Parses the checks that a run saved; none if they are invalid. */
export function parseSavedChecks(text = '[]'): Check[] {
  const read = decode('state', Buffer.from(`{"digest":"${'0'.repeat(16)}","session":1,"rev":1,"checks":${text}}`));
  return read.ok ? read.value.checks.map(({ name, ...check }) => (name === undefined ? check : { ...check, name })) : [];
}

function unknown(reason: string): CheckResult {
  return { status: 'unknown', fault: null, reason };
}

function change({ component, device }: Check, from: Check | null, to: Check | null): CheckChange {
  return { component, device, from: from && resultOf(from), to: to && resultOf(to) };
}

function resultOf({ status, fault, reason }: Check): CheckResult {
  return { status, fault, reason };
}

function clippedCheck({ device, status, fault, reason, name }: Check, component: string): Check {
  const words = { status, fault, reason: reason === null ? null : clip(reason, reasonLength) };
  const check: Check = { component, device: clip(device, deviceLength), ...words };
  return name === undefined ? check : { ...check, name: clip(name, reasonLength) };
}

function clip(text: string, length: number): string {
  return text.slice(0, length).toWellFormed();
}
