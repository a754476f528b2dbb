import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { answersHealth, supervisorOf } from './health.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('who was not started by systemd tells nobody', () => {
  expect(supervisorOf({})).toBeUndefined();
  expect(supervisorOf({ NOTIFY_SOCKET: '' })).toBeUndefined();
});

test('it is ready once, says thrice within the limit of the watchdog that it lives, and not after it stops', () => {
  const told: string[] = [];
  const supervisor = supervisorOf({ NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '30000000' }, (state) => told.push(state));
  expect(told).toEqual([]);
  supervisor?.ready();
  vi.advanceTimersByTime(20_000);
  supervisor?.stopping();
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual(['READY=1', 'WATCHDOG=1', 'WATCHDOG=1', 'STOPPING=1']);
});

test('without a watchdog it says no more than that it is ready', () => {
  const told: string[] = [];
  supervisorOf({ NOTIFY_SOCKET: '@abstract' }, (state) => told.push(state))?.ready();
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual(['READY=1']);
});

test('whether it lives and is ready is answered to GET alone, with the reason where it is not', () => {
  const asked = (method: string, url: string, because?: string) => {
    const said: unknown[] = [];
    const response = { writeHead: (code: number) => ({ end: (text: string) => said.push(code, JSON.parse(text)) }) };
    return [answersHealth({ method, url }, response as unknown as ServerResponse, () => because), ...said];
  };
  expect(asked('GET', '/healthz', 'the disk is full')).toEqual([true, 200, { alive: true }]);
  expect(asked('GET', '/readyz')).toEqual([true, 200, { ready: true }]);
  expect(asked('GET', '/readyz', 'the disk is full')).toEqual([true, 503, { ready: false, because: 'the disk is full' }]);
  expect(asked('POST', '/readyz')).toEqual([false]);
  expect(asked('GET', '/metrics')).toEqual([false]);
});
