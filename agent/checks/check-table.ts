/**
 * Present state of the PC: last results of all probes, digest (R11 (digest)) and changes (R12 (order and differences)). See also R14
 * (unknown).
 */
import { type BeatKey, type Check, type Clock, checkKey, decode, digestOf, sameAnswer } from '@sabha/contracts';

/** Part of a check that an event reports. */
type Answer = Pick<Check, 'status' | 'fault' | 'reason'>;
/** Changed result; null = no check before, or none now. */
export type Change = { component: string; device: string; from: Answer | null; to: Answer | null };
export type Numbers = Partial<Record<BeatKey, number>>;

/** Complete result of a probe for its component, renewed every `everyMs`. */
export type Merge = { component: string; everyMs: number; checks: readonly Check[]; numbers?: Numbers | undefined };

export type CheckTable = ReturnType<typeof createCheckTable>;

const intervalsBeforeStale = 3;
/** Contract limits of a message, applied here so that no device name makes the state unreadable. */
const deviceLength = 128;
const wordsLength = 120;
const checksPerComponent = 24;

/** Restored checks become stale too, so that a removed probe does not keep its old results forever. */
const restoredStaleMs = 24 * 3_600_000;

/** Guarantee: a check that is not renewed is never ok for longer than three of its intervals. */
export function createCheckTable(clock: Pick<Clock, 'up'>) {
  const entries = new Map<string, { check: Check; told: Check | null; staleUp: number }>();
  const numbers = new Map<string, { values: Numbers; staleUp: number }>();
  const summary = { digest: '', rev: 0, isOld: true };

  function changed(changes: (Change | undefined)[]): Change[] {
    summary.isOld = true;
    return changes.filter((change) => change !== undefined);
  }

  /** Computes the digest on demand: the session helper never needs it, and so loads no hash library. */
  function summed(): typeof summary {
    const digest = summary.isOld ? digestOf(checks()) : summary.digest;
    return Object.assign(summary, { digest, rev: summary.rev + (digest === summary.digest ? 0 : 1), isOld: false });
  }

  function checks(): Check[] {
    return [...entries.values()].map((entry) => entry.check).sort((a, b) => (checkKey(a) < checkKey(b) ? -1 : 1));
  }

  function put(check: Check, staleUp: number): Change | undefined {
    const key = checkKey(check);
    const told = entries.get(key)?.told ?? null;
    entries.set(key, { check, told: check, staleUp });
    return told && sameAnswer(told, check) ? undefined : change(check, told, check);
  }

  return {
    /** Takes the complete result for a component: checks that it omits are removed. */
    merge: ({ component, everyMs, checks: found, numbers: values }: Merge): Change[] => {
      const staleUp = clock.up() + intervalsBeforeStale * everyMs;
      const clean = found.slice(0, checksPerComponent).map((check) => fitting(check, component));
      const keys = new Set(clean.map(checkKey));
      const gone = [...entries].filter(([key, entry]) => entry.check.component === component && !keys.has(key));
      for (const [key] of gone) entries.delete(key);
      if (values) numbers.set(component, { values, staleUp });
      else numbers.delete(component);
      return changed([...gone.map(([, { check, told }]) => change(check, told, null)), ...clean.map((check) => put(check, staleUp))]);
    },
    /** Makes checks unknown that were not renewed within three of their intervals (R14). */
    expire: (): Change[] => {
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
      for (const told of kept)
        entries.set(checkKey(told), { check: { ...told, ...unknown('not checked since the start') }, told, staleUp });
      changed([]);
    },
    toKeep: (): Check[] => [...entries.values()].map(({ told, check }) => told ?? check),
    known: (component: string): Check[] => checks().filter((check) => check.component === component),
    checks,
    digest: (): string => summed().digest,
    /** Rises with every change of the digest between two reads; the first is 1. */
    rev: (): number => summed().rev,
    numbers: (): Numbers => Object.assign({}, ...[...numbers.values()].map((one) => one.values)),
  };
}

/** Returns what turns `from` into `to` at a receiver. */
export function differenceOf(from: readonly Check[], to: readonly Check[]): { checks: Check[]; gone: string[] } {
  const before = new Map(from.map((check) => [checkKey(check), check]));
  const after = new Set(to.map(checkKey));
  const checks = to.filter((check) => {
    const old = before.get(checkKey(check));
    return old === undefined || !sameAnswer(old, check);
  });
  return { checks, gone: [...before.keys()].filter((key) => !after.has(key)) };
}

/** Parses the checks that a run saved; none if they are invalid. */
export function keptChecks(text = '[]'): Check[] {
  const read = decode('state', Buffer.from(`{"digest":"${'0'.repeat(16)}","session":1,"rev":1,"checks":${text}}`));
  return read.ok ? read.value.checks.map(({ name, ...check }) => (name === undefined ? check : { ...check, name })) : [];
}

function unknown(reason: string): Answer {
  return { status: 'unknown', fault: null, reason };
}

function change({ component, device }: Check, from: Check | null, to: Check | null): Change {
  return { component, device, from: from && answerOf(from), to: to && answerOf(to) };
}

function answerOf({ status, fault, reason }: Check): Answer {
  return { status, fault, reason };
}

function fitting({ device, status, fault, reason, name }: Check, component: string): Check {
  const words = { status, fault, reason: reason === null ? null : clip(reason, wordsLength) };
  const check: Check = { component, device: clip(device, deviceLength), ...words };
  return name === undefined ? check : { ...check, name: clip(name, wordsLength) };
}

function clip(text: string, length: number): string {
  return text.slice(0, length).toWellFormed();
}
