/** Looks for a newer agent, downloads it, and starts its trial outside meetings. */
import type { KeyObject } from 'node:crypto';
import { type Cancel, type Clock, checkManifest, type Manifest, messageOf } from '@sabha/contracts';
import type { Log } from '../../uplink/store/log.ts';
import { download, type FetchFrom } from './download.ts';
import type { Slots } from './slots.ts';

export type UpdateSource = {
  /** Returns the text of the signed manifest; null if the server has none. Throws without a response. */
  manifest(): Promise<string | null>;
  bundle: FetchFrom;
};

export type UpdaterOptions = {
  version: string;
  slots: Slots;
  source: UpdateSource;
  /** Public key that verifies manifests. */
  key: KeyObject;
  clock: Clock;
  /** Milliseconds since 1970, by the server's clock if known. A wrong PC clock would accept an expired manifest, or refuse a valid one. */
  now(): number;
  /** Returns a uniform random number in [0, 1). */
  random: () => number;
  /** Returns whether a program uses a camera or a microphone. */
  isBusy(): Promise<boolean>;
  /** True once the server has acknowledged a birth of this process. */
  isBirthAcknowledged(): boolean;
  record(kind: 'update', body: Record<string, unknown>): void;
  /** Ends this process. Its supervisor then starts the next version. */
  restart(reason: string): void;
  log: Log;
};

const firstLookMs = 10 * 60_000;
const lookEveryMs = 6 * 3_600_000;
/** Interval of checks whether the meeting has ended. */
const busyEveryMs = 60_000;
/** Time within which the server must acknowledge the birth of a version on trial. Otherwise the version is rejected. */
const proofMs = 5 * 60_000;
const proofEveryMs = 1_000;
/** Retry interval after an error, such as a full disk. It is much shorter than `proofMs`, so that a trial can retry before its deadline. */
const heldUpMs = 60_000;
/** Time after which a rejected version is tried again, because a dead link may have been the cause. */
const rejectedForMs = 24 * 3_600_000;

type UpdaterState = { options: UpdaterOptions; cancel: Cancel };

/**
 * Guarantee: nothing unsigned is written where it could be started, and a version that the server does not acknowledge is rejected.
 * Every error is logged and retried.
 */
export function startUpdater(options: UpdaterOptions): { stop(): void } {
  const state: UpdaterState = { options, cancel: () => undefined };
  const firstMs = firstLookMs * (1 + options.random());
  schedule(state, 0, async () =>
    options.slots.read().trial?.version === options.version
      ? awaitProof(state, options.clock.up())
      : schedule(state, firstMs, () => checkForUpdate(state)),
  );
  return { stop: () => state.cancel() };
}

/** Waits in a version on trial for the acknowledgement. A disk error is retried. At the deadline the previous version is started. */
async function awaitProof(state: UpdaterState, since: number): Promise<void> {
  const { slots, clock, version } = state.options;
  if (clock.up() - since >= proofMs) {
    try {
      slots.rejectTrial(version, 'it did not reach the server', clock.now());
    } finally {
      state.options.restart('update-taken-back');
    }
    return;
  }
  if (!state.options.isBirthAcknowledged()) return schedule(state, proofEveryMs, () => awaitProof(state, since));
  slots.prove();
  state.options.record('update', { outcome: 'proven', version });
  schedule(state, lookEveryMs, () => checkForUpdate(state));
}

async function checkForUpdate(state: UpdaterState): Promise<void> {
  const next = await findUpdate(state.options);
  if (next !== null && (await downloadUpdate(state.options, next))) return await restartWhenIdle(state, next.version);
  schedule(state, lookEveryMs * (0.75 + state.options.random() / 2), () => checkForUpdate(state));
}

async function findUpdate({ source, key, slots, clock, now, version, log, record }: UpdaterOptions): Promise<Manifest | null> {
  const text = await source.manifest().catch((error: Error) => {
    log.warn({}, `cannot check for updates: ${error.message}`);
    return null;
  });
  if (text === null) return null;
  const { minimum, rejected } = slots.read();
  const found = checkManifest(text, key, { version, minimum, now: now() });
  if (!found.ok) {
    log.warn({}, `the update is refused: ${found.reason}`);
    record('update', { outcome: 'refused', reason: found.reason });
    return null;
  }
  const isRejected = rejected !== null && rejected.version === found.value?.version && Math.abs(clock.now() - rejected.at) < rejectedForMs;
  return isRejected ? null : found.value;
}

async function downloadUpdate({ slots, source, log }: UpdaterOptions, next: Manifest): Promise<boolean> {
  const { slot, file } = slots.vacant();
  const problem = await download(file, next, source.bundle).catch((error: Error) => error.message);
  if (problem === null) slots.tryNext({ slot, version: next.version, sha256: next.sha256 }, next.minimum);
  else log.warn({ version: next.version }, `cannot download the update: ${problem}`);
  return problem === null;
}

async function restartWhenIdle(state: UpdaterState, version: string): Promise<void> {
  if (await state.options.isBusy()) return schedule(state, busyEveryMs, () => restartWhenIdle(state, version));
  state.options.record('update', { outcome: 'on trial', version });
  state.options.restart('update');
}

function schedule(state: UpdaterState, ms: number, task: () => Promise<void>): void {
  const again = (error: unknown) => {
    state.options.log.warn({}, `updates are delayed, retrying: ${messageOf(error)}`);
    schedule(state, heldUpMs, task);
  };
  state.cancel = state.options.clock.after(ms, () => void task().catch(again));
}
