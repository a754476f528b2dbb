import type { LastBoot } from '@sabha/contracts';
import { describe, expect, test } from 'vitest';
import type { PcEvent, PcOutage, PcRecord } from '../records/incidents.ts';
import { judgeLineOutage, judgeReturn, lostPowerTogether, type OfflinePc } from './outages.ts';
import { newRecord } from './pc.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** The test PC was last seen at `from`, was certainly offline at `goneBy`, and returns later. */
const from = 10 * 3_600 * second;
const goneBy = from + 100 * second;
const now = from + 3_600 * second;

/** A PC with an outage. */
const away = (of: Partial<PcOutage> = {}, edit: Partial<PcRecord> = {}): OfflinePc => ({
  ...newRecord('s/a/1', 'fibre'),
  boot: 'b1',
  spool: 's1',
  presence: 'silent',
  heardAt: goneBy,
  ...edit,
  absence: { cause: 'undetermined', confidence: 0.5, from, goneBy, to: null, aliveAt: null, incident: 1, ...of },
});

type Birth = Extract<PcEvent, { type: 'birth' }>;

const birth = (edit: Partial<Birth> = {}): Birth => ({
  type: 'birth',
  pc: 's/a/1',
  boot: 'b1',
  session: 9,
  digest: '',
  rev: 0,
  spool: 's1',
  config: 1,
  inventory: '',
  agent: '1',
  at: now,
  ...edit,
});
const reboot = (previous: Partial<LastBoot> = {}, edit: Partial<Birth> = {}) =>
  birth({
    boot: 'b2',
    previous: { boot: 'b1', aliveAt: from + 20 * second, mains: null, bye: null, crashed: false, ...previous },
    ...edit,
  });
const bye = { bye: { at: from, reason: 'shutdown' } };
const onBattery = (since: number) => ({
  checks: [{ component: 'power', device: '', status: 'fault' as const, fault: 'power.on_battery', reason: null, since }],
});

const mainsSeen = { checks: [{ component: 'power', device: 'mains', status: 'ok' as const, fault: null, reason: null, since: 1 }] };
/** The loss of mains power as the PC saw it: ms before the loss, and before its return. */
const gone = (before: number, back: number | null = null) => ({
  from: from - before,
  to: back === null ? null : now - back,
  ending: false,
});
const ended = { gone: { ...gone(5 * minute), ending: true }, mains: false };

const rows: [seen: string, one: OfflinePc, said: Birth, verdict: string][] = [
  ['a goodbye was received', away({ cause: 'intended', confidence: 0.99 }, bye), reboot(), 'intended 0.99'],
  ['the same boot, awake all the time, on its mains', away({}, mainsSeen), birth({ apartMs: hour - 2 * minute }), 'link-down 0.95'],
  ['the same boot, awake, of one that sees no mains: on a UPS perhaps', away(), birth({ apartMs: hour }), 'link-down 0.8'],
  [
    'the same boot, the mains gone with the line: a power cut, or a laptop taken off its dock',
    away({}, mainsSeen),
    birth({ apartMs: hour, gone: gone(0, minute) }),
    'power-cut 0.55',
  ],
  [
    'mains that went while the clock is two hours out: their time is not known',
    away({}, mainsSeen),
    birth({ apartMs: hour, at: now - 2 * hour, gone: { from: from - 3 * hour, to: now - 2 * hour, ending: false } }),
    'power-cut 0.55',
  ],
  ['another boot, and the site was there', away({ cause: 'pc-off', confidence: 0.8 }), reboot(), 'pc-off 0.8'],
  [
    'another boot at once, and the site was there: it may have started anew',
    away({ cause: 'pc-off', confidence: 0.8, from: now - minute }),
    reboot(),
    'pc-off 0.6',
  ],
  ['the same boot, awake, and the site was there', away({ cause: 'pc-off', confidence: 0.8 }), birth({ apartMs: hour }), 'pc-off 0.9'],
  ['the same boot, awake, with many other sites', away({ cause: 'upstream' }), birth({ apartMs: hour }), 'upstream 0.5'],
  [
    'the line of a provider, told by PCs that do not see their mains, was sure: a district on UPS looks the same',
    away({ cause: 'upstream', confidence: 0.85 }),
    birth({ apartMs: hour }),
    'upstream 0.85',
  ],
  [
    'the line of the centre, of one that saw its mains all the time',
    away({ cause: 'upstream', confidence: 0.55 }, mainsSeen),
    birth({ apartMs: hour }),
    'upstream 0.55',
  ],
  [
    'a UPS that had switched it off in order',
    away({ cause: 'power-cut', confidence: 0.95 }, { ...bye, ...onBattery(from) }),
    reboot(),
    'power-cut 0.95',
  ],
  [
    'three PCs behind an access point that died, awake all the time, were sure to have been away alone',
    away({ cause: 'pc-off', confidence: 0.6 }),
    birth({ apartMs: hour }),
    'pc-off 0.6',
  ],
  ['the same boot, asleep meanwhile', away(), birth({ apartMs: 20 * second }), 'pc-off 0.8'],
  ['the same boot, more than that missing', away(), birth({ apartMs: hour - 256 * second }), 'pc-off 0.8'],
  ['an agent that was started anew while the line was cut was this PC alone', away(), birth({ apartMs: null }), 'pc-off 0.6'],
  ['the same boot, an agent that does not say', away(), birth(), 'link-down 0.6'],
  ['a new boot after a goodbye that never came', away(), reboot({ bye: 'shutdown' }), 'intended 0.8'],
  ['a new boot after a crash', away(), reboot({ crashed: true }), 'crash 0.95'],
  ['a plug that was pulled on a worn battery, till its end, was a power cut for sure', away(), reboot(ended), 'power-cut 0.55'],
  ['a new boot, the mains gone just before', away(), reboot({ mains: false, gone: gone(30 * second) }), 'power-cut 0.55'],
  ['a boot that an update ended', away(), reboot({ begun: 'update' }), 'intended 0.85'],
  ['an update in which the mains went, as its PC saw', away(), reboot({ begun: 'update', mains: false, gone: gone(0) }), 'intended 0.6'],
  ['a goodbye that never came, of a battery at its end', away(), reboot({ bye: 'shutdown', ...ended }), 'intended 0.6'],
  [
    'a goodbye that was heard while another PC of the site went dark',
    away({ cause: 'intended', confidence: 0.6 }, bye),
    reboot(),
    'intended 0.6',
  ],
  ['a new boot of the only PC, mains at the last mark', away(), reboot({ mains: true }), 'pc-off 0.7'],
  ['a new boot of the only PC, no battery', away(), reboot(), 'undetermined 0.5'],
  ['a new boot that says nothing of the one before', away(), birth({ boot: 'b2' }), 'undetermined 0.5'],
  ['a new boot that says nothing, the site was there', away({ cause: 'pc-off', confidence: 0.8 }), birth({ boot: 'b2' }), 'pc-off 0.8'],
  [
    'a new boot, marks that went on for long after the loss',
    away(),
    reboot({ aliveAt: from + 30 * minute, mains: false }),
    'link-down 0.8',
  ],
  [
    'a mark of another boot from before: the disk was put back',
    away(),
    reboot({ boot: 'b0', aliveAt: from - hour, bye: 'shutdown' }),
    'undetermined 0.5',
  ],
  [
    'a mark of another boot since: it was on without being heard',
    away(),
    reboot({ boot: 'b1b', aliveAt: from + 20 * second, bye: 'shutdown' }),
    'intended 0.6',
  ],
];

const other = (edit: Partial<PcRecord> = {}) => ({
  ...away({}, { pc: 's/a/2', presence: 'online', heardAt: now, ...edit }),
  absence: null,
});

describe('judgeReturn: the verdict after the return of a PC', () => {
  test.each(rows)('judgeReturn returns the verdict of this row: %s', (_, one, said, verdict) => {
    const { cause, confidence } = judgeReturn(one, said, { neighbours: [other()], now });
    expect(`${cause} ${confidence}`).toBe(verdict);
  });

  test('the verdict link-down has a lower confidence if the only PC of a site does not see its mains power', () => {
    const confidence = (one: OfflinePc, ...neighbours: PcRecord[]) =>
      judgeReturn(one, birth({ apartMs: hour }), { neighbours, now }).confidence;
    expect(confidence(away())).toBe(0.6);
    expect(confidence(away(), other({ heardAt: null }), other({ presence: 'stopped' }))).toBe(0.6);
    expect(confidence(away({}, mainsSeen))).toBe(0.95);
  });

  test('judgeLineOutage: a message of the same session shows that only the line was interrupted', () => {
    expect(judgeLineOutage(away({}, mainsSeen), [])).toEqual({ cause: 'link-down', confidence: 0.95 });
    expect(judgeLineOutage(away({ cause: 'pc-off', confidence: 0.8 }), [])).toEqual({ cause: 'pc-off', confidence: 0.9 });
  });
});

describe('judgeReturn: the start of the outage', () => {
  const begin = (said: Birth) => judgeReturn(away(), said, { neighbours: [], now });

  test('the outage starts at the last time mark that the PC wrote to its disk, in server time', () => {
    expect(begin(reboot())).toMatchObject({ from: from + 20 * second, aliveAt: from + 20 * second });
    expect(begin(reboot({ aliveAt: from + 3 * hour }, { at: now + 3 * hour })).from).toBe(from);
  });

  test('a power cut of a PC with a wrong clock is not taken for a line outage', () => {
    expect(begin(reboot({ aliveAt: from + 30 * minute, mains: false, gone: gone(0) }, { at: now + 30 * minute }))).toMatchObject({
      cause: 'power-cut',
    });
  });
});

describe('lostPowerTogether: the PCs that lost power at the same time', () => {
  const back = (aliveAt: number | null, edit: Partial<PcRecord> = {}) => away({ to: now, aliveAt }, { presence: 'online', ...edit });
  const at = from;
  const together = (one: OfflinePc, ...others: PcRecord[]) => lostPowerTogether(one, [one, ...others])?.together ?? [];
  const ask = (...others: PcRecord[]) => together(back(at), ...others);

  test('PCs whose last time marks are within 40 s of each other lost power together, if they are two of two or two of four', () => {
    expect(ask(back(at + 40 * second))).toHaveLength(2);
    expect(ask(back(at - 40 * second), back(null), back(null))).toHaveLength(2);
  });

  test('one PC alone, or two of five PCs, did not lose power together', () => {
    expect(together(back(at))).toEqual([]);
    expect(ask(back(at), back(null), back(null), back(null))).toEqual([]);
  });

  test('PCs whose last time marks are more than 40 s apart did not lose power together', () => {
    expect(ask(back(at + 80 * second))).toEqual([]);
    expect(ask(back(at + 41 * second))).toEqual([]);
  });

  test('a PC that kept running with mains power is not counted among the PCs that lost power together', () => {
    expect(ask(away({ to: now, cause: 'link-down', confidence: 0.95 }, { presence: 'online' }))).toEqual([]);
  });

  test('PCs with a time mark after the start of a line outage are not counted among the PCs that lost power together', () => {
    const later = { to: now, aliveAt: goneBy + 61 * second };
    expect(together(away(later), away(later))).toEqual([]);
  });

  test('a PC that was never seen, or is switched off, does not count in the half of the PCs that must have lost power together', () => {
    const off = back(null, { presence: 'stopped' });
    expect(ask(back(at), off, off, off, newRecord('s/a/9', 'fibre'))).toHaveLength(2);
  });
});

describe('lostPowerTogether: the confidence of the verdict', () => {
  const dark = (pc: string, of: Partial<PcOutage> = {}) =>
    away({ to: now, aliveAt: from, ...of }, { pc, presence: 'online', heardAt: now });
  const there = (pc: string): PcRecord => ({ ...newRecord(pc, 'fibre'), presence: 'online', heardAt: now });
  const seen = (pc: string) => dark(pc, { cause: 'power-cut', confidence: 0.55, mainsGoneAt: from + 50 * second });
  const confidence = (...all: PcRecord[]) => lostPowerTogether(all[0] as OfflinePc, all)?.why.confidence;
  const three = (of: Partial<PcOutage> = {}) => [1, 2, 3].map((at) => dark(`s/a/${at}`, of));

  test('if no PC saw the mains fail, the confidence is 0.85 only for three PCs that were off for some hours', () => {
    expect(confidence(dark('s/a/1'), dark('s/a/2'))).toBe(0.6);
    expect(confidence(...three())).toBe(0.85);
    expect(confidence(...three({ from: from - 6 * hour }))).toBe(0.6);
    expect(confidence(...three({ to: from + 19 * minute }))).toBe(0.6);
  });

  test('the confidence is 0.85 if one PC saw the mains fail, and 0.9 if two did, even if these PCs kept running', () => {
    expect(confidence(dark('s/a/1'), seen('s/a/2'))).toBe(0.85);
    expect(confidence(dark('s/a/1'), seen('s/a/2'), seen('s/a/3'))).toBe(0.9);
    const lived = (pc: string) => ({ ...seen(pc), absence: { ...seen(pc).absence, aliveAt: null } });
    expect(confidence(lived('s/a/1'), lived('s/b/1'))).toBe(0.9);
  });

  test('fewer than half of the PCs that were online before have no verdict of a common power cut', () => {
    const others = Array.from({ length: 200 }, (_, at) => there(`s/on${at}/1`));
    expect(confidence(seen('s/x/1'), seen('s/y/1'), ...others)).toBeUndefined();
    expect(confidence(dark('s/a/1'), dark('s/a/2', { cause: 'pc-off', confidence: 0.8 }))).toBeUndefined();
  });
});
