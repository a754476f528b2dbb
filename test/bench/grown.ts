/**
 * Measures a ledger of ten million events: the cold start of the server, and commits during a backup (copied, verified, compressed) and
 * during archiving. The baseline is the same ledger without other work.
 */
import { generateKeyPairSync } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { realClock } from '@sabha/contracts';
import type { Ledger } from '../../flows/engine/records/ops.ts';
import { runRetention } from '../../flows/storage/archive/retention.ts';
import { createBackups } from '../../flows/storage/backup/backup.ts';
import { verifyInWorker } from '../../flows/storage/backup/proof.ts';
import { openLedger } from '../../flows/storage/ledger/ledger.ts';
import { randomFrom } from '../random.ts';
import { createParts, type Parts } from '../system/parts-under-test.ts';
import { births, fill, makeCold, openWriter, pace } from './grown-ledger.ts';
import { type Bench, percentile, type Row, row } from './model.ts';

const pcCount = 200;
const whole = { events: 10_000_000, restMs: 30_000, archiveMs: 90_000 };
const small = { events: 200_000, restMs: 3_000, archiveMs: 5_000 };
const dayMs = 86_400_000;
/** Age of the oldest events in days. A third of the events is due for the archives. */
const days = 3;
const kept = { eventDays: 2, archiveMonths: 13, historyDays: 400 };
const promisedMs = 50;
const promisedReadySeconds = 10;
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

export const grownBench: Bench = {
  name: 'grown',
  about: 'a ledger of ten million events: a cold start, and what commits wait for beside a backup and beside what leaves for the archives',
  async run({ quick, say }) {
    const size = quick ? small : whole;
    const parts = await createParts({ pcs: Array.from({ length: pcCount }, (_, at) => `vc-${at}`) });
    const [file, pcs, random] = [join(parts.site.data, 'flows/ledger.db'), [...parts.tokens.keys()], randomFrom(10)];
    try {
      fill({ file, pcs, events: size.events, from: Date.now() - days * dayMs, to: Date.now(), random, say });
      const mib = statSync(file).size / 2 ** 20;
      say(`filled: ${Math.round(mib)} MiB`);
      const ready = await coldStart(parts, file);
      say(`ready after ${ready.toFixed(1)} s`);
      const ledger = await openLedger({ file });
      await ledger.commit(births(pcs));
      const writer = openWriter(ledger, pcs, random);
      const at = { ledger, file, folder: parts.site.folder };
      const alone = await writer.during(delay(size.restMs));
      const backup = await writer.during(backUp(at));
      say(`backup: ${backup.length} commits beside it`);
      const archive = await writer.during(archiveFor(at, size.archiveMs));
      const { events, gaps, twice } = await ledger.audit();
      await ledger.close();
      const wrong = Math.abs(size.events + writer.written() - events) + gaps + twice;
      return { versions: {}, rows: rowsOf({ events: size.events, mib, ready, alone, backup, archive, wrong }) };
    } finally {
      parts.site.remove();
    }
  },
};

/** Returns the seconds from the start of `flows` to the log line `ready`, with a ledger that is not in the cache. */
async function coldStart(parts: Parts, file: string): Promise<number> {
  const broker = await parts.start('broker');
  makeCold(file);
  const startedAt = performance.now();
  const flows = await parts.start('flows');
  const seconds = (performance.now() - startedAt) / 1_000;
  await flows.end('SIGTERM');
  await broker.end('SIGTERM');
  return seconds;
}

type At = { ledger: Ledger; file: string; folder: string };

/** Makes a backup: copies the ledger, verifies it as an audit does, and compresses it. */
async function backUp({ ledger, file, folder }: At): Promise<void> {
  const backups = createBackups({
    ledger,
    ledgerFile: file,
    verifyCopy: verifyInWorker(generateKeyPairSync('ed25519').publicKey),
    files: async () => [],
    centre: 'ab',
    folder: join(folder, 'backups'),
    archives: join(folder, 'archives'),
    second: undefined,
    passphrase: () => undefined,
    sign: async (head) => ({ ...head, at: Date.now() }),
    setFault: () => undefined,
    clock: realClock(),
    now: Date.now,
    log: quiet,
  });
  await backups.make();
  backups.close();
}

async function archiveFor({ ledger, file, folder }: At, ms: number): Promise<void> {
  const options = {
    ledger,
    settings: kept,
    ledgerFile: file,
    folder: join(folder, 'archives'),
    passphrase: () => undefined,
    clock: realClock(),
    now: Date.now,
    settledAt: Date.now,
    log: quiet,
  };
  await runRetention(options, AbortSignal.timeout(ms)).catch(() => undefined);
}

type Seen = { events: number; mib: number; ready: number; alone: number[]; backup: number[]; archive: number[]; wrong: number };

function rowsOf({ events, mib, ready, alone, backup, archive, wrong }: Seen): Row[] {
  const peer = { name: 'the same ledger, with nothing else to do', value: percentile(alone, 0.99) };
  const commit = (beside: string, took: number[]) =>
    row({
      metric: `a commit at ${pace} events a second, p99, beside ${beside}`,
      unit: 'ms',
      better: 'less',
      ours: percentile(took, 0.99),
      peer,
      target: { promised: promisedMs },
    });
  return [
    row({ metric: `the ledger of ${events} events`, unit: 'MiB', better: 'less', ours: mib }),
    row({ metric: 'flows ready after a cold start', unit: 's', better: 'less', ours: ready, target: { promised: promisedReadySeconds } }),
    commit('a backup and its proof', backup),
    commit('what leaves for the archives', archive),
    row({ metric: 'events lost, or twice', unit: 'events', better: 'less', ours: wrong, target: { ours: 0 } }),
  ];
}
