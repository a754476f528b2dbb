import { expect, test } from 'vitest';
import { type Means, supervisorOf } from './health.ts';

function scripted() {
  const told: string[] = [];
  const periods: number[] = [];
  let beat = () => {};
  const means: Means = {
    tell: (state) => told.push(state),
    every(periodMs, task) {
      periods.push(periodMs);
      beat = task;
      return () => {
        beat = () => {};
      };
    },
  };
  return { told, periods, means, beat: () => beat() };
}

test('who was not started by systemd tells nobody', () => {
  expect(supervisorOf({})).toBeUndefined();
  expect(supervisorOf({ NOTIFY_SOCKET: '' })).toBeUndefined();
});

test('it is ready once, says thrice within the limit of the watchdog that it lives, and not after it stops', () => {
  const { told, periods, means, beat } = scripted();
  const supervisor = supervisorOf({ NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '30000000' }, means);
  expect(told).toEqual([]);
  supervisor?.ready();
  expect(periods).toEqual([10_000]);
  beat();
  beat();
  supervisor?.stopping();
  beat();
  expect(told).toEqual(['READY=1', 'WATCHDOG=1', 'WATCHDOG=1', 'STOPPING=1']);
});

test('without a watchdog it says no more than that it is ready', () => {
  const { told, periods, means } = scripted();
  supervisorOf({ NOTIFY_SOCKET: '@abstract' }, means)?.ready();
  expect([told, periods]).toEqual([['READY=1'], []]);
});
