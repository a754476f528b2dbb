import { describe, expect, test } from 'vitest';
import type { Previous } from '#contracts';
import type { Absence, PcEvent, PcRecord } from '../records/incidents.ts';
import type { Away } from './outages.ts';
import { newRecord } from './pc.ts';
import { lostLineTogether, lostPowerTogether, lostPowerWidely, weighed, whyUnheard, whyWasAway } from './returns.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const from = 10 * hour;
const goneBy = from + 100 * second;
const now = from + hour;

type Birth = Extract<PcEvent, { type: 'birth' }>;

const away = (of: Partial<Absence> = {}, edit: Partial<PcRecord> = {}): Away => ({
  ...newRecord('s/a/1', 'fibre'),
  ...{ boot: 'b1', spool: 's1', presence: 'silent', heardAt: goneBy },
  ...edit,
  absence: { cause: 'undetermined', confidence: 0.5, from, goneBy, to: null, aliveAt: null, incident: 1, ...of },
});
const birth = (edit: Partial<Birth> = {}): Birth => ({
  ...{ type: 'birth', pc: 's/a/1', boot: 'b1', session: 9, digest: '', rev: 0, spool: 's1', config: 1, inventory: '', agent: '1', at: now },
  ...edit,
});
const reboot = (previous: Partial<Previous> = {}, edit: Partial<Birth> = {}) =>
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
/** Of the mains, as the PC found: times before the loss, and before its return. */
const gone = (before: number, back: number | null = null) => ({
  from: from - before,
  to: back === null ? null : now - back,
  ending: false,
});
const ended = { gone: { ...gone(5 * minute), ending: true }, mains: false };

const rows: [seen: string, one: Away, said: Birth, verdict: string][] = [
  ['a goodbye was heard', away({ cause: 'intended' }, bye), reboot(), 'intended 0.99'],
  ['a goodbye was heard, and the boot is the same', away({}, bye), birth({ apartMs: null }), 'intended 0.99'],
  ['the same boot, awake all the time, on its mains', away({}, mainsSeen), birth({ apartMs: hour - 2 * minute }), 'link-down 0.95'],
  ['the same boot, awake, of one that sees no mains: on a UPS perhaps', away(), birth({ apartMs: hour }), 'link-down 0.8'],
  [
    'a laptop that was taken off its dock, which holds mains and cable, was a power cut for sure',
    away({}, mainsSeen),
    birth({ apartMs: hour, gone: gone(0, minute) }),
    'power-cut 0.55',
  ],
  ['mains that went long after the line', away({}, mainsSeen), birth({ apartMs: hour, gone: gone(-20 * minute) }), 'link-down 0.95'],
  [
    'a PC unplugged 40 minutes before the line went',
    away({}, mainsSeen),
    birth({ apartMs: hour, gone: gone(40 * minute) }),
    'link-down 0.6',
  ],
  [
    'a router whose own battery lasted 40 minutes, or a laptop brought back: mains and line come back together',
    away({}, mainsSeen),
    birth({ apartMs: hour, gone: gone(40 * minute, minute) }),
    'power-cut 0.55',
  ],
  [
    'a laptop unplugged two minutes before it was carried away was a power cut',
    away({}, { ...mainsSeen, ...onBattery(from - 2 * minute) }),
    birth({ apartMs: hour, gone: gone(2 * minute, minute) }),
    'power-cut 0.55',
  ],
  [
    'a laptop whose last word was that it is unplugged',
    away({}, onBattery(from)),
    birth({ apartMs: hour, gone: gone(second) }),
    'power-cut 0.55',
  ],
  [
    'a clock set back 2 h while the line was cut made a fresh loss of mains that were gone for 3 h',
    away({}, onBattery(from - 3 * hour)),
    birth({ apartMs: hour, at: now - 2 * hour, gone: { from: from - 3 * hour, to: now - 2 * hour, ending: false } }),
    'link-down 0.6',
  ],
  [
    'mains that were back before the line went',
    away({}, mainsSeen),
    birth({ apartMs: hour, gone: { from: 0, to: from - minute, ending: false } }),
    'link-down 0.95',
  ],
  [
    'an agent that ended, of a site that lost its power',
    away({ cause: 'power-cut', confidence: 0.9 }),
    birth({ apartMs: null }),
    'power-cut 0.9',
  ],
  [
    'mains that went with the line, of a site that was surer of its cut',
    away({ cause: 'power-cut', confidence: 0.95 }, mainsSeen),
    birth({ apartMs: hour, gone: gone(0, minute) }),
    'power-cut 0.95',
  ],
  ['another boot, and the site was there', away({ cause: 'pc-off', confidence: 0.8 }), reboot(), 'pc-off 0.8'],
  [
    'another boot at once, and the site was there: it may have started anew',
    away({ cause: 'pc-off', confidence: 0.8, from: now - minute }),
    reboot(),
    'pc-off 0.6',
  ],
  ['another boot at once, of one with mains at its last mark', away({ from: now - minute }), reboot({ mains: true }), 'pc-off 0.6'],
  ['the same boot, awake, and the site was there', away({ cause: 'pc-off', confidence: 0.8 }), birth({ apartMs: hour }), 'pc-off 0.9'],
  ['the same boot, awake, with many other sites', away({ cause: 'upstream' }), birth({ apartMs: hour }), 'upstream 0.5'],
  [
    'the line of a provider, told by PCs that do not see their mains, was sure: a district on UPS looks the same',
    away({ cause: 'upstream', confidence: 0.85 }),
    birth({ apartMs: hour }),
    'upstream 0.85',
  ],
  [
    'the same, of one that saw its mains all the time',
    away({ cause: 'upstream', confidence: 0.85 }, mainsSeen),
    birth({ apartMs: hour }),
    'upstream 0.95',
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
    'the same boot, awake, on battery since just before',
    away({ cause: 'power-cut' }, onBattery(from - minute)),
    birth({ apartMs: hour }),
    'power-cut 0.55',
  ],
  [
    'the same boot, awake, on battery since long before',
    away({ cause: 'power-cut' }, onBattery(from - hour)),
    birth({ apartMs: hour }),
    'link-down 0.6',
  ],
  [
    'three PCs behind an access point that died, awake all the time, were sure to have been away alone',
    away({ cause: 'pc-off', confidence: 0.6 }),
    birth({ apartMs: hour }),
    'pc-off 0.6',
  ],
  ['one of them that was restarted meanwhile', away({ cause: 'pc-off', confidence: 0.6 }), reboot(), 'pc-off 0.6'],
  ['one of them whose agent was started anew', away({ cause: 'pc-off', confidence: 0.6 }), birth({ apartMs: null }), 'pc-off 0.6'],
  ['the same boot, asleep meanwhile', away(), birth({ apartMs: 20 * second }), 'pc-off 0.8'],
  ['the same boot, the loss noticed as late as a beat and W', away(), birth({ apartMs: hour - 255 * second }), 'link-down 0.8'],
  ['the same boot, more than that missing', away(), birth({ apartMs: hour - 256 * second }), 'pc-off 0.8'],
  ['an agent that was started anew while the line was cut was this PC alone', away(), birth({ apartMs: null }), 'pc-off 0.6'],
  [
    'the same boot, another process, and the site was there',
    away({ cause: 'pc-off', confidence: 0.8 }),
    birth({ apartMs: null }),
    'pc-off 0.9',
  ],
  ['the same boot, an agent that does not say', away(), birth(), 'link-down 0.6'],
  ['the same boot, an agent that does not say, and many sites', away({ cause: 'upstream', confidence: 0.9 }), birth(), 'upstream 0.9'],
  ['a new boot after a goodbye that never came', away(), reboot({ bye: 'shutdown' }), 'intended 0.8'],
  ['a new boot after a crash', away(), reboot({ crashed: true }), 'crash 0.95'],
  ['a new boot, the last mark on battery', away(), reboot({ mains: false }), 'power-cut 0.85'],
  ['a plug that was pulled on a worn battery, till its end, was a power cut for sure', away(), reboot(ended), 'power-cut 0.55'],
  [
    'a battery at its end after 40 minutes: a power cut, or unplugged',
    away(),
    reboot({ mains: false, gone: { ...gone(40 * minute), ending: true } }),
    'power-cut 0.55',
  ],
  ['a new boot, the mains gone just before', away(), reboot({ mains: false, gone: gone(30 * second) }), 'power-cut 0.55'],
  ['a laptop unplugged nine minutes before its system crashed', away(), reboot({ mains: false, gone: gone(9 * minute) }), 'power-cut 0.55'],
  ['a PC unplugged 40 minutes before its boot ended', away(), reboot({ mains: false, gone: gone(40 * minute) }), 'power-cut 0.55'],
  ['the same, and the site was there', away({ cause: 'pc-off', confidence: 0.8 }), reboot(ended), 'pc-off 0.8'],
  ['a boot that an update ended', away(), reboot({ begun: 'update' }), 'intended 0.9'],
  [
    'an update in which the mains went, as its PC saw, was the cause for sure',
    away(),
    reboot({ begun: 'update', mains: false, gone: gone(0) }),
    'power-cut 0.55',
  ],
  [
    'an update in which the battery came to its end',
    away({ cause: 'power-cut', confidence: 0.95 }),
    reboot({ begun: 'update', ...ended }),
    'power-cut 0.95',
  ],
  ['an update of a laptop that had been unplugged for long', away(), reboot({ begun: 'update', gone: gone(40 * minute) }), 'intended 0.6'],
  ['a goodbye that never came, of a battery at its end', away(), reboot({ bye: 'shutdown', ...ended }), 'power-cut 0.55'],
  ['a goodbye that never came, of a battery that lasts', away(), reboot({ bye: 'shutdown', gone: gone(5 * minute) }), 'intended 0.6'],
  [
    'a goodbye that was heard while another PC of the site went dark',
    away({ cause: 'intended', confidence: 0.6 }, bye),
    reboot(),
    'intended 0.6',
  ],
  ['a new boot after a gasp', away({ cause: 'power-cut', confidence: 0.95 }), reboot(), 'power-cut 0.95'],
  ['a new boot while the site was there', away({ cause: 'pc-off', confidence: 0.8 }), reboot(), 'pc-off 0.8'],
  ['a new boot of the only PC, mains at the last mark', away(), reboot({ mains: true }), 'pc-off 0.7'],
  ['a new boot of the only PC, no battery', away(), reboot(), 'undetermined 0.5'],
  ['a new boot with many other sites', away({ cause: 'upstream' }), reboot(), 'undetermined 0.5'],
  ['a new boot that says nothing of the one before', away(), birth({ boot: 'b2' }), 'undetermined 0.5'],
  ['a new boot that says nothing, after a gasp', away({ cause: 'power-cut', confidence: 0.95 }), birth({ boot: 'b2' }), 'power-cut 0.95'],
  ['a new boot that says nothing, the site was there', away({ cause: 'pc-off', confidence: 0.8 }), birth({ boot: 'b2' }), 'pc-off 0.8'],
  [
    'a new boot, marks that went on for long after the loss',
    away(),
    reboot({ aliveAt: from + 30 * minute, mains: false }),
    'link-down 0.8',
  ],
  ['the same, and the site was there', away({ cause: 'pc-off', confidence: 0.8 }), reboot({ aliveAt: from + 30 * minute }), 'pc-off 0.9'],
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

describe('what the return says of the absence', () => {
  test.each(rows)('%s', (_, one, said, verdict) => {
    const { cause, confidence } = whyWasAway(one, said, now);
    expect(`${cause} ${confidence}`).toBe(verdict);
  });

  test('the same session that goes on is a line that stood still', () => {
    expect(whyUnheard(away({}, mainsSeen), now)).toEqual({ cause: 'link-down', confidence: 0.95 });
    expect(whyUnheard(away({ cause: 'pc-off', confidence: 0.8 }), now)).toEqual({ cause: 'pc-off', confidence: 0.9 });
  });
});

describe('when it began', () => {
  const begin = (said: Birth) => whyWasAway(away(), said, now);

  test('at the last mark, on the clock of the centre', () => {
    expect(begin(reboot())).toMatchObject({ from: from + 20 * second, aliveAt: from + 20 * second });
    expect(begin(reboot({ aliveAt: from + 3 * hour }, { at: now + 3 * hour })).from).toBe(from);
  });

  test('as it was written, where the clock lost the time with its power', () => {
    expect(begin(reboot({}, { at: 1_000 })).from).toBe(from + 20 * second);
  });

  test('at the last word, where no clock can be trusted: the mark still says how the boot ended', () => {
    expect(begin(reboot({ aliveAt: 5, mains: false }))).toMatchObject({ cause: 'power-cut', from, aliveAt: null });
    expect(begin(reboot({ aliveAt: now + hour, crashed: true }))).toMatchObject({ cause: 'crash', from, aliveAt: null });
  });

  test('a wrong clock makes no line of a power cut', () => {
    expect(begin(reboot({ aliveAt: from + 30 * minute, mains: false }, { at: now + 30 * minute }))).toMatchObject({ cause: 'power-cut' });
  });
});

describe('PCs of a site that lost their power together', () => {
  const back = (aliveAt: number | null, edit: Partial<PcRecord> = {}) => away({ to: now, aliveAt }, { presence: 'online', ...edit });
  const at = from;
  const together = (one: Away, ...others: PcRecord[]) => lostPowerTogether(one, [one, ...others])?.together ?? [];
  const ask = (...others: PcRecord[]) => together(back(at), ...others);

  test('two of two, and two of four, whose marks stand within 40 s', () => {
    expect(ask(back(at + 40 * second))).toHaveLength(2);
    expect(ask(back(at - 40 * second), back(null), back(null))).toHaveLength(2);
  });

  test('not one alone, nor two of five', () => {
    expect(together(back(at))).toEqual([]);
    expect(ask(back(at), back(null), back(null), back(null))).toEqual([]);
  });

  test('a wall switch 80 s apart was a power cut of both', () => {
    expect(ask(back(at + 80 * second))).toEqual([]);
    expect(ask(back(at + 41 * second))).toEqual([]);
  });

  test('one that lived on and lost its line at that time stands on a UPS; one whose line went later does not', () => {
    const lived = (edit: Partial<Absence>) => away({ to: now, cause: 'link-down', ...edit }, { presence: 'online' });
    expect(ask(lived({}))).toHaveLength(2);
    expect(ask(lived({ from: at + 60 * second }))).toEqual([]);
  });

  test('one that lived on and saw its mains all the time had power', () => {
    expect(ask(away({ to: now, cause: 'link-down', confidence: 0.95 }, { presence: 'online' }))).toEqual([]);
  });

  test('a power cut in an outage of the line was the cause of it', () => {
    const later = { to: now, aliveAt: goneBy + 61 * second };
    expect(together(away(later), away(later))).toEqual([]);
  });

  test('the one that lived on and is back last is told of the power too', () => {
    const lived = away({ to: now, cause: 'link-down' });
    expect(together(lived, back(at))).toHaveLength(2);
  });

  test('who was never heard or is switched off does not count for the half', () => {
    const off = back(null, { presence: 'stopped' });
    expect(ask(back(at), off, off, off, newRecord('s/a/9', 'fibre'))).toHaveLength(2);
  });

  test('that were back after 6 min were likely without power: all may have been made to start anew; not where it took 20 min, or a battery spoke', () => {
    const backAfter = (minutes: number, edit: Partial<Absence> = {}) => away({ to: from + minutes * minute, aliveAt: at, ...edit });
    const why = (one: Away, other: PcRecord) => lostPowerTogether(one, [one, other])?.why;
    expect(why(backAfter(6), backAfter(6))).toEqual({ cause: 'power-cut', confidence: 0.6 });
    expect(why(backAfter(20), backAfter(6))).toEqual({ cause: 'power-cut', confidence: 0.85 });
    expect(why(backAfter(6), backAfter(6, { cause: 'power-cut', confidence: 0.85 }))).toEqual({ cause: 'power-cut', confidence: 0.85 });
    // Nobody who starts a PC anew takes the line of another that lives on.
    expect(why(backAfter(6), backAfter(6, { cause: 'link-down', confidence: 0.8, aliveAt: null }))).toMatchObject({ confidence: 0.85 });
  });
});

describe('the power of a site and of a state', () => {
  const dark = (pc: string, of: Partial<Absence> = {}) => away({ to: now, aliveAt: from, ...of }, { pc, presence: 'online', heardAt: now });
  const there = (pc: string): PcRecord => ({ ...newRecord(pc, 'fibre'), presence: 'online', heardAt: now });
  const three = ['s/a/1', 's/b/1', 's/c/1'].map((pc) => dark(pc));
  const seen = (pc: string) => dark(pc, { cause: 'power-cut', confidence: 0.6, mainsGoneAt: from + 50 * second });
  const widely = (state: PcRecord[]) => lostPowerWidely(state[0] as Away, state)?.why.confidence;

  test('was gone for sure where a neighbour in the same room stayed', () => {
    const [one, two] = [dark('s/a/1'), dark('s/a/2')];
    expect(lostPowerTogether(one, [one, two, there('s/a/3')])).toBeNull();
    expect(lostPowerTogether(one, [one, two])?.why.confidence).toBe(0.85);
  });

  test('was gone for sure by the wall switches of three sites, of which nobody saw the mains go', () => {
    expect(widely(three)).toBe(0.55);
    expect(widely([...three, there('s/d/1'), there('s/e/1')])).toBe(0.55);
  });

  test('was gone for sure in three sites of two hundred', () => {
    const others = Array.from({ length: 200 }, (_, at) => there(`s/on${at}/1`));
    expect(widely([...three, ...others])).toBeUndefined();
    expect(widely([seen('s/x/1'), seen('s/y/1'), ...three, ...others])).toBeUndefined();
  });

  test('is likely gone where one site saw it, and sure where two did', () => {
    expect(widely([...three, seen('s/d/1')])).toBe(0.85);
    expect(widely([...three, seen('s/d/1'), seen('s/e/1')])).toBe(0.9);
  });

  test('was gone of a site where somebody stayed, which made three of two', () => {
    expect(widely([...three.slice(0, 2), dark('s/d/1'), there('s/d/2')])).toBeUndefined();
    expect(widely([...three.slice(0, 2), dark('s/d/1', { cause: 'pc-off', confidence: 0.8 })])).toBeUndefined();
  });

  test('is surely gone where two batteries of a site saw it, as of routers that died with the mains', () => {
    const lived = (pc: string) => ({ ...seen(pc), absence: { ...seen(pc).absence, aliveAt: null } });
    const [one, two] = [lived('s/a/1'), lived('s/a/2')];
    expect(lostPowerTogether(one, [one, two])?.why.confidence).toBe(0.9);
    const sites = ['a', 'b', 'c'].map((site) => lived(`s/${site}/1`));
    expect(widely(sites)).toBe(0.9);
  });

  test('was likely gone all night of two PCs on one wall switch', () => {
    const night = { from: from - 6 * hour };
    const [one, two] = [dark('s/a/1', night), dark('s/a/2', night)];
    expect(lostPowerTogether(one, [one, two])?.why.confidence).toBe(0.55);
  });
});

describe('what others say of an absence', () => {
  const { absence } = away({ confidence: 0.8 });
  const likely = { cause: 'power-cut', confidence: 0.85 } as const;

  test('made a power cut of a PC that was off alone while its neighbour stayed', () => {
    expect(weighed({ ...absence, cause: 'pc-off' }, likely)).toBeNull();
    expect(weighed({ ...absence, cause: 'link-down' }, likely)).toEqual(likely);
  });

  test('was nothing to a PC with an update, beside one that went dark without any', () => {
    const update = { ...absence, cause: 'intended', confidence: 0.9, isUpdate: true } as const;
    expect(weighed(update, likely)).toEqual(likely);
    const open = { cause: 'intended', confidence: 0.6 } as const;
    expect(weighed(update, { ...likely, confidence: 0.6 })).toEqual(open);
    expect(weighed({ ...update, ...open }, { ...likely, confidence: 0.6 })).toBeNull();
    expect(weighed({ ...absence, cause: 'intended', confidence: 0.8 }, likely)).toBeNull();
  });

  test('PCs that were all ended by updates of their own lost no power', () => {
    const updated = (pc: string) =>
      away({ to: now, aliveAt: from, cause: 'intended', confidence: 0.9, isUpdate: true }, { pc, presence: 'online' });
    const [one, two] = [updated('s/a/1'), updated('s/a/2')];
    expect(lostPowerTogether(one, [one, two])).toBeNull();
    const other = away({ to: now, aliveAt: from }, { pc: 's/a/3', presence: 'online' });
    expect(lostPowerTogether(one, [one, two, other])?.why).toEqual(likely);
  });
});

describe('PCs on one line that went together', () => {
  const back = (confidence: number, of: Partial<Absence> = {}) => away({ cause: 'upstream', confidence, to: now, ...of });

  test('had power, as the one that sees its mains says', () => {
    const [mute, seen] = [back(0.6), back(0.95)];
    const likely = { cause: 'upstream', confidence: 0.85 };
    expect(lostLineTogether(mute, [mute, seen])).toEqual({ why: likely, together: [mute, seen] });
    expect(lostLineTogether(seen, [seen, mute])).toEqual({ why: likely, together: [seen, mute] });
  });

  test('say nothing where none sees its mains, nor of those that went at another time or by another cause, are away, or may be cut off by our own line', () => {
    const [one, seen] = [back(0.6), back(0.95)];
    expect(lostLineTogether(one, [one, back(0.6)])).toBeNull();
    const others = [back(0.95, { goneBy: goneBy + hour }), back(0.95, { cause: 'link-down' }), back(0.95, { to: null })];
    expect(lostLineTogether(one, [one, ...others])).toBeNull();
    expect(lostLineTogether(back(0.55), [seen])).toBeNull();
    expect(lostLineTogether(seen, [seen, back(0.55)])?.together).toEqual([seen]);
  });
});
