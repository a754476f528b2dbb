/** What ingest holds between two loads of the ledger, and how that becomes a batch which is committed. */
import {
  type BeatKey,
  budgets,
  decode,
  encode,
  type Hello,
  helloTopicAll,
  isThin,
  type LinkClass,
  links,
  oneLine,
  partBeats,
} from '@sabha/contracts';
import { createEngine, type Engine } from '../engine/incidents/engine.ts';
import type { CentreEvent } from '../engine/records/incidents.ts';
import { type Audit, inVainKey, type Op, settledKey } from '../engine/records/ops.ts';
import { createConfigs } from '../sites/config-push.ts';
import { createTree } from '../sites/table.ts';
import { type Committed, createAcks, type Heard, type IngestOptions } from './acks.ts';
import { createAllowance } from './allowance.ts';
import { createCentreTime, createListening, createSettled } from './listening.ts';
import { createLinkReports } from './read-message.ts';

/** What was read and applied since the last commit, beside what the engine holds. */
type Gathered = { ops: Op[]; sends: (() => void)[]; heard: Heard[]; sites: string[]; pcsGone: string[] };

/** All of it, from one load of the ledger to the next. */
export type State = ReturnType<typeof openState>;

/** How often it is written down that we listen, */
export const listenedEveryMs = 60_000;
/** and how often where something is written anyway. */
const listenedWithMs = 5_000;
const startsKept = 10;
/** Answers to a hello are spread over this time a PC, up to the limit (R17). */
const helloSpreadMs = 20;
const helloSpreadLimitMs = 30_000;
const notedEveryMs = 60_000 / budgets.logLinesAMinute.most;

/** What the ledger holds, with nothing gathered but that this is a start. */
export function openState(options: IngestOptions) {
  const { clock, contents, send, seal } = options;
  const centreTime = createCentreTime(clock);
  const startedAt = centreTime.now();
  const earlier = (JSON.parse(contents.meta['starts'] ?? '[]') as number[]).filter((at) => at <= startedAt);
  const starts = [...earlier, startedAt].slice(-startsKept);
  const held = new Map(contents.pcs.map((record) => [record.pc, record]));
  const recordOf = (pc: string) => (engine?.memory.pcs ?? held).get(pc);
  const listenedNotedAt = Number(contents.meta['listened'] ?? 0);
  const listenedAt = Math.min(listenedNotedAt, startedAt);
  const tree = createTree(contents, recordOf);
  const configs = createConfigs({ tree, meta: contents.meta, clock, recordOf, seal, send, isOver: (): boolean => state.commits.isOver() });
  const listening = createListening({
    ...options,
    time: centreTime,
    listenedUntil: listenedAt,
    // Among the rows of the engine, where a step of the clock takes back what stands before it.
    note: (away): void => state.engine.memory.add(`away/${away.from}`, { op: 'away', ...away }),
    isSubscribed: (): boolean => state.engine.isSubscribed(),
    tell: (event, audit): void => void tell(state, event, audit),
    hello: (): void => hello(state, [helloTopicAll]),
  });
  const followClock = {
    setClock(byMs: number): void {
      state.gathered.ops.push(...configs.setClock(byMs));
      state.steppedMs += byMs;
      options.clockSet();
    },
  };
  const followers = [...listening.followers, followClock];
  const pcsOf = (site: string) => tree.table().pcsOf(site);
  let engine: Engine | undefined;
  const known = tree.table().known;
  engine = createEngine({ ...options, contents, known, place: tree.place, starts, listenedUntil: listenedAt, followers }, startedAt);
  const state = {
    options,
    engine,
    tree,
    configs,
    links: createLinkReports(contents.meta),
    numbers: createNumbers(),
    acks: createAcks({ reflector: options.reflector, pcsOf, recordOf, send, seal, now: clock.now }),
    allowance: createAllowance(clock.up),
    /** When the last note about each PC was written. */
    notedAt: new Map<string, number>(),
    /** The centre's time. */
    time: centreTime.now,
    settled: createSettled(contents.meta[settledKey], clock.up, startedAt),
    listening,
    gathered: {
      ...nothing(),
      ops: [{ op: 'meta' as const, key: 'starts', value: JSON.stringify(starts) }, ...tree.versionOps()],
    } as Gathered,
    commits: createCommits(options, (): Promise<void> => commit(state)),
    goneOnUp: clock.up(),
    /** When somebody last listened to the PCs, and what the ledger knows of it. */
    listenedAt,
    listenedNotedAt,
    /** By how much the clock was set since somebody last listened. */
    steppedMs: 0,
  };
  return state;
}

function nothing(): Gathered {
  return { ops: [], sends: [], heard: [], sites: [], pcsGone: [] };
}

/** Gives the engine an event; true once what came of it is committed, false where this memory ended before. */
export function tell(state: State, event: CentreEvent, audit?: Audit): Promise<boolean> {
  if (audit !== undefined) state.gathered.ops.push({ op: 'audit', at: state.time(), ...audit });
  if (!state.commits.isOver()) state.engine.apply(event, state.time());
  return state.commits.next();
}

/** Asks for births: of everybody, or of PCs that may have spoken in vain before they were ours. */
export function hello({ options, engine, allowance }: State, topics: readonly string[]): void {
  // Whoever is not subscribed could not hear the answers; the next SUBACK asks everybody.
  if (!engine.isSubscribed()) return;
  const withinMs = Math.min(helloSpreadLimitMs, engine.known.size * helloSpreadMs);
  const word: Hello = { id: options.randomId(), withinMs, fresh: false };
  allowance.asks(word.id);
  for (const topic of topics) options.send(topic, encode('hello', word), 1);
}

/** The next batch: what was read, what the engine made of it, and what follows once both are on disk. */
function gather(state: State): { ops: Op[]; committed: Committed } {
  const { engine, acks, links, gathered } = state;
  const { ops: rows, effects } = engine.take();
  const { heard, sends, sites, pcsGone } = gathered;
  const ops = [...gathered.ops, ...rows, ...links.changed()];
  if (ops.length > 0) ops.push(...listened(state, listenedWithMs));
  state.gathered = nothing();
  const asks = effects.filter((effect) => effect.do === 'ask');
  const offers = effects.filter((effect) => effect.do === 'offer');
  const pcs = ops.flatMap((op) => (op.op === 'pc' ? [op.record.pc] : []));
  const owed = acks.take([...pcs, ...pcsGone], asks);
  const notices = ops.flatMap((op) => (op.op === 'outbox' ? [op.row] : []));
  const handled = ops.flatMap((op) => (op.op === 'incident' && (op.incident.deeds ?? op.incident.answers) ? [op.incident] : []));
  const incidents = ops.flatMap((op) => (op.op === 'incident' ? [op.incident.id] : op.op === 'transition' ? [op.transition.incident] : []));
  const isChanged = pcs.length + incidents.length + sites.length + pcsGone.length > 0;
  const changed = isChanged ? { pcs, incidents: [...new Set(incidents)], sites, pcsGone } : undefined;
  return { ops, committed: { acks: owed, sends, heard, offers, notices, handled, changed } };
}

/** Writes down until when PCs are heard for certain, and who was not, unless that was done a short time ago: a start knows from it for how long nobody was. */
export function listened(state: State, everyMs: number): Op[] {
  const at = state.listening.provenAt();
  if (at === null || Math.abs(at - state.listenedNotedAt) < everyMs) return [];
  state.listenedNotedAt = at;
  return [
    { op: 'meta', key: 'listened', value: `${at}` },
    { op: 'meta', key: inVainKey, value: state.engine.inVain() },
  ];
}

async function commit(state: State): Promise<void> {
  const { ops, committed } = gather(state);
  if (ops.length > 0) await write(state, ops);
  if (!state.commits.isOver()) state.options.committed(committed);
}

async function write(state: State, ops: Op[]): Promise<void> {
  const { options, acks, commits } = state;
  const startedUp = options.clock.up();
  const receipt = await options.ledger.commit(ops);
  if (commits.isOver()) return;
  const tookMs = options.clock.up() - startedUp;
  if (tookMs > budgets.commitMs.most * (options.clock.speed ?? 1)) nameLargestWriter(state, ops);
  options.count.commit('ok', tookMs / 1_000);
  options.count.receipt(receipt);
  acks.settle(receipt.cursors);
  for (const [pc, gaps] of Object.entries(receipt.gapsOf ?? {}))
    note(state, { pc, what: 'gap in the events', reason: 'gap', about: `${gaps} numbers are neither here nor declared dropped` });
  for (const { op, pc, why } of receipt.poison ?? []) setAside(state, { pc, leaf: op, why });
}

/** A slow commit delays the acks of all PCs. An agent waits for the ack of each batch of events, so the commit holds few of its events (R27). */
function nameLargestWriter(state: State, ops: readonly Op[]): void {
  // Duplicates count once: the server may have requested a range several times.
  const events = new Map<string, Set<string>>();
  for (const { pc, event } of ops.filter((one) => one.op === 'event'))
    events.set(pc, (events.get(pc) ?? new Set()).add(`${event.spool} ${event.seq}`));
  const [of, { size }] = [...events].toSorted(([, one], [, other]) => other.size - one.size)[0] ?? ['', new Set()];
  if (size <= budgets.eventsUnacknowledged.most) return;
  state.engine.apply({ type: 'noisy', of, what: 'events' }, state.time());
  state.commits.soon();
}

/** What broke whoever took it is counted, and noted under the name of its PC (R28). */
export function setAside(state: State, { pc, leaf, why }: { pc: string; leaf: string; why: string }): void {
  state.options.count.message(leaf, 'poison');
  note(state, { pc, what: `unreadable ${leaf}`, reason: 'poison', about: oneLine(why, 120) });
}

/**
 * Writes a row and a line of the log about a PC whose messages could not be read, applied or written, or lack some (R28); at most one a minute
 * for each PC. `reason` is one of few.
 */
export function note(state: State, { pc, what, reason, about }: { pc: string; what: string; reason: string; about: string }): void {
  const now = state.time();
  if (Math.abs(now - (state.notedAt.get(pc) ?? Number.NEGATIVE_INFINITY)) < notedEveryMs) return;
  state.notedAt.set(pc, now);
  state.options.log.warn({ who: pc, reason }, `${what}: ${about}`);
  state.gathered.ops.push({ op: 'step', at: now, who: pc, what, about: `${reason}: ${about}` });
  state.commits.soon();
}

/**
 * `commit` gathers everything since the last batch, resolves when that is on disk and what may follow has followed.
 * `failed`, called once: the disk did not take a batch, and nothing of this memory is true any more.
 * Guarantee: one batch at a time, in order; nothing follows a batch that is not on disk, and nothing at all after the end.
 */
function createCommits({ clock, count, failed }: IngestOptions, commit: () => Promise<void>) {
  /** Each says whether its batch came to the disk: the one that is being written, and the next one. */
  let written = Promise.withResolvers<boolean>();
  let gathered = Promise.withResolvers<boolean>();
  /** A commit is under way, or will be at the end of this turn. */
  let busy = false;
  /** Something came while one was under way. */
  let again = false;
  let over = false;
  let writingUp: number | undefined;

  function end(): void {
    over = true;
    written.resolve(false);
    gathered.resolve(false);
  }

  async function commitAll(): Promise<void> {
    while (again && !over) {
      again = false;
      written = gathered;
      gathered = Promise.withResolvers();
      writingUp = clock.up();
      await commit();
      writingUp = undefined;
      if (over) return;
      written.resolve(true);
    }
    busy = false;
  }

  function soon(): void {
    again = true;
    if (busy || over) return;
    busy = true;
    queueMicrotask(() => {
      commitAll().catch((error: Error) => {
        if (over) return;
        end();
        count.commit('failed', 0);
        failed(error);
      });
    });
  }

  return {
    /** What was gathered is committed at the end of this turn, or after the commit that is under way. */
    soon,
    /** True after the next commit; false where there is none, because this memory is over. */
    next(): Promise<boolean> {
      if (!over) soon();
      return gathered.promise;
    },
    isOver: () => over,
    /** For how long the batch is being written. */
    writingMs: () => (writingUp === undefined ? 0 : clock.up() - writingUp),
    /** What is not committed was never said. */
    end,
  };
}

const shownKeys = ['ac', 'bat', 'uc', 'ur', 'room', 'rh', 'rise', 'temp'] as const satisfies readonly BeatKey[];
type ShownNumbers = Partial<Record<(typeof shownKeys)[number], number>>;

/** A beat of all numbers takes less than a quarter of it. */
const beatLimitBytes = 2_048;
const missedBeats = 3;
/** Where a beat is a part, as each writes it (R11: without parsing). */
const partMark = '"part":1';

type KeptBeat = { up: number; text: string };

/**
 * Beats are kept as they came and read when somebody asks: nearly none is ever asked for. `up` = a clock that never jumps.
 * Guarantee: a number that its PC has not said again for three beats after the time in which each is said once is not answered.
 */
export function createNumbers() {
  const byPc = new Map<string, KeptBeat[]>();
  return {
    heard(pc: string, { link, payload, up }: { link: LinkClass; payload: Buffer; up: number }): void {
      if (payload.length > beatLimitBytes) return;
      const beats = byPc.get(pc) ?? [];
      // As text, a character a byte: a buffer is a piece of 64 KiB that others were cut from too, all of which it would keep alive.
      beats.push({ up, text: payload.toString('latin1') });
      while (beats.length > keptOf(link, beats)) beats.shift();
      byPc.set(pc, beats);
    },
    of(pc: string, link: LinkClass, up: number): ShownNumbers {
      const beats = byPc.get(pc) ?? [];
      const sinceMs = (keptOf(link, beats) + missedBeats - 1) * links[link].beatMs;
      const fresh = beats.filter((beat) => up - beat.up <= sinceMs);
      const read = fresh.map(({ text }) => decode('beat', Buffer.from(text, 'latin1')));
      const said: Record<string, number> = Object.assign({}, ...read.map((beat) => (beat.ok ? beat.value.n : {})));
      return Object.fromEntries(shownKeys.flatMap((key) => (said[key] === undefined ? [] : [[key, said[key]]])));
    },
    forget: (pc: string): void => void byPc.delete(pc),
  };
}

/** On a thin link they always come in parts, elsewhere where the last beat says so; else it brings all of them. */
function keptOf(link: LinkClass, beats: readonly KeptBeat[]): number {
  return isThin(links[link]) || beats.at(-1)?.text.includes(partMark) === true ? partBeats : 1;
}
