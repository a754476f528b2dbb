import { expect, test } from 'vitest';
import { operator } from './operator.test-helper.ts';

const { state, written, sabha } = operator();

test('`sabha verify` exits with 1 if an event is missing or altered, or the ledger is damaged or lacks commits that it once had', async () => {
  const whole = { events: 10, gaps: 0, twice: 0, integrity: 'ok', incidents: { raised: 1 } };
  state().scripted['GET /api/audit'] = whole;
  expect(await sabha(['verify'])).toMatchObject({ code: 0, out: expect.stringContaining('no event is missing') });
  for (const wrong of [{ gaps: 1 }, { altered: 1 }, { integrity: 'page 7' }, { older: '3 commits are gone' }]) {
    state().scripted['GET /api/audit'] = { ...whole, ...wrong };
    expect(await sabha(['verify'])).toMatchObject({ code: 1, out: expect.stringContaining('NOT whole') });
  }
});

test('`sabha verify` lists gaps and repeats of PCs that the ledger audit names, and exits with 0 if there are no others', async () => {
  const [leh, kargil] = [
    { pc: 'ladakh/leh/hall', gaps: 512, twice: 0 },
    { pc: 'ladakh/kargil/hall', gaps: 3, twice: 40 },
  ];
  const found = { events: 10, gaps: 515, twice: 40, integrity: 'ok', incidents: { raised: 1 }, ofPcs: [leh, kargil] };
  state().scripted['GET /api/audit'] = found;
  expect(await sabha(['verify'])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/! ladakh\/leh\/hall: 512 events missing, 0 repeated\n! ladakh\/kargil\/hall: 3 .*, 40 .*\n.*is whole/),
  });
  for (const wrong of [{ gaps: 516 }, { twice: 41 }, { altered: 1 }, { older: '3 commits are gone' }]) {
    state().scripted['GET /api/audit'] = { ...found, ...wrong };
    expect(await sabha(['verify']), JSON.stringify(wrong)).toMatchObject({ code: 1, out: expect.stringContaining('NOT whole') });
  }
});

test('`sabha verify` shows when the copy of the ledger that it read was made, and --now requests a new copy', async () => {
  const whole = { events: 10, gaps: 0, twice: 0, integrity: 'ok', at: 60_000 };
  Object.assign(state().scripted, { 'GET /api/audit': whole, 'GET /api/audit?now=true': { ...whole, at: 3_600_000 } });
  expect((await sabha(['verify'])).out).toContain('by the copy of 1970-01-01 00:01:00 UTC');
  expect((await sabha(['verify', '--now'])).out).toContain('by the copy of 1970-01-01 01:00:00 UTC');
});

test('S19 `sabha verify` exits with 1, names a wrong row of the hash chain, and shows the row that the server signed', async () => {
  const signed = { row: 7, hash: '0123456789abcdef'.repeat(4), at: 0 };
  const chain = { rows: 9, head: { row: 9, hash: 'f'.repeat(64) }, forgotten: 2, signed, wrong: [] as string[] };
  const whole = { events: 10, gaps: 0, twice: 0, integrity: 'ok', incidents: { raised: 1 }, chain };
  state().scripted['GET /api/audit'] = whole;
  const line = '9 rows, a person taken out of 2; signed at 1970-01-01 00:00:00 UTC: row 7 0123 4567 89ab cdef';
  expect(await sabha(['verify'])).toMatchObject({ code: 0, out: expect.stringContaining(line) });
  state().scripted['GET /api/audit'] = { ...whole, chain: { ...chain, signed: null, wrong: ['row 4 is missing'] } };
  expect(await sabha(['verify'])).toMatchObject({
    code: 1,
    out: expect.stringMatching(/no head signed yet[\s\S]*! audit: row 4 is missing/),
  });
});

test("`sabha backup` copies the server's backup to the named file, and `sabha restore` reports what is lost and what to check", async () => {
  state().scripted['POST /api/backup'] = { file: '/data/a.backup', bytes: 2_048, at: 0 };
  expect((await sabha(['backup'])).out).toBe('  file   /data/a.backup\n  bytes  2048\n  at     1970-01-01 00:00:00 UTC\n');
  expect((await sabha(['backup', 'b.backup', '--by', 'Anil'])).code).toBe(0);
  expect([written('b.backup'), state().asked.at(-1)]).toEqual(['copy of /data/a.backup', { url: '/api/backup', body: { by: 'Anil' } }]);
  expect((await sabha(['restore', 'b.backup', '--check'])).out).toBe(
    'b.backup is whole: 9 events, 2 incidents, of 1970-01-01 00:00:00 UTC\n',
  );
  expect((await sabha(['restore', 'b.backup'])).out).toMatch(/are lost[\s\S]*flows\.before[\s\S]*accounts list/);
});

test('`sabha audit log` filters by person and time over all pages, and its CSV opens in a spreadsheet', async () => {
  const act = (id: number, what: string) => ({ id, at: id * 60_000, who: 'asha', what, about: 'incident 3' });
  const since = 70 * 86_400_000;
  Object.assign(state().scripted, {
    [`GET /api/audit/log?who=asha&since=${since}`]: { acts: [act(9, 'note')], before: 9 },
    [`GET /api/audit/log?who=asha&since=${since}&before=9`]: { acts: [act(4, 'acknowledge')], before: null },
    'GET /api/audit/log?of=machines': { acts: Array.from({ length: 60 }, (_, n) => act(n + 1, 'outage')), before: null },
    'GET /api/audit/log.csv?': 'row,at\r\n',
  });
  const listed = await sabha(['audit', 'log', '--who', 'asha', '--since', '30d']);
  expect([listed.code, listed.out]).toEqual([
    0,
    expect.stringMatching(/1970-01-01 00:09:00 UTC +9 +asha +note +incident 3\n.* 4 +asha +acknowledge/),
  ]);
  expect((await sabha(['audit', 'log', '--machines'])).out).toContain('... and 10 more');
  expect((await sabha(['audit', 'log', '--csv'])).out).toBe('row,at\n');
  expect(await sabha(['audit', 'log', '--csv', 'a.csv'])).toMatchObject({ code: 0 });
  expect(written('a.csv')).toBe('\ufeffrow,at\r\n');
  expect(await sabha(['audit', 'log', '--since', 'lately'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('--since lately: a day'),
  });
  await sabha(['audit', 'log', '--since', '1970-01-02', '--who', 'asha']);
  expect(state().asked.at(-1)?.url).toBe('/api/audit/log?who=asha&since=86400000');
});

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

test('`sabha events` lists the last day, at most 50 lines, with the time of receipt', async () => {
  const events = Array.from({ length: 60 }, (_, n) => event(n + 1, n === 0 ? { received: 7_200_000 } : {}));
  state().scripted[asked(99, 100)] = { events, next: null, missing: [] };
  const { code, out } = await sabha(['events', 'ladakh/leh']);
  expect(code).toBe(0);
  expect(out).toMatch(/00:01:00 UTC {2}ladakh\/leh\/vc-1 {2}check {2}component camera, fault camera\.missing {2}1970-01-01 02:00:00 UTC\n/);
  expect(out).toMatch(/\.\.\. and 10 more \(--json shows all\)\n$/);
});

test("`sabha events` exits with 1 and says in the reader's language what is not shown", async () => {
  const missing = ['2026-06.archive is missing: up to 9 events of ladakh/leh are not shown'];
  state().scripted[asked(0, 100)] = { events: [event(1)], next: 120_000, missing };
  const listed = await sabha(['events', 'ladakh/leh', '--since', '1970-01-01', '--until', '1970-04-10']);
  expect(listed).toMatchObject({
    code: 1,
    out: expect.stringContaining(`\n! ${missing[0]}\n! only the first 1 are shown: --since 1970-01-01T00:02:00.000Z shows more\n`),
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
