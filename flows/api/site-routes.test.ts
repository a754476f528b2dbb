import { hashToken } from '@sabha/contracts';
import { beforeEach, expect, test } from 'vitest';
import type { SiteChange } from '../engine/records/sites.ts';
import { toCsv } from '../sites/csv.ts';
import { fileLimitBytes } from '../sites/sheet.ts';
import { createSiteOperations } from '../sites/site-orders.ts';
import { node, record, recordsOf, smallTree } from '../sites/sites.test-helper.ts';
import { createSiteTable } from '../sites/table.ts';
import { routesOf } from './routes.test-helper.ts';

let routes: ReturnType<typeof routesOf>;
let table: ReturnType<typeof createSiteTable>;
let applied: SiteChange[];
/** The PCs that have a valid token. `shutOut`: the revoked PCs. */
let admitted: Set<string>;
let shutOut: Set<string>;
/** Runs before each change is applied, so that a test can delay it. */
let hold: () => Promise<void>;

beforeEach(() => {
  table = createSiteTable(smallTree());
  applied = [];
  admitted = new Set();
  shutOut = new Set();
  hold = async () => {};
  let made = 0;
  const siteOrders = createSiteOperations({
    table: () => table,
    records: () => recordsOf(record('ladakh/leh/vc-1', { config: 2 })),
    wanted: () => 3,
    now: () => 9,
    rollout: () => null,
    release: async () => {},
    newToken: () => `token-${++made}`,
    entry: (pc) =>
      admitted.has(pc) || shutOut.has(pc)
        ? { pc, tokenHash: admitted.has(pc) ? hashToken(pc) : null, certificates: [], revoked: shutOut.has(pc) }
        : undefined,
    apply: async (change) => {
      await hold();
      const gone = new Set(change.gone.map(({ path }) => path));
      applied.push(change);
      table = createSiteTable([...table.nodes(), ...change.nodes].filter(({ path }) => !gone.has(path)));
    },
  });
  routes = routesOf({ siteOrders });
});

async function post(url: string, payload: object) {
  const { status, body } = await routes.post(url, payload);
  return { status, body, line: body.message };
}

test.each([
  ['', 3],
  ['/ladakh', 3],
  ['/ladakh/leh', 2],
  ['/ladakh/leh/vc-1', 1],
])('the profile of %j names the origin of each value and the PCs that hold it', async (path, pcs) => {
  const { status, body } = await routes.get(`/api/profile${path}`);
  expect(status).toBe(200);
  expect(body).toMatchObject({ path: path.slice(1), origins: { timeZone: '' }, timeZone: expect.any(String) });
  expect(body.pcs).toHaveLength(pcs);
  expect(body.pcs.find(({ pc }: { pc: string }) => pc === 'ladakh/leh/vc-1')).toEqual({
    pc: 'ladakh/leh/vc-1',
    wanted: 3,
    held: 2,
    presence: 'online',
  });
});

const row = 'ladakh,nubra,,Nubra,,,3048,,,,,,,,,,,,,,,,,,,,,,,,,\r\n';

test('a sites import is previewed, then applied, and a faulty line returns 422 and changes nothing', async () => {
  const csv = toCsv(table) + row;
  expect(await post('/api/sites/import', { csv, by: 'Anil' })).toMatchObject({
    status: 200,
    body: { applied: false, difference: { added: ['ladakh/nubra'] } },
  });
  expect(applied).toEqual([]);
  const bad = await post('/api/sites/import', { csv: csv.replace('3048', 'high'), apply: true, by: 'Anil' });
  expect(bad).toMatchObject({ status: 422, body: { applied: false, problems: [{ line: 9, column: 'elevation_m' }] } });
  expect(applied).toEqual([]);
  expect(await post('/api/sites/import', { csv, apply: true, by: 'Anil' })).toMatchObject({
    status: 200,
    body: { applied: true, problems: [] },
  });
  expect(table.stageOf('ladakh/nubra')).toBe('planned');
  expect(await post('/api/sites/import', { csv, apply: true, by: 'Anil' })).toMatchObject({
    body: { applied: true, difference: { added: [], changed: [] } },
  });
  expect(applied).toHaveLength(1);
});

test('a large file is accepted on the import route only, and a file above its limit returns 413', { tags: ['long'] }, async () => {
  const csv = toCsv(table) + ' \r\n'.repeat(5_000);
  expect(await post('/api/sites/import', { csv, by: 'Anil' })).toMatchObject({ status: 200 });
  const full = `${toCsv(table)}${'\r\n'.repeat(fileLimitBytes / 2)}`.slice(0, fileLimitBytes - 2_000);
  expect(await post('/api/sites/import', { csv: full, by: 'Anil' })).toMatchObject({ status: 200 });
  expect(await post('/api/sites/import', { csv: 'x'.repeat(fileLimitBytes * 2), by: 'Anil' })).toMatchObject({
    status: 413,
    line: 'the file is larger than 8 MiB',
  });
  expect((await post('/api/tokens', { pcs: [], by: 'x'.repeat(5_000) })).status).toBe(413);
});

test('a site changes its stage, or the response gives the reason why the change is refused', async () => {
  expect(await post('/api/sites/ladakh/leh/stage', { stage: 'closed', by: 'Anil' })).toMatchObject({ status: 204, body: '' });
  expect(table.stageOf('ladakh/leh')).toBe('closed');
  expect(await post('/api/sites/ladakh/leh/stage', { stage: 'live', by: 'Anil' })).toMatchObject({
    status: 409,
    line: 'ladakh/leh is closed: next can be commissioning',
  });
  expect(await post('/api/sites/ladakh/kargil/stage', { stage: 'live', by: 'Anil' })).toMatchObject({
    status: 409,
    line: expect.stringContaining('not ready to go live'),
  });
  expect(await post('/api/sites/ladakh/kargil/stage', { stage: 'live', force: true, by: 'Anil' })).toMatchObject({ status: 204 });
  expect(await post('/api/sites/goa/panaji/stage', { stage: 'live', by: 'Anil' })).toMatchObject({ status: 404 });
});

test('a PC is moved, replaced and retired, and its new token is shown once and stored as a hash', async () => {
  const moved = await post('/api/pcs/ladakh/leh/vc-2/move', { to: 'ladakh/kargil', by: 'Anil' });
  expect(moved).toMatchObject({ status: 200, body: { tokens: { 'ladakh/kargil/vc-2': expect.any(String) } } });
  const token = moved.body.tokens['ladakh/kargil/vc-2'];
  expect(applied[0]?.registry).toContainEqual({ pc: 'ladakh/kargil/vc-2', tokenHash: hashToken(token), certificates: [], revoked: false });
  expect(JSON.stringify(applied)).not.toContain(token);
  expect(await post('/api/pcs/ladakh/kargil/vc-2/replace', { by: 'Anil' })).toMatchObject({
    status: 200,
    body: { tokens: { 'ladakh/kargil/vc-2': expect.any(String) } },
  });
  expect(await post('/api/pcs/ladakh/kargil/vc-2/retire', { by: 'Anil' })).toMatchObject({ status: 204 });
  expect(await post('/api/pcs/ladakh/kargil/vc-2/retire', { by: 'Anil' })).toMatchObject({
    status: 404,
    line: 'there is no PC ladakh/kargil/vc-2',
  });
});

test('new tokens for a scope skip PCs that have a token unless renewed, and a PC named alone always gets a new token', async () => {
  const given = async (order: object) => Object.keys((await post('/api/tokens', { by: 'Anil', ...order })).body.tokens ?? {});
  admitted.add('ladakh/leh/vc-1');
  expect(await given({ scope: 'ladakh/leh' })).toEqual(['ladakh/leh/vc-2']);
  expect(applied.at(-1)?.registry.map(({ pc }) => pc)).toEqual(['ladakh/leh/vc-2']);
  admitted.add('ladakh/leh/vc-2');
  expect(await post('/api/tokens', { scope: 'ladakh/leh', by: 'Anil' })).toMatchObject({
    status: 409,
    line: 'each PC of ladakh/leh has a token or is revoked: renew makes new tokens, except for revoked PCs',
  });
  expect(applied).toHaveLength(1);
  expect(await given({ scope: 'ladakh/leh', renew: true })).toEqual(['ladakh/leh/vc-1', 'ladakh/leh/vc-2']);
  expect(await given({ pcs: ['ladakh/leh/vc-1'] })).toEqual(['ladakh/leh/vc-1']);
});

test('the second of two concurrent changes is checked against the table that the first left', async () => {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  hold = () => released;
  const both = [
    post('/api/pcs/ladakh/leh/vc-2/retire', { by: 'a' }),
    post('/api/pcs/ladakh/leh/vc-2/move', { to: 'ladakh/kargil', by: 'b' }),
  ];
  release();
  expect((await Promise.all(both)).map(({ status }) => status)).toEqual([204, 404]);
});

test('a failed commit returns an error, and the next change succeeds', async () => {
  hold = async () => {
    throw new Error('disk full');
  };
  expect(await post('/api/pcs/ladakh/leh/vc-2/retire', { by: 'a' })).toMatchObject({ status: 500 });
  expect(table.node('ladakh/leh/vc-2')).toEqual(node('ladakh/leh/vc-2', { link: 'leo', expected: { microphone: [] } }));
  hold = async () => {};
  expect(await post('/api/pcs/ladakh/leh/vc-2/retire', { by: 'a' })).toMatchObject({ status: 204 });
});
