import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faultIds } from '@sabha/contracts';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { LedgerError } from '../storage/ledger/poison.ts';
import { openTestApi } from './routes.test-helper.ts';
import { microphoneGone, type ScriptedView, scriptedView, wellSite } from './scripted-view.test-helper.ts';
import type { Api, ApiOptions } from './server.ts';

let wallDir: string;
let view: ScriptedView;
let api: Api;
const logged: string[] = [];
const importMap = '{"imports":{"preact":"/modules/preact.js"}}';

beforeAll(async () => {
  wallDir = await mkdtemp(join(tmpdir(), 'sabha-wall-'));
  await writeFile(join(wallDir, 'index.html'), `<!doctype html><script type="importmap">${importMap}</script>`);
  view = scriptedView();
  api = await start();
});
beforeEach(() => {
  view.state = { ...scriptedView().state, incidents: [microphoneGone(Date.now())] };
  view.because = undefined;
});
afterAll(async () => {
  await api.close();
  await rm(wallDir, { recursive: true });
});

function start(edit: Partial<ApiOptions> = {}): Promise<Api> {
  const log = {
    warn: (...words: unknown[]) => logged.push(JSON.stringify(words)),
    error: (...words: unknown[]) => logged.push(String(words[1])),
  };
  return openTestApi({ view, wallDir, log, ...edit });
}

const url = (path: string) => `http://127.0.0.1:${api.port}${path}`;
const get = (path: string, headers: Record<string, string> = {}) => fetch(url(path), { headers });
const post = (path: string, body: unknown, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
  fetch(url(path), { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) });

async function refusal(answer: Promise<Response>): Promise<[number, string]> {
  const response = await answer;
  const body = (await response.json()) as { error: string };
  expect(['error', 'code', 'about']).toEqual(expect.arrayContaining(Object.keys(body)));
  expect(body.error).not.toContain('\n');
  return [response.status, body.error];
}

/** Sends headers that fetch forbids, such as a foreign Host. */
async function raw(headers: Record<string, string>, path = '/api/snapshot'): Promise<number | undefined> {
  const asked = httpRequest({ host: '127.0.0.1', port: api.port, path, headers }).end();
  const [response] = await once(asked, 'response');
  response.resume();
  return response.statusCode;
}

test('healthz returns 200 while the process runs, and readyz returns 503 with the reason while the view is not ready', async () => {
  expect((await get('/healthz')).status).toBe(200);
  expect((await get('/readyz')).status).toBe(200);
  view.because = 'the disk is full';
  const waiting = await get('/readyz');
  expect([waiting.status, await waiting.json()]).toEqual([503, { ready: false, because: 'the disk is full' }]);
  expect((await get('/healthz')).status).toBe(200);
});

test('the view is read whole or in parts; PCs are included only on request, and notes only with a single incident', async () => {
  const read = async (path: string) => (await get(path)).json();
  expect(await read('/api/snapshot')).toMatchObject({ subscribed: true, pcs: [], incidents: [{ id: 7 }], rollcall: null });
  for (const choice of ['all', 'ladakh/leh']) {
    expect(await read(`/api/snapshot?pcs=${choice}`)).toMatchObject({ pcs: [{ pc: 'ladakh/leh/vc-1' }] });
  }
  expect(await read('/api/pcs')).toEqual(view.state.pcs);
  expect(await read('/api/pcs?site=goa/panaji')).toEqual([]);
  expect(await read('/api/incidents/7')).toEqual(view.state.incidents[0]);
  expect(Object.keys((await read('/api/incidents'))[0])).not.toContain('notes');
  expect(await read('/api/audit')).toMatchObject({ gaps: 0, integrity: 'ok' });
  expect(await refusal(get('/api/snapshot?pcs=leh'))).toEqual([400, expect.stringMatching(/^pcs: .*found "leh"/)]);
});

test('sites are filtered by stage and state, and one site is returned in full with its history', async () => {
  view.state.sites.push(wellSite({ site: 'goa/panaji', state: 'goa', stage: 'planned' }));
  const sites = async (query: string) => ((await (await get(`/api/sites${query}`)).json()) as { site: string }[]).map(({ site }) => site);
  expect(await sites('')).toEqual(['ladakh/leh', 'goa/panaji']);
  expect(await sites('?stage=planned')).toEqual(['goa/panaji']);
  expect(await sites('?state=ladakh')).toEqual(['ladakh/leh']);
  expect(await sites('?state=ladakh&stage=planned')).toEqual([]);
  expect((await refusal(get('/api/sites?stage=old')))[0]).toBe(400);
  expect(await (await get('/api/sites/ladakh/leh')).json()).toMatchObject({ site: { site: 'ladakh/leh' }, facts: { isp: 'BSNL' } });
  const day = (await (await get('/api/sites/ladakh/leh/history?hours=2')).json()) as { from: number; to: number; pcs: unknown[] };
  expect([Math.round((day.to - day.from) / 60_000), day.pcs.length]).toEqual([120, 1]);
  for (const path of ['/api/sites/ladakh/nowhere', '/api/sites/ladakh/nowhere/history']) {
    expect(await refusal(get(path))).toEqual([404, 'there is no such site']);
  }
  expect((await refusal(get('/api/sites/ladakh/leh/history?hours=9999')))[0]).toBe(400);
});

test('a valid command is issued, and an invalid command is refused in one line', async () => {
  const issue = (edit: object) => post('/api/commands', { to: 'ladakh/leh', verb: 'probe-now', by: 'Asha', ...edit });
  const done = await issue({ args: { lines: 3, name: 'x' } });
  expect([done.status, await done.json()]).toEqual([201, { id: 'command-1' }]);
  expect((await issue({ to: '' })).status).toBe(201);
  expect((await issue({ to: 'ladakh/leh/vc-1' })).status).toBe(201);
  expect(await refusal(issue({ to: 'goa' }))).toEqual([404, 'there is no goa']);
  for (const edit of [{ verb: 'format-disk' }, { verb: 'constructor' }, { to: 'ladakh/all' }, { to: 'a/b/c/d' }, { to: '+' }, { by: '' }]) {
    expect((await refusal(issue(edit)))[0], JSON.stringify(edit)).toBe(400);
  }
  expect(await refusal(issue({ args: { deep: {} } }))).toEqual([400, expect.stringMatching(/^args\.deep: expected /)]);
  expect(await (await get('/api/commands')).json()).toEqual([]);
  expect(await refusal(get('/api/commands/none'))).toEqual([404, 'there is no such command']);
});

test('a roll call is started, listed, shown and exported as a table', async () => {
  const start = (scope: string) => post('/api/rollcalls', { scope, by: 'Asha' });
  const started = await start('ladakh');
  expect([started.status, await started.json()]).toEqual([201, { id: 'call-1' }]);
  expect(await refusal(start('kerala'))).toEqual([404, 'there is no such scope']);
  expect((await refusal(start('a/b/c')))[0]).toBe(400);
  expect(await refusal(get('/api/rollcalls/call-1'))).toEqual([404, 'there is no such roll call']);
  const counts = { expected: 0, answered: 0, ready: 0, 'not-ready': 0, unknown: 0 };
  view.called = [{ id: 'call-1', scope: '', by: 'Asha', startedAt: 0, endsAt: 9, finishedAt: 5, counts, states: [], rows: [] }];
  expect(await (await get('/api/rollcalls')).json()).toMatchObject([{ id: 'call-1', finishedAt: 5 }]);
  expect(await (await get('/api/rollcalls/call-1')).json()).toEqual(view.called[0]);
  const table = await get('/api/rollcalls/call-1/table.csv');
  expect(table.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(table.headers.get('content-disposition')).toBe('attachment; filename="roll-call-nation-1970-01-01-0530.csv"');
  expect(await table.text()).toMatch(/^state,site,site_name,room,pc,answer_after_s,/);
});

test('GET /api/words returns the title of every fault in both languages', async () => {
  const packed = await get('/api/words', { 'accept-encoding': 'gzip' });
  expect(packed.headers.get('content-encoding')).toBe('gzip');
  expect((await get('/api/words', { 'if-none-match': packed.headers.get('etag') ?? '' })).status).toBe(304);
  const { faults } = (await (await get('/api/words')).json()) as { faults: Record<string, { title: Record<string, string> }> };
  expect(Object.keys(faults)).toEqual(faultIds);
  expect(faults['microphone.missing']?.title).toEqual({ en: 'Microphone not found', hi: 'माइक नहीं मिल रहा' });
});

test('an action while the disk is full returns 503, the reason and a code', async () => {
  const { act } = view;
  onTestFinished(() => void Object.assign(view, { act }));
  view.act = () => Promise.reject(new Error('the ledger did not store it'));
  view.because = 'the disk is full: the ledger stored nothing';
  expect(await refusal(post('/api/incidents/7/acknowledge', { by: 'Asha' }))).toEqual([
    503,
    'the server cannot do this now: the disk is full: the ledger stored nothing',
  ]);
  // The wall translates the code into the reader's language.
  expect(await (await post('/api/incidents/7/acknowledge', { by: 'Asha' })).json()).toMatchObject({ code: 'unready' });
});

test.each([
  ['the ledger', new LedgerError('full', 'ledger: database or disk is full'), 'the disk stores nothing: ledger: database or disk is full'],
  ['a file', Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }), 'the disk stores nothing: ENOSPC'],
])('an action that %s refuses because the disk is full returns the reason, even before readiness reports it', async (_, error, line) => {
  const { act } = view;
  onTestFinished(() => void Object.assign(view, { act }));
  view.act = () => Promise.reject(error);
  expect(await refusal(post('/api/incidents/7/note', { by: 'Asha', text: 'x' }))).toEqual([503, `the server cannot do this now: ${line}`]);
});

test('acknowledging an incident that another person acknowledged returns 409 with that name, and takeOver reassigns it', async () => {
  const path = '/api/incidents/7/acknowledge';
  await post(path, { by: 'Asha' });
  expect(await refusal(post(path, { by: 'Meera' }))).toEqual([
    409,
    expect.stringMatching(/^Asha has it since \d\d:\d\d UTC: "takeOver" takes it over$/),
  ]);
  expect(view.incident(7)).toMatchObject({ acknowledged: { by: 'Asha' } });
  expect((await post(path, { by: 'Asha' })).status).toBe(204);
  expect((await post(path, { by: 'Meera', takeOver: true })).status).toBe(204);
  expect(view.incident(7)).toMatchObject({ acknowledged: { by: 'Meera' } });
});

test('an acknowledgement is withdrawn by its author only', async () => {
  await post('/api/incidents/7/acknowledge', { by: 'Asha' });
  expect(await refusal(post('/api/incidents/7/withdraw', { by: 'Meera' }))).toEqual([
    409,
    'only the person who acknowledged it can take that back, within 15 seconds',
  ]);
  expect((await post('/api/incidents/7/withdraw', { by: 'Asha' })).status).toBe(204);
  expect(view.incident(7)?.acknowledged).toBeNull();
});

test('a refusal of the API carries a code beside its line, so that a page can translate the refusal', async () => {
  const body = async (path: string, said: object) => (await post(path, said)).json();
  await post('/api/incidents/7/acknowledge', { by: 'Asha' });
  const at = view.incident(7)?.acknowledged?.at;
  expect(await body('/api/incidents/7/acknowledge', { by: 'Meera' })).toMatchObject({ code: 'taken', about: { by: 'Asha', at } });
  expect(await body('/api/incidents/9/acknowledge', { by: 'Asha' })).toEqual({ error: 'there is no such incident', code: 'missing' });
  expect(await body('/api/incidents/7/acknowledge', { by: '' })).toMatchObject({ code: 'invalid' });
  expect(await body('/api/incidents/7/assign', { by: 'Asha', to: 'nobody' })).toMatchObject({ code: 'nobody' });
  expect(await body('/api/rollcalls', { by: 'Asha', scope: 'goa' })).toMatchObject({ code: 'missing' });
});

test('fixed, assign and snooze reach the view, and an unknown person or an invalid time returns 422', async () => {
  const until = Date.now() + 3_600_000;
  expect((await post('/api/incidents/7/fixed', { by: 'Asha' })).status).toBe(204);
  expect((await post('/api/incidents/7/assign', { by: 'Meera', to: 'tashi' })).status).toBe(204);
  expect((await post('/api/incidents/7/snooze', { by: 'Asha', until })).status).toBe(204);
  expect(view.incident(7)).toMatchObject({ fixed: { by: 'Asha' }, assigned: { by: 'Meera', to: 'tashi' }, snoozed: { by: 'Asha', until } });
  expect(await refusal(post('/api/incidents/7/assign', { by: 'Meera', to: 'nobody' }))).toEqual([
    422,
    'there is no such person in the roster, or several of that name: give the id',
  ]);
  expect(await refusal(post('/api/incidents/7/snooze', { by: 'Asha', until: 1 }))).toEqual([
    422,
    'an incident can be quiet until a later time, at most 24 hours ahead',
  ]);
  expect((await refusal(post('/api/incidents/7/snooze', { by: 'Asha', until: 'tomorrow' })))[0]).toBe(400);
  expect((await refusal(post('/api/incidents/9/fixed', { by: 'Asha' })))[0]).toBe(404);
});

test('an unknown incident returns 404, and an ended incident returns 409', async () => {
  expect(await refusal(post('/api/incidents/9/acknowledge', { by: 'Asha' }))).toEqual([404, 'there is no such incident']);
  expect(await refusal(get('/api/incidents/9'))).toEqual([404, 'there is no such incident']);
  view.state.incidents = [microphoneGone(Date.now(), { overAt: Date.now(), over: 'cleared' })];
  expect(await refusal(post('/api/incidents/7/note', { by: 'Asha', text: 'x' }))).toEqual([409, 'this incident is over']);
});

test('an invalid body is refused in one line and changes nothing', async () => {
  const wrong: [unknown, RegExp][] = [
    [{}, /^by: expected string|^by: expected "by"/],
    [{ by: '   ' }, /^by: expected a length >=1/],
    [{ by: 'a\nb' }, /^by: /],
    [{ by: 'x'.repeat(81) }, /^by: expected a length <=80/],
    [{ by: 'Asha', admin: true }, /^admin: this key is not known/],
    ['{', /^the body is not JSON/],
    ['', /^the body is empty/],
    ['{"by":"Asha","__proto__":{"x":1}}', /./],
  ];
  for (const [body, line] of wrong) {
    const [status, error] = await refusal(post('/api/incidents/7/acknowledge', body));
    expect([status, error]).toEqual([400, expect.stringMatching(line)]);
  }
  expect((await refusal(post('/api/incidents/7/note', { by: 'Asha', text: 'x'.repeat(501) })))[0]).toBe(400);
  expect((await refusal(post('/api/incidents/-1/note', { by: 'Asha', text: 'x' })))[0]).toBe(400);
  expect(view.incident(7)).toMatchObject({ acknowledged: null, notes: [] });
});

test('a body over 4 KB returns 413, and a content type other than JSON returns 415', async () => {
  expect(await refusal(post('/api/incidents/7/note', { by: 'Asha', text: 'x'.repeat(4096) }))).toEqual([
    413,
    'the body is larger than 4096 bytes',
  ]);
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp']) {
    const [status, line] = await refusal(post('/api/incidents/7/acknowledge', '{"by":"Eve"}', { 'content-type': type }));
    expect([status, line]).toEqual([415, 'a POST must be application/json']);
  }
  expect(view.incident(7)?.acknowledged).toBeNull();
});

test('a foreign Host is refused, which blocks DNS rebinding', async () => {
  const port = api.port;
  for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1', `127.0.0.1:${port + 1}`, `localhost.evil.example:${port}`]) {
    expect([host, await raw({ host })]).toEqual([host, 403]);
  }
  for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`]) expect([host, await raw({ host })]).toEqual([host, 200]);
  expect(await raw({ host: 'evil.example' }, '/')).toBe(403);
  expect(await raw({ host: 'evil.example' }, '/api/stream')).toBe(403);
});

test("a foreign Origin is refused, and the server's own is accepted", async () => {
  const json = { 'content-type': 'application/json' };
  for (const origin of ['http://evil.example', 'null', `https://127.0.0.1:${api.port}`, 'http://127.0.0.1:1']) {
    expect(await refusal(post('/api/incidents/7/acknowledge', { by: 'Eve' }, { ...json, origin }))).toEqual([
      403,
      `the Origin "${origin}" is not this server`,
    ]);
  }
  expect(view.incident(7)?.acknowledged).toBeNull();
  expect((await post('/api/incidents/7/acknowledge', { by: 'Asha' }, { ...json, origin: `http://localhost:${api.port}` })).status).toBe(
    204,
  );
});

test('every response carries the security headers, also refusals and pages', async () => {
  for (const path of ['/', '/api/snapshot', '/nothing', '/%zz', '/api/incidents/x']) {
    const { headers } = await get(path);
    const policy = headers.get('content-security-policy') ?? '';
    expect([path, policy]).toEqual([path, expect.stringContaining("frame-ancestors 'none'")]);
    expect(policy).toMatch(/^default-src 'none'; script-src 'self' 'sha256-[A-Za-z0-9+/]{43}='; style-src 'self';/);
    expect(policy).not.toContain('unsafe');
    expect([headers.get('x-content-type-options'), headers.get('referrer-policy')]).toEqual(['nosniff', 'no-referrer']);
  }
});

test('an exception in the view returns 500 without internal details, and the log has the error', async () => {
  const broken = {
    ...view,
    snapshot: () => {
      throw new Error('secret path /var/x');
    },
  };
  const other = await start({ view: broken });
  const answer = await fetch(`http://127.0.0.1:${other.port}/api/snapshot`);
  expect([answer.status, await answer.json()]).toEqual([500, { error: 'the server could not do this; its log says why', code: 'failed' }]);
  expect(logged).toContain('a request failed');
  await other.close();
});

test('a port in use and a missing folder each reject with one line', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as AddressInfo;
  const listeners = view.listeners();
  await expect(start({ port })).rejects.toThrow(
    `API: port ${port} on 127.0.0.1 is in use; stop the other program or set ports.api in sabha.json`,
  );
  expect(view.listeners()).toBe(listeners);
  holder.close();
  await expect(start({ wallDir: join(wallDir, 'gone') })).rejects.toThrow(/^API: cannot read the wall's files: ENOENT/);
  await expect(start({ modulesDir: wallDir })).rejects.toThrow(/^API: cannot read a file of the wall: ENOENT/);
});

test('close ends open streams and idle connections at once', async () => {
  const startedAt = performance.now();
  const other = await start();
  const startMs = performance.now() - startedAt;
  const idle = connect(other.port, '127.0.0.1');
  await once(idle, 'connect');
  const stream = await fetch(`http://127.0.0.1:${other.port}/api/stream`);
  const before = performance.now();
  await other.close();
  // Without a forced close, keep-alive connections would delay it by five seconds or more.
  expect(performance.now() - before).toBeLessThan(500 + 20 * startMs);
  await expect(stream.text()).rejects.toThrow();
  idle.destroy();
});
