import type { Check } from '@sabha/contracts';
import { describe, expect, test } from 'vitest';
import { type EngineStage, fault, hour, minute, ok, online, pc } from './stage.test-helper.ts';

const names = Array.from({ length: 200 }, (_, at) => `part-${at}`);

describe('R27 the limit of stored changes per PC', () => {
  test('R27 above the limit each component is stored as unknown once; after an hour below the limit its current status is stored', () => {
    const stage = online();
    flip(stage, hour);
    const last = (component: string) => changes(stage).findLast((one) => one.component === component);
    for (const name of names) expect(last(name)?.status, name).toBe('gone');
    expect(last('presence')?.status).toBe('unknown');
    const before = changes(stage).length;
    stage.state(all(true));
    stage.live(hour + 2 * minute);
    expect(changes(stage).length).toBeLessThanOrEqual(before + names.length + 3);
    for (const name of names) expect(last(name)?.status, name).toBe('ok');
    expect(last('presence')?.status).toBe('online');
    stage.state(all(false));
    expect(last('part-0')?.status).toBe('fault');
  });

  test('R27 a PC whose component `link` changes its status every minute stays within the limit', () => {
    const stage = online();
    const said = (n: number) => stage.state([ok('microphone'), n % 2 === 0 ? fault('link.slow') : ok('link')]);
    for (let n = 0; n < 1_440; n += 1) {
      said(n);
      stage.pass(minute, minute);
    }
    expect(changes(stage).filter(({ component }) => component === 'link')).toHaveLength(1_440);
  });
});

/** Inverts all check results of a PC every minute. */
function flip(stage: EngineStage, forMs: number): void {
  for (let n = 0; n * minute < forMs; n += 1) {
    stage.state(all(n % 2 === 0));
    stage.pass(minute, minute);
  }
}

function all(isOk: boolean): Check[] {
  return names.map((name) => (isOk ? ok(name) : { ...fault('camera.missing'), component: name }));
}

function changes(stage: EngineStage) {
  return stage.ops.flatMap((op) => (op.op === 'change' && op.pc === pc ? [op] : []));
}
