import { describe, expect, test } from 'vitest';
import type { PcOutage, PcRecord } from '../records/incidents.ts';
import { judgeOffline, type OfflinePc, regionAtMoment, sitesLostWith } from './outages.ts';
import { newRecord } from './pc.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const goneBy = 10 * hour;
const now = goneBy + 90 * second;
/** The time in which two losses count as simultaneous on a fibre line: 1.5 keepalives and a minute. */
const windowMs = 195 * second;

const absence = (edit: Partial<PcOutage> = {}): PcOutage => ({
  cause: 'undetermined',
  confidence: 0.5,
  from: goneBy - 100 * second,
  goneBy,
  to: null,
  aliveAt: null,
  incident: null,
  ...edit,
});
const pc = (edit: Partial<PcRecord> = {}): PcRecord => ({
  ...newRecord('s/a/1', 'fibre'),
  boot: 'b1',
  presence: 'online',
  heardAt: now,
  ...edit,
});
const away = (edit: Partial<PcRecord> = {}, of: Partial<PcOutage> = {}) =>
  pc({ pc: 's/a/1', presence: 'lost', heardAt: goneBy, ...edit, absence: absence(of) }) as OfflinePc;
const battery = (since: number, fault = 'power.on_battery') => ({
  checks: [{ component: 'power', device: '', status: 'fault' as const, fault, reason: null, since }],
});
const cut = goneBy - 90 * second;

const upstream = { cause: 'upstream', confidence: 0.85 } as const;

/** One row of the decision table: the evidence and the verdict. */
type VerdictRow = [seen: string, one: OfflinePc, neighbours: PcRecord[], isUpstream: boolean, verdict: string];

const rows: VerdictRow[] = [
  ['a goodbye', away({ presence: 'stopped', bye: { at: goneBy, reason: 'shutdown' } }), [pc()], false, 'intended 0.99'],
  ['a goodbye of one that restarts', away({ presence: 'stopped', bye: { at: goneBy, reason: 'restart' } }), [], false, 'intended 0.99'],
  ['a restart that is not back', away({ presence: 'silent', bye: { at: goneBy, reason: 'restart' } }), [], false, 'undetermined 0.5'],
  [
    'a plug that was pulled on a worn battery, which gasped, was a power cut for sure',
    away({ gasp: { at: cut, runtimeMs: 60_000 } }),
    [],
    false,
    'power-cut 0.55',
  ],
  [
    'the program of a UPS that says nothing to us, which switched it off in order when another went dark, was somebody, for sure',
    away({ presence: 'stopped', bye: { at: goneBy, reason: 'shutdown' } }),
    [away({ pc: 's/a/2' }, { goneBy: goneBy + 45 * second })],
    false,
    'intended 0.6',
  ],
  [
    'a goodbye beside one that is not heard since: for a beat nobody can tell',
    away({ presence: 'stopped', bye: { at: goneBy, reason: 'shutdown' } }),
    [pc({ heardAt: goneBy })],
    false,
    'intended 0.6',
  ],
  [
    'a goodbye of one that sees its mains, beside one that went dark',
    away({
      presence: 'stopped',
      bye: { at: goneBy, reason: 'shutdown' },
      checks: [{ component: 'power', device: 'mains', status: 'ok', fault: null, reason: null, since: 1 }],
    }),
    [away({ pc: 's/a/2' }, { goneBy: goneBy + 45 * second })],
    false,
    'intended 0.99',
  ],
  ['a gasp beside one that stays: it was unplugged', away({ gasp: { at: cut, runtimeMs: 60_000 } }), [pc()], false, 'pc-off 0.8'],
  ['a laptop unplugged ten minutes before its line was cut was a power cut', away(battery(cut - 9 * minute)), [], true, 'power-cut 0.55'],
  ['two batteries without mains since one minute', away(battery(cut)), [away(battery(cut + minute))], false, 'power-cut 0.9'],
  ['two batteries, one of them without mains for longer', away(battery(cut)), [away(battery(cut - 2 * minute))], false, 'power-cut 0.55'],
  [
    'a goodbye on a battery: a UPS that ended, or a person',
    away({ presence: 'stopped', bye: { at: goneBy, reason: 'shutdown' }, ...battery(cut - minute, 'power.battery_low') }),
    [],
    false,
    'intended 0.6',
  ],
  ['a last state on battery beside one that stays', away(battery(cut - 10 * minute)), [pc()], true, 'pc-off 0.8'],
  ['a neighbour that was heard after the loss', away(), [pc({ heardAt: goneBy + 1 })], false, 'pc-off 0.8'],
  [
    'three PCs behind an access point that died, beside one on a cable, were each away alone',
    away(),
    [pc(), away({ pc: 's/a/3' }, { goneBy: goneBy + windowMs }), pc({ pc: 's/a/4', absence: absence({ to: now }) })],
    false,
    'pc-off 0.6',
  ],
  ['a neighbour that was heard before it only', away(), [pc({ heardAt: goneBy - 1 })], false, 'undetermined 0.5'],
  [
    'a laptop unplugged beside a desktop that was switched off at the wall was a power cut',
    away(),
    [pc(battery(cut + 5 * second))],
    false,
    'power-cut 0.55',
  ],
  ['a neighbour that runs on battery since the morning', away(), [pc(battery(cut - 3 * hour))], false, 'pc-off 0.8'],
  ['all lost within W, one of them on battery', away(), [away(battery(cut), { goneBy: goneBy + windowMs })], false, 'power-cut 0.55'],
  ['all lost within W, none on battery', away(), [away({}, { goneBy: goneBy + 100 * second })], false, 'undetermined 0.5'],
  ['the only PC of its site', away(), [], false, 'undetermined 0.5'],
  [
    'a neighbour that went with it and is back after a power cut',
    away(),
    [pc({ absence: absence({ cause: 'power-cut', confidence: 0.85, to: now }) })],
    false,
    'power-cut 0.7',
  ],
  ['many sites at once', away(), [away()], true, 'upstream 0.85'],
];

describe('judgeOffline: the rows of the decision table', () => {
  test.each(rows)('judgeOffline returns the verdict of this row: %s', (_, one, neighbours, isUpstream, verdict) => {
    const { cause, confidence } = judgeOffline(one, { neighbours, upstream: () => (isUpstream ? upstream : null), now });
    expect(`${cause} ${confidence}`).toBe(verdict);
  });

  test('a power cut above 0.6 needs evidence of a battery or a neighbour, and link-down is never the verdict', () => {
    for (const [seen, one, neighbours, isUpstream] of rows) {
      const { cause, confidence } = judgeOffline(one, { neighbours, upstream: () => (isUpstream ? upstream : null), now });
      expect(cause, seen).not.toBe('link-down');
      const known = [one, ...neighbours].some(({ gasp, checks, absence: of }) => gasp || checks.length > 0 || of?.cause === 'power-cut');
      if (cause === 'power-cut' && confidence > 0.6) expect(known, seen).toBe(true);
    }
  });
});

describe('sitesLostWith: sites that were lost together', () => {
  const site = (at: number, edit: Partial<PcRecord> = {}) => [away({ pc: `s/${at}/1`, ...edit }, { goneBy: goneBy + at * second })];
  const there = (at: number) => [pc({ pc: `s/${at}/1` })];
  const ask = (...sites: PcRecord[][]) => sitesLostWith(away(), regionAtMoment(sites, now)).length > 0;

  test('three of three and three of ten lost sites are an outage of the region; two, and three of eleven, are coincidence', () => {
    expect(ask(site(1), site(2), site(3))).toBe(true);
    expect(ask(site(1), site(2))).toBe(false);
    const seven = [4, 5, 6, 7, 8, 9, 10].map(there);
    expect(ask(site(1), site(2), site(3), ...seven)).toBe(true);
    expect(ask(site(1), site(2), site(3), ...seven, there(11))).toBe(false);
  });

  test('the cause of a loss is no line outage if a third of the lost sites reported battery power', () => {
    expect(ask(site(1, battery(cut)), site(2), site(3))).toBe(false);
    expect(ask(site(1, battery(cut)), site(2), site(3), site(4))).toBe(true);
  });
});
