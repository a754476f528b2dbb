/** A large ledger: filled in advance, then written to at a fixed rate while something else runs. Threads and disk are real. */
import { spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Ledger, Op } from '../../flows/engine/records/ops.ts';
import { openDatabase } from '../../flows/storage/ledger/schema.ts';
import { openStore } from '../../flows/storage/ledger/store.ts';
import type { Random } from '../random.ts';
import { CannotRun } from './model.ts';

export type Grown = {
  file: string;
  pcs: readonly string[];
  events: number;
  from: number;
  to: number;
  random: Random;
  say(line: string): void;
};

const spool = 'grown';
const perCommit = 5_000;
const perRound = 100;
/** Events written in a second. */
export const pace = 1_000;
const everyMs = 20;
const kinds = ['microphone', 'camera', 'speaker', 'link', 'power'] as const;

export function fill({ file, pcs, events, from, to, random, say }: Grown): void {
  const db = openDatabase({ file });
  const store = openStore(db);
  // No power cut happens here, so the writes need no sync.
  db.exec('PRAGMA synchronous = OFF');
  const each = Math.ceil(events / pcs.length);
  store.commit([pcs.map((pc): Op => ({ op: 'birth', pc, spool, first: 1, last: each, carries: null, at: from }))]);
  let ops: Op[] = [];
  let told = 0;
  for (let seq = 1; seq <= each; seq += perRound) {
    const at = Math.round(from + ((to - from) * seq) / each);
    for (const pc of pcs) {
      for (let next = seq; next < Math.min(seq + perRound, each + 1); next += 1) ops.push(eventOf(pc, next, { at, random }));
      if (ops.length < perCommit) continue;
      told += ops.length;
      store.commit([ops]);
      ops = [];
    }
    if ((seq - 1) % (100 * perRound) === 0) say(`${told + ops.length} of ${events} events`);
  }
  store.commit([ops]);
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  store.close();
}

/** Removes a file from the caches of the system. Throws CannotRun. */
export function makeCold(file: string): void {
  const args = [`of=${file}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0', 'status=none'];
  if (spawnSync('dd', args).status !== 0) throw new CannotRun('dd, which takes a file out of the caches, is not installed');
}

/** A writer of new events, with the duration of each commit in ms. */
export type Writer = { during(work: Promise<unknown>): Promise<number[]>; written(): number };

/** Creates a writer at the fixed rate with one commit every 20 ms. */
export function openWriter(ledger: Pick<Ledger, 'commit'>, pcs: readonly string[], random: Random): Writer {
  const seqs = new Map<string, number>();
  let sent = 0;
  const next = (): Op => {
    const pc = pcs[sent % pcs.length] ?? '';
    sent += 1;
    const seq = (seqs.get(pc) ?? 0) + 1;
    seqs.set(pc, seq);
    return eventOf(pc, seq, { at: Date.now(), random, of: 'new' });
  };
  return {
    written: () => sent,
    async during(work) {
      const [took, open] = [[] as number[], new Set<Promise<unknown>>()];
      let isOver = false;
      void work.finally(() => (isOver = true)).catch(() => undefined);
      const begun = performance.now();
      for (let due = 0; !isOver; due += everyMs) {
        await delay(Math.max(0, begun + due - performance.now()));
        const startedAt = performance.now();
        const one = ledger
          .commit(Array.from({ length: (pace * everyMs) / 1_000 }, next))
          .then(() => took.push(performance.now() - startedAt));
        open.add(one);
        void one.finally(() => open.delete(one)).catch(() => undefined);
      }
      await Promise.all(open);
      await work;
      return took;
    },
  };
}

export function births(pcs: readonly string[]): Op[] {
  return pcs.map((pc) => ({ op: 'birth', pc, spool: 'new', first: 1, last: 0, carries: null, at: Date.now() }));
}

type Told = { at: number; random: Random; of?: string };

/** Returns an event with the figures of a probe round, as an agent writes it. */
function eventOf(pc: string, seq: number, { at, random, of = spool }: Told): Op {
  const body = {
    component: random.pick(kinds),
    rttMs: random.below(90_000) / 100,
    jitterMs: random.below(4_000) / 100,
    lost: random.below(5),
  };
  return { op: 'event', pc, event: { spool: of, seq, boot: 'b1f0c2', at, grade: 'event', kind: 'round', body }, at };
}
