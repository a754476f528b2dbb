import { DatabaseSync } from 'node:sqlite';
import { type EventMessage, eventHash } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { ofTier } from '../../../test/figures.ts';
import type { Cursor, Op, Receipt } from '../../engine/records/ops.ts';
import { openStore } from './store.ts';

const histories = ofTier(20, 300);
const batchesEach = 40;
const names = ['a', 'b', 'c'];
const pcs = ['s/t/1', 's/t/2'];
const highest = 24;

test('R4 R5 R7 R8 births, events, holes, duplicates, tombstones and forks in any order give the result of the plain model', () => {
  for (let seed = 1; seed <= histories; seed += 1) {
    const random = randomFrom(seed);
    const store = openStore(new DatabaseSync(':memory:'));
    const model = plainModel();
    for (let step = 0; step < batchesEach; step += 1) {
      const ops = Array.from({ length: 1 + random(4) }, () => anyOp(random));
      expect(store.commit([ops]), `seed ${seed}, batch ${step}`).toEqual([model.commit(ops)]);
    }
    expect(store.audit(), `seed ${seed}`).toMatchObject(model.audit());
    store.close();
  }
});

/** State of one number of a spool: the hash of its stored event (`held`), or the reason why the number is settled. */
type Cell = { held: string } | { why: string };
type ModelSpool = {
  pc: string;
  name: string;
  born: boolean;
  last: number;
  forked: 0 | 1 | 2;
  cells: Map<number, Cell>;
  forks: Set<string>;
};

/** Reference model: applies the rules number by number, without optimisation. */
function plainModel() {
  const spools: ModelSpool[] = [];
  const counts = { applied: 0, gaps: 0, dropped: 0 };
  let gapsOf: Record<string, number> = {};

  function find(pc: string, name: string): ModelSpool | undefined {
    return spools.find((it) => it.pc === pc && it.name === name);
  }
  function made(pc: string, name: string): ModelSpool {
    const spool = { pc, name, born: false, last: 0, forked: 0 as const, cells: new Map(), forks: new Set<string>() };
    spools.push(spool);
    return spool;
  }
  function settle(spool: ModelSpool, [from, to]: [number, number], why: string): void {
    for (let n = from; n <= to; n += 1) {
      if (spool.cells.has(n)) continue;
      spool.cells.set(n, { why });
      if (why === 'gap') {
        counts.gaps += 1;
        gapsOf[spool.pc] = (gapsOf[spool.pc] ?? 0) + 1;
      }
      if (why === 'dropped') counts.dropped += 1;
    }
  }
  function reopen(spool: ModelSpool, [from, to]: [number, number]): void {
    for (let n = from; n <= to; n += 1) {
      const cell = spool.cells.get(n);
      if (cell && 'why' in cell && cell.why !== 'dropped' && cell.why !== 'copy') spool.cells.delete(n);
    }
  }
  function bear(spool: ModelSpool, first: number): void {
    spool.born = true;
    settle(spool, [1, first - 1], 'before');
  }

  function birth(op: Extract<Op, { op: 'birth' }>): void {
    const spool = find(op.pc, op.spool) ?? made(op.pc, op.spool);
    if (spool.born) {
      reopen(spool, [op.first, op.last]);
      settle(spool, [1, op.first - 1], 'gap');
    } else bear(spool, op.first);
    spool.last = Math.max(spool.last, op.last);
    const carried = op.carries === null ? undefined : find(op.pc, op.carries);
    if (op.carries !== null && spool.forked === 0) spool.forked = 1;
    if (carried) carried.forked = 2;
    for (const other of spools.filter((it) => it.pc === op.pc && it !== spool)) {
      if (!other.born) bear(other, Math.min(...[...other.cells].flatMap(([n, cell]) => ('held' in cell ? [n] : []))));
      settle(other, [1, other.last], other.forked === 2 ? 'carried' : 'gap');
    }
  }

  function event({ pc, event }: Extract<Op, { op: 'event' }>): void {
    const spool = find(pc, event.spool) ?? made(pc, event.spool);
    spool.last = Math.max(spool.last, event.seq);
    const cell = spool.cells.get(event.seq);
    const mark = eventHash(event);
    const others = spools.filter((it) => it.pc === pc && it !== spool);
    if (spool.forked > 0 && others.some((it) => heldIn(it).includes(mark))) return settle(spool, [event.seq, event.seq], 'copy');
    if (cell && 'held' in cell) {
      if (cell.held !== mark) spool.forks.add(`${event.seq} ${mark}`);
      return;
    }
    spool.cells.set(event.seq, { held: mark });
    counts.applied += 1;
    if (event.kind === 'dropped') bury(spool, event);
  }

  function bury(spool: ModelSpool, { seq, body }: EventMessage): void {
    for (const [a, b] of body['ranges'] as [number, number][]) {
      reopen(spool, [a, Math.min(b, seq - 1)]);
      settle(spool, [a, Math.min(b, seq - 1)], 'dropped');
    }
  }

  function cursorOf(spool: ModelSpool): Cursor {
    let upTo = 0;
    while (spool.born && spool.cells.has(upTo + 1)) upTo += 1;
    const cell = spool.cells.get(upTo);
    return { pc: spool.pc, spool: spool.name, upTo, mark: cell && 'held' in cell ? cell.held : undefined };
  }

  return {
    commit(ops: Op[]): Receipt {
      Object.assign(counts, { applied: 0, gaps: 0, dropped: 0 });
      gapsOf = {};
      const named = new Set<ModelSpool>();
      for (const op of ops) {
        if (op.op === 'birth') birth(op);
        else if (op.op === 'event') event(op);
        if (op.op === 'birth') named.add(find(op.pc, op.spool) as ModelSpool);
        if (op.op === 'event') named.add(find(op.pc, op.event.spool) as ModelSpool);
      }
      return { cursors: Array.from(named, cursorOf), ...counts, ...(counts.gaps > 0 && { gapsOf }) };
    },
    audit() {
      const cells = spools.flatMap((it) => [...it.cells.values()]);
      const whys = (why: string) => cells.filter((cell) => 'why' in cell && cell.why === why).length;
      const held = pcs.map((pc) => spools.filter((it) => it.pc === pc).flatMap((it) => [...new Set(heldIn(it))]));
      const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0);
      return {
        events: cells.filter((cell) => 'held' in cell).length,
        spools: spools.length,
        gaps: whys('gap'),
        dropped: whys('dropped'),
        twice: sum(held.map((marks) => marks.length - new Set(marks).size)),
        forks: sum(spools.map((it) => it.forks.size)),
        integrity: 'ok',
      };
    },
  };
}

function heldIn(spool: ModelSpool): string[] {
  return [...spool.cells.values()].flatMap((cell) => ('held' in cell ? [cell.held] : []));
}

type Random = (below: number) => number;

function anyOp(random: Random): Op {
  const pc = pcs[random(pcs.length)] as string;
  const spool = names[random(names.length)] as string;
  if (random(6) === 0) {
    const first = 1 + random(highest);
    const carries = random(3) === 0 ? (names[random(names.length)] as string) : null;
    return {
      op: 'birth',
      pc,
      spool,
      first,
      last: first - 1 + random(highest - first + 2),
      carries: carries === spool ? null : carries,
      at: 1,
    };
  }
  const seq = 1 + random(highest);
  const kind = random(5) === 0 ? 'dropped' : 'test';
  const content = random(4) === 0 ? random(3 * highest) : seq;
  const body = kind === 'dropped' ? tombstoneOf(random) : { content };
  return { op: 'event', pc, at: 1, event: { spool, seq, boot: 'b', at: kind === 'dropped' ? seq : content, grade: 'event', kind, body } };
}

function tombstoneOf(random: Random): Record<string, unknown> {
  const ranges = Array.from({ length: 1 + random(2) }, () => {
    const a = 1 + random(highest);
    return [a, a + random(4)];
  });
  return { ranges };
}

/** Returns a random number generator (Mulberry32) that gives the same numbers for the same seed. */
function randomFrom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
