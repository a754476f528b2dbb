import { realClock } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { createRateLimitedLog, createRefuse } from './refusals.ts';

test('a client with invented names can neither flood the log nor write long lines', () => {
  const { refuse, lines, counted } = setUp();
  for (let n = 0; n < 1_000; n += 1) refuse({ action: 'connect', reason: 'unknown', who: `${n}${'x'.repeat(4_000)}` });
  expect(counted.get('connect unknown')).toBe(1_000);
  expect(lines).toHaveLength(60);
  expect(JSON.stringify(lines[0]).length).toBeLessThan(300);
});

test('repeated refusals are counted each time and logged once a minute', () => {
  const { refuse, lines, counted, pass } = setUp();
  const refused = { action: 'publish', reason: 'retain', who: 'ladakh.leh.pc-1', what: 't' } as const;
  for (let n = 0; n < 1_000; n += 1) refuse(refused);
  expect(counted.get('publish retain')).toBe(1_000);
  expect(lines).toEqual([['refused: publish, retain', refused]]);
  pass(59_999);
  refuse(refused);
  expect(lines).toHaveLength(1);
  pass(1);
  refuse(refused);
  expect(lines).toHaveLength(2);
});

function setUp() {
  let up = 0;
  const counted = new Map<string, number>();
  const lines: [string, object][] = [];
  const say = (fields: object, line: string) => void lines.push([line, fields]);
  const refuse = createRefuse(
    (action, reason) => counted.set(`${action} ${reason}`, (counted.get(`${action} ${reason}`) ?? 0) + 1),
    createRateLimitedLog({ ...realClock(), up: () => up }, { info: say, warn: say, error: say }),
  );
  return {
    refuse,
    lines,
    counted,
    pass(ms: number) {
      up += ms;
    },
  };
}
