/**
 * Table of the present state of the PC: last results of all probes. It computes the digest (R11 (digest)) and the changes (R12 (order and
 * differences)), and makes old checks unknown (R14 (unknown)).
 */
import { type BeatKey, type Check, type Clock, checkKey, decode, digestOf, hasSameResult } from '@sabha/contracts';

/** Part of a check that a change event contains. */
type CheckResult = Pick<Check, 'status' | 'fault' | 'reason'>;
/** Changed check. `from` is null if there was no check before; `to` is null if the check was removed. */
export type CheckChange = { component: string; device: string; from: CheckResult | null; to: CheckResult | null };
export type Numbers = Partial<Record<BeatKey, number>>;

/** Complete result of a probe for its component. The probe renews it every `everyMs`. */
export type Merge = { component: string; everyMs: number; checks: readonly Check[]; numbers?: Numbers | undefined };

export type CheckTable = ReturnType<typeof createCheckTable>;

const intervalsBeforeStale = 3;
/** Limits of the message format. They apply here, so that no long device name makes the state invalid. */
const deviceLength = 128;
const reasonLength = 120;
const checksPerComponent = 24;

/** Lifetime of checks from an earlier run, so that the results of a removed probe do not stay forever. */
const restoredStaleMs = 24 * 3_600_000;

/** Guarantee: a check that its probe does not renew is never ok for longer than three intervals of the probe. */
export function createCheckTable(clock: Pick<Clock, 'up'>) {
  const entries = new Map<string, { check: Check; sent: Check | null; staleUp: number }>();
  const numbers = new Map<string, { values: Numbers; staleUp: number }>();
  const summary = { digest: '', rev: 0, isOld: true };

  function changed(changes: (CheckChange | undefined)[]): CheckChange[] {
    summary.isOld = true;
    return changes.filter((change) => change !== undefined);
  }

  /** Computes the digest only when needed: the session helper never needs it, and so never loads the hash library. */
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
    /** Replaces all checks of a component; checks missing in the new result are removed. Returns the changes. */
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
    /** Makes a check unknown if its probe has not renewed it within three intervals (R14). Returns the changes. */
    expire: (): CheckChange[] => {
      const old = [...entries.values()].filter((entry) => entry.staleUp < clock.up());
      for (const [component, { staleUp }] of numbers) if (staleUp < clock.up()) numbers.delete(component);
      // Keeps the computed digest if no check is stale, because this function runs often.
      if (old.length === 0) return [];
      return changed(old.map(({ check }) => put({ ...check, ...unknown('stale') }, Number.POSITIVE_INFINITY)));
    },
    /**
     * Restores the checks of an earlier run as unknown until their probes renew them, so that a restart clears no fault. Later changes are
     * relative to the restored results.
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
    /** Revision: rises each time that the digest differs from the last one read; the first is 1. */
    rev: (): number => computeDigest().rev,
    numbers: (): Numbers => Object.assign({}, ...[...numbers.values()].map((one) => one.values)),
  };
}

/** Returns the checks to set and the keys to remove that turn the state `from` into `to`. */
export function differenceOf(from: readonly Check[], to: readonly Check[]): { checks: Check[]; gone: string[] } {
  const before = new Map(from.map((check) => [checkKey(check), check]));
  const after = new Set(to.map(checkKey));
  const checks = to.filter((check) => {
    const old = before.get(checkKey(check));
    return old === undefined || !hasSameResult(old, check);
  });
  return { checks, gone: [...before.keys()].filter((key) => !after.has(key)) };
}

/** Parses the checks that an earlier run saved; returns an empty list if they are invalid. */
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
