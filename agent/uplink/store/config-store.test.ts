import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Signed } from '@sabha/contracts';
import { afterAll, expect, test } from 'vitest';
import { sealed } from '../../../test/centre-key.ts';
import { createConfigStore } from './config-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'sabha-profile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const config = (version: number): Signed => sealed({ pc: 'up/lucknow/room-1', version, profile: { link: 'geo' } });

test('the configuration store loads the last saved configuration and leaves no temporary file', () => {
  const file = join(folder, 'config.json');
  const store = createConfigStore(file);
  expect(store.load()).toEqual({ config: undefined, problem: null });
  expect([store.save(config(1)), store.save(config(2))]).toEqual([null, null]);
  expect(createConfigStore(file).load()).toEqual({ config: config(2), problem: null });
  expect(existsSync(`${file}.new`)).toBe(false);
});

test('the configuration store ignores a damaged file and reports the problem in one line', () => {
  const file = join(folder, 'bad.json');
  for (const content of ['{"signed":"{}"', '{"version":1,"profile":{"link":"geo"}}', '']) {
    writeFileSync(file, content);
    const { config: found, problem } = createConfigStore(file).load();
    expect(found).toBeUndefined();
    expect(problem).toContain('bad.json: ');
    expect(problem).not.toContain('\n');
  }
});
