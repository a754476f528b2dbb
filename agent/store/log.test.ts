import { pino } from 'pino';
import { expect, test } from 'vitest';
import { lineLog, withMemory } from './log.ts';

test('it writes on, and remembers the last lines without their fields, each of them one short line', () => {
  const written: unknown[] = [];
  const write = (fields: object, line: string) => written.push([fields, line]);
  const log = withMemory({ info: write, warn: write }, { now: () => 0 });
  for (let n = 0; n < 250; n += 1) log.info({ secret: 'no' }, `line ${n}`);
  log.warn({}, `evil\n\u001b[2J${'x'.repeat(500)}`);
  expect(written).toHaveLength(251);
  expect(log.last(3).slice(0, 2)).toEqual(['1970-01-01T00:00:00.000Z info line 248', '1970-01-01T00:00:00.000Z info line 249']);
  expect(log.last(1)[0]).toMatch(/^1970-01-01T00:00:00\.000Z warn evil \[2Jx{100,}$/);
  expect(log.last(1)[0]).toHaveLength(200);
  expect(log.last(1_000)).toHaveLength(200);
});

test('lines without pino are those of pino', () => {
  const said = { pino: [] as string[], ours: [] as string[] };
  const now = () => 1_790_000_000_000;
  const write = (lines: string[]) => ({ write: (line: string) => void lines.push(line) });
  const logs = [
    pino({ base: { part: 'room' }, timestamp: () => `,"time":${now()}` }, write(said.pino)),
    lineLog('room', { now, ...write(said.ours) }),
  ];
  for (const log of logs) {
    log.info({}, 'ready');
    log.warn({ probe: 'camera' }, 'the probe "fails": सभा');
  }
  expect(said.ours).toHaveLength(2);
  expect(said.ours).toEqual(said.pino);
});
