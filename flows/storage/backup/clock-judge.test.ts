import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createClockJudge, isSynchronised } from './watch.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const noon = Date.UTC(2026, 5, 1, 12);

function rig({ newestAt = noon, now = noon, synchronised = undefined as boolean | undefined } = {}) {
  const at = { now, up: 0, synchronised };
  const judge = createClockJudge({ newestAt, now: () => at.now, up: () => at.up, isSynchronised: () => at.synchronised });
  const pass = (ms: number) => {
    at.now += ms;
    at.up += ms;
    return judge();
  };
  return { at, judge, pass };
}

test('a clock that goes on from what the ledger knows is right, and so is one that is a little behind', () => {
  expect(rig().judge()).toBeNull();
  expect(rig({ now: noon - minuteMs }).judge()).toBeNull();
  expect(rig({ newestAt: 0 }).judge()).toBeNull();
});

test('F7 a clock that starts behind what the ledger has written is named, until it is set or the time has come', () => {
  const { at, judge, pass } = rig({ now: noon - 3 * hourMs });
  expect(judge()).toBe('the clock of this machine is 3 h behind what the ledger has written already');
  expect(pass(90 * minuteMs)).toBe('the clock of this machine is 90 min behind what the ledger has written already');
  at.now = noon + hourMs;
  expect(judge()).toBeNull();
  expect(rig({ now: 0 }).judge()).toMatch(/is \d{5} days behind/);
});

test('F7 what a clock has written that was years ahead is believed no longer than a day', () => {
  const { judge, pass } = rig({ newestAt: noon + 3_650 * 24 * hourMs });
  expect(judge()).toContain('3650 days behind');
  expect(pass(24 * hourMs)).toContain('behind');
  expect(pass(minuteMs)).toBeNull();
});

test('F7 a clock that is set while the centre runs is followed, and not judged', () => {
  const { at, judge } = rig();
  for (const byMs of [3_650 * 24 * hourMs, -3_650 * 24 * hourMs, -hourMs]) {
    at.now += byMs;
    expect(judge()).toBeNull();
  }
});

test('a clock that nothing sets is named ten minutes after the start, and not where nobody can say', () => {
  const unset = rig({ synchronised: false });
  expect(unset.pass(10 * minuteMs)).toBeNull();
  expect(unset.pass(minuteMs)).toContain('nothing sets the clock');
  unset.at.synchronised = true;
  expect(unset.judge()).toBeNull();
  expect(rig().pass(hourMs)).toBeNull();
});

test('systemd-timesyncd says it by a file; where it does not run nothing is known', () => {
  const run = mkdtempSync(join(tmpdir(), 'sabha-timesync-'));
  onTestFinished(() => rmSync(run, { recursive: true }));
  const timesync = join(run, 'timesync');
  expect(isSynchronised(timesync)).toBeUndefined();
  mkdirSync(timesync);
  expect(isSynchronised(timesync)).toBe(false);
  writeFileSync(join(timesync, 'synchronized'), '');
  expect(isSynchronised(timesync)).toBe(true);
});
