import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createClockCheck, isSynchronised } from './watch.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const noon = Date.UTC(2026, 5, 1, 12);

function rig({ newestAt = noon, now = noon, synchronised = undefined as boolean | undefined } = {}) {
  const at = { now, up: 0, synchronised };
  const judge = createClockCheck({ newestAt, now: () => at.now, up: () => at.up, isSynchronised: () => at.synchronised });
  const pass = (ms: number) => {
    at.now += ms;
    at.up += ms;
    return judge();
  };
  return { at, judge, pass };
}

test('the clock check reports no fault if the clock is at most shortly behind the newest time of the ledger', () => {
  expect(rig().judge()).toBeNull();
  expect(rig({ now: noon - minuteMs }).judge()).toBeNull();
  expect(rig({ newestAt: 0 }).judge()).toBeNull();
});

test('F7 the clock check reports a clock that is behind the ledger at the start, until it is set or catches up', () => {
  const { at, judge, pass } = rig({ now: noon - 3 * hourMs });
  expect(judge()).toBe('the clock of this machine is 3 h behind the last entry of the ledger');
  expect(pass(90 * minuteMs)).toBe('the clock of this machine is 90 min behind the last entry of the ledger');
  at.now = noon + hourMs;
  expect(judge()).toBeNull();
  expect(rig({ now: 0 }).judge()).toMatch(/is \d{5} days behind/);
});

test('F7 a ledger written by a clock that was years ahead is trusted for one day only', () => {
  const { judge, pass } = rig({ newestAt: noon + 3_650 * 24 * hourMs });
  expect(judge()).toContain('3650 days behind');
  expect(pass(24 * hourMs)).toContain('behind');
  expect(pass(minuteMs)).toBeNull();
});

test('F7 the clock check accepts a clock that is set while the server runs, without a fault', () => {
  const { at, judge } = rig();
  for (const byMs of [3_650 * 24 * hourMs, -3_650 * 24 * hourMs, -hourMs]) {
    at.now += byMs;
    expect(judge()).toBeNull();
  }
});

test('a clock without time service is reported ten minutes after the start, but not if the state is unknown', () => {
  const unset = rig({ synchronised: false });
  expect(unset.pass(10 * minuteMs)).toBeNull();
  expect(unset.pass(minuteMs)).toContain('nothing sets the clock');
  unset.at.synchronised = true;
  expect(unset.judge()).toBeNull();
  expect(rig().pass(hourMs)).toBeNull();
});

test('the file of systemd-timesyncd gives the state, and without its folder the state is unknown', () => {
  const run = mkdtempSync(join(tmpdir(), 'sabha-timesync-'));
  onTestFinished(() => rmSync(run, { recursive: true }));
  const timesync = join(run, 'timesync');
  expect(isSynchronised(timesync)).toBeUndefined();
  mkdirSync(timesync);
  expect(isSynchronised(timesync)).toBe(false);
  writeFileSync(join(timesync, 'synchronized'), '');
  expect(isSynchronised(timesync)).toBe(true);
});
