import type { RollCallRow, RollCallView, SiteView } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { toCsv } from '../../sites/csv.ts';
import { inTurn } from './api.test-helper.ts';
import { createClient } from './kit/model.ts';
import { operator } from './operator.test-helper.ts';

const { state, file, written, sabha } = operator();

test("`sabha sites import` shows the difference without --yes, and applies it with --yes under the operator's name in the audit log", async () => {
  const name = file('sites.csv', toCsv(state().table).replace('live,3524', 'live,3500'));
  const dry = await sabha(['sites', 'import', name]);
  expect(dry).toEqual({
    code: 0,
    out: '~ ladakh/leh elevation_m: "3524" becomes "3500"\n0 added, 1 changed, 6 the same, 0 not in the file (left as they are)\nnothing is changed yet: --yes does it\n',
    err: '',
  });
  expect(state().table.resolve('ladakh/leh').profile.elevationM).toBe(3_524);
  expect(await sabha(['sites', 'import', name, '--yes', '--by', 'Anil'])).toMatchObject({
    code: 0,
    out: expect.stringMatching(/\ndone\n$/),
  });
  expect(state().table.resolve('ladakh/leh').profile.elevationM).toBe(3_500);
  expect(state().who).toEqual(['Anil: sites imported']);
});

test('`sabha explain` shows nodes, recipients, each text once and the conclusion, and exits with 1 without a conclusion', async () => {
  const told = { person: 'p', channel: 'email', severity: 'major', afterMs: 900_000, text: 'Major: x\n' };
  const tells = ['Asha', 'Ravi'].map((name) => ({ ...told, name }));
  const nodes = [{ tab: '10 Faults', node: 'hold', type: 'sabha-wait', afterMs: 20_000 }];
  const found = { scope: 'ladakh/leh/vc-1', fault: 'microphone.muted', severity: 'major', holdMs: 20_000, nodes, tells, how: 'told' };
  const url = 'GET /api/explain?scope=ladakh%2Fleh&fault=microphone.muted';
  state().scripted[url] = found;
  const { code, out } = await sabha(['explain', 'ladakh/leh', 'microphone.muted']);
  expect([code, out.split('\n').slice(-5)]).toEqual([
    0,
    ['15 min  Asha  email    major', '15 min  Ravi  email    major', '', 'Major: x', ''],
  ]);
  state().scripted[url] = { ...found, tells: [], how: null };
  expect(await sabha(['explain', 'ladakh/leh', 'microphone.muted'])).toMatchObject({
    code: 1,
    out: expect.stringMatching(/tells \(0\):\n {2}none\n\nit reaches no conclude: .*\n$/),
  });
});

test('`sabha sites list` prints aligned columns, `no PC` for a site without PCs, and the number of sites in each stage', async () => {
  const row = (site: string, change: Partial<SiteView>): SiteView => ({
    site,
    state: 'ladakh',
    name: { en: site, hi: site },
    stage: 'live',
    link: 'geo',
    elevationM: 3_524,
    pcs: 2,
    readiness: 'ready',
    why: null,
    worst: null,
    open: 0,
    quietSince: null,
    ...change,
  });
  state().scripted['GET /api/sites?state=ladakh'] = [
    row('ladakh/nubra', { stage: 'planned', name: { en: 'Nubra', hi: 'नुब्रा' } }),
    row('ladakh/leh', {}),
    row('ladakh/kargil', { stage: 'commissioning', name: { en: '', hi: '' } }),
    row('ladakh/dras', { stage: 'planned', pcs: 0, readiness: 'unknown', why: { component: 'pc', fault: null, reason: 'never' } }),
  ];
  const { out } = await sabha(['sites', 'list', '--state', 'ladakh']);
  expect(out).toBe(
    [
      'SITE           NAME         STAGE          LINK  ELEVATION M  PCS  READINESS           WHY    OPEN',
      'ladakh/nubra   Nubra        planned        geo   3524         2    ready (not proven)  -      0',
      'ladakh/leh     ladakh/leh   live           geo   3524         2    ready (not proven)  -      0',
      'ladakh/kargil  -            commissioning  geo   3524         2    ready (not proven)  -      0',
      'ladakh/dras    ladakh/dras  planned        geo   3524         0    unknown             no PC  0',
      '2 planned, 1 live, 1 commissioning',
      '',
    ].join('\n'),
  );
});

test('`sabha profile` shows the origin of each value and the PCs that have another version', async () => {
  const { out } = await sabha(['profile', 'ladakh/leh/vc-2']);
  expect(out).toMatch(/\nlink +leo +ladakh\/leh\/vc-2\nelevationM +3524 +ladakh\/leh\n/);
  expect(out).toMatch(/PCs: 1; with another version than wanted: 1\nPC .*\nladakh\/leh\/vc-2 +3 +0 +never\n$/);
});

test('with a token, an action is shown under the name of the token, whatever --by says', async () => {
  state().scripted = { 'POST /api/incidents/7/acknowledge': '' };
  state().holder = 'server-cli';
  expect((await sabha(['ack', '7', '--by', 'Anil'])).out).toBe('  acknowledged  7\n  by            server-cli\n');
  state().holder = null;
});

test('`sabha incidents` lists incidents below their cause, and `sabha snooze` takes a duration or a time', async () => {
  const faults = [{ fault: 'camera.missing', device: '', name: null, severity: 'critical', since: 0, hidden: false, unknownSince: null }];
  const one = {
    id: 7,
    scope: 'ladakh/leh/vc-1',
    room: { en: 'Hall', hi: 'हॉल' },
    site: { en: 'Leh', hi: 'लेह' },
    severity: 'critical',
    openedAt: 0,
    over: null,
    acknowledged: null,
    outage: { cause: 'power-cut', confidence: 0.95, sureness: 'sure', from: 0, to: null },
    faults,
  };
  state().scripted = { 'GET /api/incidents?open=true': [one], 'POST /api/incidents/7/snooze': '' };
  expect((await sabha(['incidents', '--open'])).out).toMatch(
    /\n7 +critical +Leh, Hall +camera\.missing +1970-01-01 00:00:00 UTC +open +- +power cut\n$/,
  );
  expect((await sabha(['incidents', 'snooze', '7', '90m', '--by', 'Anil'])).out).toMatch(
    /until +1970-04-11 01:30:00 UTC\nit is quiet until then/,
  );
  await sabha(['incidents', 'snooze', '7', '1970-01-01T05:30+05:30', '--by', 'Anil']);
  expect(state().asked.slice(1)).toEqual([
    { url: '/api/incidents/7/snooze', body: { by: 'Anil', until: 100 * 86_400_000 + 5_400_000 } },
    { url: '/api/incidents/7/snooze', body: { by: 'Anil', until: 0 } },
  ]);
  const spread = { members: ['ladakh/leh'], away: ['ladakh/leh'], of: 3, path: 'ladakh' };
  const cause = { ...one, id: 9, scope: 'state:ladakh', faults: [{ ...faults[0], fault: 'outage.state' }], spread };
  state().scripted['GET /api/incidents'] = [{ ...one, parent: 9 }, cause, { ...one, id: 8, parent: 99 }];
  expect((await sabha(['incidents'])).out).toMatch(/\n9 .+outage\.state \(1 of 3\).+\n {2}7 .+\n8 /);
});

const row = (name: string, change: Partial<RollCallRow>): RollCallRow => ({
  pc: `ladakh/leh/${name}`,
  site: 'ladakh/leh',
  state: 'ladakh',
  siteName: { en: 'Leh', hi: 'लेह' },
  room: { en: `Room ${name}`, hi: name },
  after: 900,
  readiness: 'ready',
  why: null,
  heardAt: 0,
  owner: null,
  ...change,
});

function call(finishedAt: number | null, rows: RollCallRow[]): RollCallView {
  const of = (readiness: string) => rows.filter((one) => one.readiness === readiness).length;
  const answered = rows.filter(({ after }) => after !== null).length;
  const counts = { expected: rows.length, answered, ready: of('ready'), 'not-ready': of('not-ready'), unknown: of('unknown') };
  return {
    id: 'rc1',
    scope: 'ladakh',
    by: 'Anil',
    startedAt: 0,
    endsAt: 28_000,
    finishedAt,
    counts,
    states: [{ state: 'ladakh', ...counts }],
    rows,
  };
}

test('`sabha rollcall start` waits for the end, names each room that is not ready, counts a silent PC once and exits with 1', async () => {
  const silent = row('vc-3', {
    after: null,
    readiness: 'unknown',
    why: { component: 'pc', fault: null, reason: 'silent' },
    owner: 'Tashi',
  });
  const bad = row('vc-2', { readiness: 'not-ready', why: { component: 'camera', fault: 'camera.missing', reason: null }, owner: 'Tashi' });
  state().scripted['POST /api/rollcalls'] = { id: 'rc1' };
  state().scripted['GET /api/rollcalls/rc1'] = inTurn(
    call(null, [row('vc-1', { after: null, readiness: 'unknown' })]),
    call(28_000, [row('vc-1', {}), bad, silent]),
  );
  const { code, out, err } = await sabha(['rollcall', 'start', '--scope', 'ladakh', '--by', 'Anil']);
  expect(state().asked[0]).toEqual({ url: '/api/rollcalls', body: { scope: 'ladakh', by: 'Anil' } });
  expect(code).toBe(1);
  expect(err).toBe('roll call rc1 runs\n0 of 1 have answered\n');
  expect(out).toContain('counts       expected 3, answered 2, ready (not proven) 1, not-ready 1, unknown 0, silent 1\n');
  expect(out).toMatch(/vc-2 +Room vc-2 +not-ready +camera\.missing .* Tashi\n.*vc-3 +Room vc-3 +silent +pc silent .* Tashi\n$/);
});

test('`sabha rollcall start` exits with 0 if every room is ready, and with --no-wait returns at once', async () => {
  state().scripted['POST /api/rollcalls'] = { id: 'rc1' };
  state().scripted['GET /api/rollcalls/rc1'] = call(1_000, [row('vc-1', {})]);
  const { code, out } = await sabha(['rollcall', 'start', '--scope', 'all', '--wait', '--json']);
  expect([code, JSON.parse(out).counts.ready]).toEqual([0, 1]);
  expect(state().asked[0]?.body).toMatchObject({ scope: '' });
  expect(await sabha(['rollcall', 'start', '--scope', 'all', '--no-wait'])).toEqual({ code: 0, out: 'rc1\n', err: '' });
  expect((await sabha(['rollcall', 'show', 'rc1'])).out).toContain('every room is ready (not proven)');
});

test('`sabha rollcall list` counts a room without a response as silent, not as unknown', async () => {
  state().scripted['GET /api/rollcalls'] = [call(1_000, [row('vc-1', {}), row('vc-2', { after: null, readiness: 'unknown' })])];
  const times = '1970-01-01 00:00:00 UTC  1970-01-01 00:00:01 UTC';
  expect((await sabha(['rollcall', 'list'])).out).toContain(
    `rc1  ladakh  Anil  ${times}  expected 2, answered 1, ready (not proven) 1, not-ready 0, unknown 0, silent 1\n`,
  );
});

test('a roll call of a scope without rooms says that no room was called, and exits with 1', async () => {
  state().scripted['POST /api/rollcalls'] = { id: 'rc1' };
  state().scripted['GET /api/rollcalls/rc1'] = call(1_000, []);
  const { code, out } = await sabha(['rollcall', 'start', '--scope', 'ladakh']);
  expect([code, out.split('\n').slice(-2)]).toEqual([1, ['no room was called', '']]);
});

test.each<[string[], string]>([
  [['cmd', 'send-log', '--to', 'all', '--arg', 'lines'], '--arg "lines" is not KEY=VALUE'],
  [[], 'what is to be done? "sabha help" lists it'],
  [['dance'], '"dance" is not known: "sabha help" lists the commands'],
  [['sites'], 'which of: sites export, sites import, sites list, sites stage?'],
  [['sites', 'import'], 'sites import needs FILE; usage: sabha sites import FILE [--yes] [--dry-run]'],
  [['enrol-code', 'cancel', 'leh'], '"leh" is not the name of a site: write STATE/SITE, such as ladakh/leh'],
  [['sites', 'stage', 'ladakh/leh', 'done'], 'stage: expected ("planned" | "commissioning" | "live" | "closed"), found "done"'],
  [['sites', 'list', '--colour'], "Unknown option '--colour'; usage: sabha sites list [--stage STAGE] [--state STATE]"],
  [['pcs', 'show', 'ladakh'], '"ladakh" is not the name of a PC: write STATE/SITE/PC, such as ladakh/leh/vc-1'],
  [['pcs', 'token'], 'name the PCs, or a whole --scope'],
  [['revoke', 'ladakh/leh'], '"ladakh/leh" is not the name of a PC: write STATE/SITE/PC, such as ladakh/leh/vc-1'],
  [['enrol-code', 'ladakh/leh', '--uses', 'all'], '--uses needs a whole number'],
  [['ack', 'seven'], '"seven" is not the number of an incident: "sabha incidents --open" shows them'],
  [['incidents', 'snooze', '7', 'later'], '"later" is not a time: 90m, 2h, or 2027-01-15T18:30+05:30'],
  [['ack', '7', '--by', ' '], '--by needs a name'],
  [['rollcall', 'start'], 'rollcall start needs --scope; usage: sabha rollcall start --scope all|STATE|STATE/SITE [--no-wait]'],
])('the invalid call %j exits with 2 and prints one line', async (args, line) => {
  expect(await sabha(args)).toEqual({ code: 2, out: '', err: `${line}\n` });
});

test('an invalid address, a server that is not Sabha, and a refusal each print one line', async () => {
  const refused = (address: string, token?: string) => expect(createClient(() => ({ address, token })).get('/')).rejects;
  await refused('http://10.0.0.1:1880', 'a token').toThrow('SABHA_API: a token goes to another machine over https only');
  for (const token of ['sabha_a\nsabha_b', 'a\rb', 'sabha_é', 'sabha_अ'])
    await refused('https://sabha.test', token).toThrow(/^the token is not one line of ASCII: check SABHA_TOKEN$/);
  await refused('centre').toThrow('SABHA_API: "centre" is not an address such as http://127.0.0.1:1880');
  expect(await sabha(['incidents'])).toEqual({ code: 1, out: '', err: 'there is no route GET /api/incidents\n' });
  state().scripted['GET /api/incidents'] = '<html>';
  expect((await sabha(['incidents'])).err).toMatch(
    /^http:\/\/127\.0\.0\.1:\d+ is not a server of Sabha: check the address in SABHA_API\n$/,
  );
});

test('an export starts with the byte order mark that spreadsheets need', async () => {
  expect(await sabha(['sites', 'export', 'out.csv'])).toMatchObject({ code: 0, out: 'out.csv is written\n' });
  expect(written('out.csv')).toBe(toCsv(state().table));
});

test('control characters in texts of PCs or persons are removed from the output, also from JSON', async () => {
  const evil = '\u001b[2J\u009b31m\u202eRoom\r';
  const check = { component: 'camera', device: evil, status: 'fault', fault: 'camera.missing', reason: evil, since: 1 };
  const one = {
    pc: 'ladakh/leh/vc-1',
    room: { en: evil },
    why: { component: evil, fault: null, reason: evil },
    checks: [check],
    agent: evil,
  };
  state().scripted['GET /api/pcs?site=ladakh%2Fleh'] = [{ ...one, heardAt: null, calledAt: null, config: { wanted: 1, held: 1 } }];
  for (const more of [[], ['--json']]) {
    const { out } = await sabha(['pcs', 'show', 'ladakh/leh/vc-1', ...more]);
    expect(out).toContain('Room');
    expect(out).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  }
  const { out } = await sabha(['pcs', 'show', 'ladakh/leh/vc-1', '--json']);
  expect(JSON.parse(out)).toMatchObject({ agent: evil });
});
