/** Looks for a newer agent, brings it, and has it tried when nobody is in a meeting. */
import type { KeyObject } from 'node:crypto';
import { type Cancel, type Clock, judgeManifest, type Manifest, messageOf } from '@sabha/contracts';
import type { Log } from '../../uplink/store/log.ts';
import { download, type FetchFrom } from './download.ts';
import type { Slots } from './slots.ts';

/** Where the centre keeps what is to run next. */
export type UpdateSource = {
  /** The text of the signed manifest; null where the centre has none. Throws where there is no answer. */
  manifest(): Promise<string | null>;
  bundle: FetchFrom;
};

/** What an update needs: where it comes from, where it is put, and when it disturbs nobody. */
export type UpdaterOptions = {
  version: string;
  slots: Slots;
  source: UpdateSource;
  /** Public half of the key that signs manifests. */
  key: KeyObject;
  clock: Clock;
  /** Milliseconds since 1970, by the centre's clock where that is known: a PC whose own is dead would take an old version, or none. */
  now(): number;
  /** Uniform in [0, 1). */
  random: () => number;
  /** True while camera or microphone is in use. */
  isBusy(): Promise<boolean>;
  /** True once the centre has acknowledged a birth of this process. */
  isHeard(): boolean;
  record(kind: 'update', body: Record<string, unknown>): void;
  /** Ends this process, so that its supervisor starts the next version. */
  restart(reason: string): void;
  log: Log;
};

const firstLookMs = 10 * 60_000;
const lookEveryMs = 6 * 3_600_000;
/** A meeting is looked for again so often. */
const busyEveryMs = 60_000;
/** A version that nobody hears in this time is taken back. */
const proofMs = 5 * 60_000;
const proofEveryMs = 1_000;
/** What the disk refused is tried again after this time, well within the proof's. */
const heldUpMs = 60_000;
/** A version that was taken back may have been wronged by a dead link. */
const rejectedForMs = 24 * 3_600_000;

type State = { options: UpdaterOptions; cancel: Cancel };

/**
 * Guarantee: nothing unsigned is written where it could be started, and a version that the centre does not hear is taken back. Whatever
 * throws on the way is said, and tried again.
 */
export function startUpdater(options: UpdaterOptions): { stop(): void } {
  const state: State = { options, cancel: () => undefined };
  const firstMs = firstLookMs * (1 + options.random());
  soon(state, 0, async () =>
    options.slots.read().trial?.version === options.version ? prove(state, options.clock.up()) : soon(state, firstMs, () => look(state)),
  );
  return { stop: () => state.cancel() };
}

/** This process is the version on trial. A disk that refuses its proof now may take it in a second; when time is up the one before it runs. */
async function prove(state: State, since: number): Promise<void> {
  const { slots, clock, version } = state.options;
  if (clock.up() - since >= proofMs) {
    try {
      slots.takeBack(version, 'the centre did not hear it', clock.now());
    } finally {
      state.options.restart('update-taken-back');
    }
    return;
  }
  if (!state.options.isHeard()) return soon(state, proofEveryMs, () => prove(state, since));
  slots.prove();
  state.options.record('update', { outcome: 'proven', version });
  soon(state, lookEveryMs, () => look(state));
}

async function look(state: State): Promise<void> {
  const next = await newer(state.options);
  if (next !== null && (await brought(state.options, next))) return await change(state, next.version);
  soon(state, lookEveryMs * (0.75 + state.options.random() / 2), () => look(state));
}

/** The version that is to be taken now. */
async function newer({ source, key, slots, clock, now, version, log, record }: UpdaterOptions): Promise<Manifest | null> {
  const text = await source.manifest().catch((error: Error) => {
    log.warn({}, `no word of updates: ${error.message}`);
    return null;
  });
  if (text === null) return null;
  const { minimum, rejected } = slots.read();
  const found = judgeManifest(text, key, { version, minimum, now: now() });
  if (!found.ok) {
    log.warn({}, `an update is refused: ${found.reason}`);
    record('update', { outcome: 'refused', reason: found.reason });
    return null;
  }
  const isRejected = rejected !== null && rejected.version === found.value?.version && Math.abs(clock.now() - rejected.at) < rejectedForMs;
  return isRejected ? null : found.value;
}

async function brought({ slots, source, log }: UpdaterOptions, next: Manifest): Promise<boolean> {
  const { slot, file } = slots.vacant();
  const problem = await download(file, next, source.bundle).catch((error: Error) => error.message);
  if (problem === null) slots.tryNext({ slot, version: next.version, sha256: next.sha256 }, next.minimum);
  else log.warn({ version: next.version }, `an update did not come: ${problem}`);
  return problem === null;
}

async function change(state: State, version: string): Promise<void> {
  if (await state.options.isBusy()) return soon(state, busyEveryMs, () => change(state, version));
  state.options.record('update', { outcome: 'on trial', version });
  state.options.restart('update');
}

function soon(state: State, ms: number, task: () => Promise<void>): void {
  const again = (error: unknown) => {
    state.options.log.warn({}, `the updater is held up: ${messageOf(error)}`);
    soon(state, heldUpMs, task);
  };
  state.cancel = state.options.clock.after(ms, () => void task().catch(again));
}
