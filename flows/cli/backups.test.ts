import { expect, test } from 'vitest';
import { operator } from './operator.test-helper.ts';

const { state, written, sabha } = operator();

test('the audit is a no where an event is missing', async () => {
  const whole = { events: 10, gaps: 0, twice: 0, integrity: 'ok', incidents: { raised: 1 } };
  state().scripted['GET /api/audit'] = whole;
  expect(await sabha(['audit'])).toMatchObject({ code: 0, out: expect.stringContaining('no event is missing') });
  for (const wrong of [{ gaps: 1 }, { altered: 1 }, { integrity: 'page 7' }, { older: '3 commits are gone' }]) {
    state().scripted['GET /api/audit'] = { ...whole, ...wrong };
    expect(await sabha(['audit'])).toMatchObject({ code: 1, out: expect.stringContaining('NOT whole') });
  }
});

test('the audit says of when the copy is that it read; --now has a new one made', async () => {
  const whole = { events: 10, gaps: 0, twice: 0, integrity: 'ok', at: 60_000 };
  Object.assign(state().scripted, { 'GET /api/audit': whole, 'GET /api/audit?now=true': { ...whole, at: 3_600_000 } });
  expect((await sabha(['audit'])).out).toContain('by the copy of 1970-01-01 00:01:00 UTC');
  expect((await sabha(['audit', '--now'])).out).toContain('by the copy of 1970-01-01 01:00:00 UTC');
});

test('S19 the audit is a no where a row of its chain is wrong, and names it; it says what the centre signed for', async () => {
  const signed = { row: 7, hash: '0123456789abcdef'.repeat(4), at: 0 };
  const chain = { rows: 9, head: { row: 9, hash: 'f'.repeat(64) }, forgotten: 2, signed, wrong: [] as string[] };
  const whole = { events: 10, gaps: 0, twice: 0, integrity: 'ok', incidents: { raised: 1 }, chain };
  state().scripted['GET /api/audit'] = whole;
  const line = '9 rows, a person taken out of 2; signed at 1970-01-01 00:00:00 UTC: row 7 0123 4567 89ab cdef';
  expect(await sabha(['audit'])).toMatchObject({ code: 0, out: expect.stringContaining(line) });
  state().scripted['GET /api/audit'] = { ...whole, chain: { ...chain, signed: null, wrong: ['row 4 is missing'] } };
  expect(await sabha(['audit'])).toMatchObject({
    code: 1,
    out: expect.stringMatching(/no head signed yet[\s\S]*! audit: row 4 is missing/),
  });
});

test('a backup is made on the central machine and copied to the file that is named; a restore says what is gone and what to look through', async () => {
  state().scripted['POST /api/backup'] = { file: '/data/a.backup', bytes: 2_048, at: 0 };
  expect((await sabha(['backup'])).out).toBe('/data/a.backup: 2 KiB, of 1970-01-01 00:00:00 UTC\n');
  expect((await sabha(['backup', 'b.backup', '--by', 'Anil'])).code).toBe(0);
  expect([written('b.backup'), state().asked.at(-1)]).toEqual(['copy of /data/a.backup', { url: '/api/backup', body: { by: 'Anil' } }]);
  expect((await sabha(['restore', 'b.backup', '--check'])).out).toBe(
    'b.backup is whole: 9 events, 2 incidents, of 1970-01-01 00:00:00 UTC\n',
  );
  expect((await sabha(['restore', 'b.backup'])).out).toMatch(/is gone[\s\S]*flows\.before[\s\S]*accounts list/);
});
