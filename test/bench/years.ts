/**
 * Measures the ledger of a nation over ninety days: its size, the archives of a day, and the delay of commits by archiving. Nothing is
 * compared: brokers and Prometheus delete old data and keep no checksums of it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomFrom } from '../random.ts';
import { type Bench, percentile, row } from './model.ts';
import { playYears } from './years-ledger.ts';

const whole = { pcs: 736, days: 90, eventsADay: 120 };
const small = { pcs: 24, days: 8, eventsADay: 240 };
/** Day from which on as many events leave the ledger as arrive. */
const settledDay = 3;

export const yearsBench: Bench = {
  name: 'years',
  about: 'whether the ledger of a nation stays as large as it is over 90 days, and what a day takes of the disk',
  async run({ quick, say }) {
    const size = quick ? small : whole;
    const folder = mkdtempSync(join(tmpdir(), 'sabha-years-'));
    try {
      const { sizes, archives, slicesMs, events, audit, wrong } = await playYears({ ...size, folder, random: randomFrom(90), say });
      const settled = sizes.slice(settledDay - 1);
      const spread = (Math.max(...settled) / Math.min(...settled) - 1) * 100;
      const of = `${size.pcs} PCs, ${size.eventsADay} events each a day, ${size.days} days`;
      const archived = Math.max(1, size.days - 2);
      return {
        versions: {},
        rows: [
          row({
            metric: `${of}: size of the ledger after day 3, from smallest to largest`,
            unit: '%',
            better: 'less',
            ours: spread,
            target: { ours: 5 },
          }),
          row({ metric: 'the ledger at the end', unit: 'MiB', better: 'less', ours: (sizes.at(-1) ?? 0) / 2 ** 20 }),
          row({ metric: 'archives, of one PC a day', unit: 'B', better: 'less', ours: archives / size.pcs / archived }),
          row({
            metric: 'events lost, or twice, or archives wrong',
            unit: 'events',
            better: 'less',
            ours: events - audit.events + audit.gaps + audit.twice + wrong.length,
            target: { ours: 0 },
          }),
          row({
            metric: 'a slice of what leaves takes of the processor, p99',
            unit: 'ms',
            better: 'less',
            ours: percentile(slicesMs, 0.99),
            target: { promised: 10 },
          }),
          row({ metric: 'the longest slice', unit: 'ms', better: 'less', ours: slicesMs.reduce((most, one) => Math.max(most, one), 0) }),
        ],
      };
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
