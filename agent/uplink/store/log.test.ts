import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { rotatingFile, withMemory } from './log.ts';

test('withMemory passes log lines on, and keeps the last 200 as short single lines without fields', () => {
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

test('rotatingFile keeps to its size limit across restarts, keeps one earlier file, and survives a missing folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'agent.log');
  for (let line = 0; line < 25; line += 1) rotatingFile(file, 50).write(`line ${line}\n`.padStart(10));
  expect(readdirSync(folder).toSorted()).toEqual(['agent.log', 'agent.log.1']);
  expect(readFileSync(file, 'utf8').trim().split(/\n */)).toEqual(['line 20', 'line 21', 'line 22', 'line 23', 'line 24']);
  expect(readFileSync(`${file}.1`, 'utf8')).toContain('line 15\n');
  expect(() => rotatingFile(join(folder, 'missing', 'agent.log')).write('line\n')).not.toThrow();
});
