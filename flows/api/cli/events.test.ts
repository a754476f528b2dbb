import { expect, test } from 'vitest';
import { operator } from './operator.test-helper.ts';

const { state, written, sabha } = operator();
const dayMs = 86_400_000;
const asked = (from: number, to: number) => `GET /api/events?of=ladakh%2Fleh&from=${from * dayMs}&to=${to * dayMs}`;

function event(seq: number, edit: object = {}) {
  const about = { grade: 'event', boot: 'b', spool: 'a', seq, at: seq * 60_000, received: seq * 60_000 };
  return {
    time: seq * 60_000,
    pc: 'ladakh/leh/vc-1',
    kind: 'check',
    body: { component: 'camera', fault: 'camera.missing', reason: null },
    ...about,
    ...edit,
  };
}

test('what PCs said of the last day is listed, fifty lines of it, with the time of receipt', async () => {
  const events = Array.from({ length: 60 }, (_, n) => event(n + 1, n === 0 ? { received: 7_200_000 } : {}));
  state().scripted[asked(99, 100)] = { events, next: null, missing: [] };
  const { code, out } = await sabha(['events', 'ladakh/leh']);
  expect(code).toBe(0);
  expect(out).toMatch(/00:01:00 UTC {2}ladakh\/leh\/vc-1 {2}check {2}component camera, fault camera\.missing {2}1970-01-01 02:00:00 UTC\n/);
  expect(out).toMatch(/\.\.\. and 10 more \(--json shows all\)\n$/);
});

test('what is not shown is a line, in the language of whoever asks, and the answer is a no', async () => {
  const missing = ['2026-06.archive is missing: up to 9 events of ladakh/leh are not shown'];
  state().scripted[asked(0, 100)] = { events: [event(1)], next: 120_000, missing };
  const listed = await sabha(['events', 'ladakh/leh', '--since', '1970-01-01', '--until', '1970-04-10']);
  expect(listed).toMatchObject({
    code: 1,
    out: expect.stringContaining(`\n! ${missing[0]}\n! only the first 1 are shown: --since 1970-01-01T00:02:00.000Z goes on\n`),
  });
  const hindi = await sabha(['events', 'ladakh/leh', '--since', '100d', '--lang', 'hi']);
  expect(hindi.out).toMatch(
    /! 2026-06\.archive फ़ाइल नहीं है: ladakh\/leh की 9 तक घटनाएँ[^\n]*\n! सिर्फ़ पहली 1 घटनाएँ[^\n]*--since 1970-01-01T00:02:00\.000Z/,
  );
  expect(await sabha(['events', 'ladakh/leh', 'a.csv', '--since', '100d', '--csv'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('2026-06.archive'),
  });
  expect(written('a.csv')).toBe(
    '\ufeffwhen,received,pc,kind,said,grade,boot,spool,number\r\n1970-01-01T00:01:00.000Z,1970-01-01T00:01:00.000Z,ladakh/leh/vc-1,check,"{""component"":""camera"",""fault"":""camera.missing"",""reason"":null}",event,b,a,1\r\n',
  );
});
