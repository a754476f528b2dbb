import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { handleHealthRequest, supervisorOf } from './health.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('without systemd there is no supervisor', () => {
  expect(supervisorOf({})).toBeUndefined();
  expect(supervisorOf({ NOTIFY_SOCKET: '' })).toBeUndefined();
});

test('the supervisor reports ready once, and alive three times per watchdog limit until it stops', () => {
  const told: string[] = [];
  const supervisor = supervisorOf({ NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '30000000' }, (state) => told.push(state));
  expect(told).toEqual([]);
  supervisor?.ready();
  vi.advanceTimersByTime(20_000);
  supervisor?.stopping();
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual(['READY=1', 'WATCHDOG=1', 'WATCHDOG=1', 'STOPPING=1']);
});

test('without a watchdog the supervisor reports only ready', () => {
  const told: string[] = [];
  supervisorOf({ NOTIFY_SOCKET: '@abstract' }, (state) => told.push(state))?.ready();
  vi.advanceTimersByTime(60_000);
  expect(told).toEqual(['READY=1']);
});

test('the pages for liveness and readiness respond to GET only, with the reason if the part is not ready', () => {
  const asked = (method: string, url: string, because?: string) => {
    const said: unknown[] = [];
    const response = { writeHead: (code: number) => ({ end: (text: string) => said.push(code, JSON.parse(text)) }) };
    return [handleHealthRequest({ method, url }, response as unknown as ServerResponse, () => because), ...said];
  };
  expect(asked('GET', '/healthz', 'the disk is full')).toEqual([true, 200, { alive: true }]);
  expect(asked('GET', '/readyz')).toEqual([true, 200, { ready: true }]);
  expect(asked('GET', '/readyz', 'the disk is full')).toEqual([true, 503, { ready: false, because: 'the disk is full' }]);
  expect(asked('POST', '/readyz')).toEqual([false]);
  expect(asked('GET', '/metrics')).toEqual([false]);
});
