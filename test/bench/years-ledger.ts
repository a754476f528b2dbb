/** Writes the events of a nation to the ledger and archives them, under virtual time. Only the disk is real. */
import { statSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@sabha/contracts';
import type { Ledger, Op } from '../../flows/engine/records/ops.ts';
import { faultyArchives, runRetention } from '../../flows/storage/archive/retention.ts';
import { openInThread } from '../../flows/storage/ledger/ledger.ts';
import { openDatabase } from '../../flows/storage/ledger/schema.ts';
import type { Random } from '../random.ts';

export type YearsOptions = { folder: string; pcs: number; days: number; eventsADay: number; random: Random; say(line: string): void };

/**
 * `sizes`: bytes of the ledger at the end of each day. `archives`: bytes of the archives at the end. `slicesMs`: processor time of each
 * slice of archiving, for which commits wait besides the disk.
 */
export type Years = {
  events: number;
  sizes: number[];
  archives: number;
  slicesMs: number[];
  wrong: string[];
  audit: { events: number; gaps: number; twice: number };
};

const hourMs = 3_600_000;
const dayHours = 24;
/** Interval of archiving at the real server, in hours. */
const everyHours = 6;
const begin = Date.UTC(2026, 0, 1);
const kept = { eventDays: 2, archiveMonths: 13, historyDays: 400 };
const components = ['microphone', 'camera', 'speaker', 'path', 'disk', 'memory'] as const;

/** Plays all days. The folder must be empty. */
export async function playYears({ folder, pcs, days, eventsADay, random, say }: YearsOptions): Promise<Years> {
  const ledgerFile = join(folder, 'ledger.db');
  const db = openDatabase({ file: ledgerFile });
  // No power cut happens here, and syncs would take hours for a nation.
  db.exec('PRAGMA synchronous = OFF');
  const ledger = openInThread(db);
  const at = { ms: begin };
  const slicesMs: number[] = [];
  const archives = join(folder, 'archives');
  const retaining = {
    ledger: timed(ledger, slicesMs),
    settings: kept,
    ledgerFile,
    folder: archives,
    passphrase: () => undefined,
    clock: restless,
    now: () => at.ms,
    settledAt: () => at.ms,
    log: { info: () => undefined, error: () => undefined },
  };
  const last = eventsADay * days;
  for (let pc = 0; pc < pcs; pc += 1)
    await ledger.commit([{ op: 'birth', pc: pathOf(pc), spool: 'a', first: 1, last, carries: null, at: begin }]);
  const sizes: number[] = [];
  const told = Array.from({ length: pcs }, () => 0);
  for (let hour = 1; hour <= days * dayHours; hour += 1) {
    const upTo = Math.floor((eventsADay * hour) / dayHours);
    for (let pc = 0; pc < pcs; pc += 1) {
      await ledger.commit(eventsOf({ pc, from: (told[pc] ?? 0) + 1, upTo, at: at.ms, random }));
      told[pc] = upTo;
    }
    at.ms += hourMs;
    if (hour % everyHours === 0) await runRetention(retaining);
    if (hour % dayHours !== 0) continue;
    await ledger.checkpoint();
    sizes.push(statSync(ledgerFile).size);
    say(`day ${hour / dayHours}: ${Math.round((sizes.at(-1) ?? 0) / 1024)} KiB`);
  }
  const { events, gaps, twice } = await ledger.audit();
  const wrong = faultyArchives(db, archives, () => true);
  await ledger.close();
  const files = await readdir(archives);
  const bytes = await Promise.all(files.map(async (name) => (await stat(join(archives, name))).size));
  return { events: pcs * last, sizes, archives: bytes.reduce((sum, one) => sum + one, 0), slicesMs, wrong, audit: { events, gaps, twice } };
}

/** A clock whose waits end at once. */
const restless: Clock = {
  now: () => 0,
  up: () => 0,
  after(_ms, task) {
    setImmediate(task);
    return () => undefined;
  },
};

function timed(ledger: Ledger, into: number[]): Ledger {
  const calls = Object.entries(ledger).map(([name, call]) => [
    name,
    async (...args: never[]) => {
      const before = process.threadCpuUsage();
      const done = await (call as (...all: never[]) => unknown)(...args);
      const { user, system } = process.threadCpuUsage(before);
      into.push((user + system) / 1_000);
      return done;
    },
  ]);
  return Object.fromEntries(calls) as Ledger;
}

function pathOf(pc: number): string {
  return `state-${pc % 36}/site-${pc}/pc-1`;
}

type Said = { pc: number; from: number; upTo: number; at: number; random: Random };

/** Returns events as an agent writes them: mostly figures of a round, sometimes a change. */
function eventsOf({ pc, from, upTo, at, random }: Said): Op[] {
  return Array.from({ length: Math.max(0, upTo - from + 1) }, (_, index): Op => {
    const component = random.pick(components);
    const body =
      random.next() < 0.1
        ? { component, device: `device-${random.below(4)}`, from: { status: 'ok' }, to: { status: 'fault', fault: `${component}.missing` } }
        : {
            component,
            rttMs: random.below(90_000) / 100,
            jitterMs: random.below(4_000) / 100,
            lost: random.below(5),
            sent: 250,
            kbps: random.below(9_000),
          };
    const event = {
      spool: 'a',
      seq: from + index,
      boot: 'b1f0c2',
      at: at + random.below(hourMs),
      grade: 'event' as const,
      kind: 'round',
      body,
    };
    return { op: 'event', pc: pathOf(pc), event, at };
  });
}
