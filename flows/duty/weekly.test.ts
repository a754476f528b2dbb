import { expect, onTestFinished, test } from 'vitest';
import type { RosterCheck } from '#contracts';
import { testClock } from '../people/people.test-helper.ts';
import { createRoster } from '../people/roster.ts';
import type { Op } from '../records/ops.ts';
import { member } from '../roster/roster.test-helper.ts';
import { mondayAfter, startWeekly, type WeeklyOptions } from './weekly.ts';

const hour = 3_600_000;
const day = 24 * hour;
/** 10:00 in India on a Monday. */
const monday = Date.UTC(2027, 0, 18, 4, 30);
const well = { places: [], gaps: [], untold: [], unreached: [], unproven: [] };
const gap = (scope: string, from: number): RosterCheck['gaps'][number] => {
  return { scope, from, to: from + 15 * hour, by: 'nobody', persons: [], reached: false };
};

type Found = Pick<RosterCheck, 'gaps' | 'untold'>;
type Setting = Partial<WeeklyOptions> & { found?: Record<string, Found>; weakly?: ReturnType<WeeklyOptions['weak']> };

function rig({ found = {}, weakly = { unreached: [], unproven: [], shared: [] }, ...changes }: Setting = {}) {
  const clock = testClock(monday - day);
  const written: Op[] = [];
  const roster = createRoster([]);
  const officer = (id: string, scope: string, language: 'hi' | 'en') => member(id, { roles: ['state'], scopes: [scope], language });
  const central = member('devi', { roles: ['central'], scopes: [''] });
  roster.use([officer('chand', 'ladakh', 'hi'), officer('esha', 'goa', 'en'), member('asha'), central]);
  const stop = startWeekly({
    clock,
    now: clock.now,
    toldAt: String(monday - 7 * day),
    states: () => ['goa', 'ladakh'],
    check: async ({ scope }) => ({ from: 0, to: 0, ...well, ...found[scope] }),
    weak: () => weakly,
    roster,
    place: (scope) => ({
      site: { en: scope, hi: scope === 'ladakh/leh/vc-1' ? 'लेह' : '' },
      room: { en: '', hi: '' },
      timeZone: 'Asia/Kolkata',
    }),
    word: (person, lines) => ({ op: 'meta', key: person, value: lines.join('\n') }),
    pause: async () => {},
    async record(ops) {
      written.push(...ops);
      return true;
    },
    log: { error: (_fields, line) => expect.fail(line) },
    ...changes,
  });
  onTestFinished(stop);
  const told = () => written.flatMap((op) => (op.op === 'meta' && op.key !== 'roster.weekly' ? [`${op.key}: ${op.value}`] : []));
  const weeks = () => written.filter((op) => op.op === 'meta' && op.key === 'roster.weekly').length;
  return { clock, written, told, weeks };
}

test('on Monday morning each state’s officer hears in one message, in the officer’s words, what the roster lacks there', async () => {
  const found = {
    ladakh: { gaps: [gap('ladakh/leh/vc-1', monday), gap('ladakh/leh/vc-1', monday + day)], untold: ['ladakh/nubra/vc-1'] },
    goa: { gaps: [gap('goa/panaji/vc-1', monday), gap('goa/margao/vc-1', monday)], untold: [] },
  };
  const { clock, told } = rig({ found });
  await clock.pass(day - hour);
  expect(told()).toEqual([]);
  await clock.pass(2 * hour);
  expect(told()).toEqual([
    'esha: roster_lacks\ngoa/panaji/vc-1 and 1 more: nobody can be reached for 15 h, first on 18 Jan, 10:00',
    'chand: roster_lacks\nलेह: 30 घंटे कोई नहीं मिलेगा, पहली बार 18 जनवरी, 10:00\nladakh/nubra/vc-1: अलर्ट किसी को नहीं जाता',
  ]);
});

test('persons are told of to the officer of their state; those of the whole tree to central', async () => {
  const weakly = {
    unreached: ['devi'],
    unproven: [
      { person: 'asha', channel: 'email', at: null },
      { person: 'esha', channel: 'sms', at: monday },
    ],
    shared: [],
  };
  const { clock, told } = rig({ weakly });
  await clock.pass(day + hour);
  expect(told().toSorted()).toEqual([
    'chand: roster_lacks\nasha: चैनल अभी तक जाँचा नहीं गया',
    'devi: roster_lacks\ndevi: no channel',
    'esha: roster_lacks\nesha: last tried on 18 Jan',
  ]);
});

test('one phone number that stands with several persons was no finding: the officer of each of them hears it, in one line', async () => {
  const many = ['asha', 'esha', ...Array.from({ length: 30 }, (_, n) => `person-${n}`)];
  const { clock, told } = rig({ weakly: { unreached: [], unproven: [], shared: [['asha', 'chand'], many] } });
  await clock.pass(day + hour);
  expect(told().toSorted()).toEqual([
    expect.stringMatching(
      /^chand: roster_lacks\nasha; chand: इन सबका फ़ोन नंबर एक ही है\nasha; esha; person-0; .*\d: इन सबका फ़ोन नंबर एक ही है$/,
    ),
    expect.stringContaining('devi: '),
    expect.stringMatching(/^esha: roster_lacks\nasha; esha; .*; and \d+ more: one phone number for all of them$/),
  ]);
});

test('where all is well nobody hears anything, and the week is done with', async () => {
  const { clock, told, weeks } = rig();
  await clock.pass(6 * day);
  expect([told(), weeks()]).toEqual([[], 1]);
  await clock.pass(2 * day);
  expect(weeks()).toBe(2);
});

test('a week is told once: its messages and the word that they were told are one commit, which is tried again until the ledger takes it', async () => {
  const commits: (readonly Op[])[] = [];
  let takes = false;
  const found = { goa: { gaps: [gap('goa/panaji/vc-1', monday)], untold: [] } };
  const record = async (ops: readonly Op[]) => {
    commits.push(ops);
    return takes;
  };
  const { clock } = rig({ found, record });
  await clock.pass(day + hour);
  expect(commits.length).toBeGreaterThan(2);
  takes = true;
  await clock.pass(hour);
  const count = commits.length;
  expect(commits.at(-1)).toHaveLength(2);
  await clock.pass(day);
  expect(commits).toHaveLength(count);
});

test('while the tabs do not run it waits; a new ledger, and one whose clock was ahead, begin with the week that comes', async () => {
  let running = false;
  const found = { from: 0, to: 0, ...well, gaps: [gap('goa/panaji/vc-1', monday)] };
  const waiting = rig({ check: async () => (running ? found : undefined) });
  await waiting.clock.pass(day + hour);
  expect(waiting.written).toEqual([]);
  running = true;
  await waiting.clock.pass(hour);
  expect(waiting.weeks()).toBe(1);
  for (const toldAt of [undefined, String(monday + 700 * day)]) {
    const { clock, told, written } = rig({ toldAt, check: async () => found });
    await clock.pass(hour);
    expect([told(), written.length]).toEqual([[], 1]);
    await clock.pass(day);
    expect(told()).toHaveLength(2);
  }
});

test('it rests nine times as long as it works, and ends where it is ended', async () => {
  const { clock } = rig({
    states: () => ['goa'],
    async check({ pause = async () => {} }) {
      clock.stall(100);
      const began = clock.up();
      await pause();
      rested.push(clock.up() - began);
      return { from: 0, to: 0, ...well };
    },
  });
  const rested: number[] = [];
  await clock.pass(day + hour);
  expect(rested).toEqual([900]);
});

test('the Monday morning is that of the clock on the wall', () => {
  expect([monday - 1, monday, monday + 3 * day].map((at) => mondayAfter(at, 'Asia/Kolkata') - monday)).toEqual([0, 7 * day, 7 * day]);
});
