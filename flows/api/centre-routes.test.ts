import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TabsStep } from '@sabha/contracts';
import { expect, onTestFinished, test } from 'vitest';
import { createTabsOrders, openTabs } from '../node-red/tabs.ts';
import type { FlowNode } from '../node-red/tabs-storage.ts';
import { BackupError } from '../storage/backup/format/backup-file.ts';
import { openInThread } from '../storage/ledger/ledger.ts';
import { routesOf } from './routes.test-helper.ts';
import { emptyProof } from './scripted-view.test-helper.ts';

/** Builds the routes over real tabs in a temporary folder. `runs: false` means without Node-RED, which only a Deploy needs. */
function setUp({ runs = true } = {}) {
  const root = mkdtempSync(join(tmpdir(), 'sabha-tabs-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const dir = join(root, 'tabs');
  const steps: TabsStep[] = [];
  const record = async (step: Omit<TabsStep, 'at'>) => steps.unshift({ at: steps.length, ...step }) > 0;
  const tabs = openTabs({ dir, record });
  const release = tabs.load();
  const red = { deploy: (nodes: readonly FlowNode[], who: string) => tabs.save([...nodes], who) };
  const orders = createTabsOrders({ tabs, red: () => (runs ? red : undefined), steps: async () => steps });
  const slower = release.map((node) => (node.id === 'escalate-15-min' ? { ...node, duration: '5' } : node));
  return { dir, tabs, slower, ...routesOf({ tabs: orders }) };
}

const line = '~ 50 Escalate: "15 min, unless acknowledged" (sabha-wait): duration "15" → "5"';

test('GET /api/tabs, its differences and its steps return the running version, each changed field and each Deploy', async () => {
  const { tabs, get, slower } = setUp();
  const { body: first } = await get('/api/tabs');
  expect(first).toMatchObject({ before: null, running: first.release, base: first.release, refused: null, wrong: [] });
  await tabs.save(slower, 'asha');
  const { body: second } = await get('/api/tabs');
  expect([second.running === first.running, second.before]).toEqual([false, first.running]);
  expect((await get('/api/tabs/differences')).body).toEqual({ yours: [line], release: [] });
  expect((await get('/api/tabs/steps')).body).toEqual([
    { at: 0, who: 'asha', what: 'tabs deployed', about: `${first.running} → ${second.running}\n${line}` },
  ]);
});

test('POST /api/tabs/undo restores the version before the last Deploy, and a second undo reverts the first', async () => {
  const { tabs, get, post, slower } = setUp();
  const { running: release } = (await get('/api/tabs')).body;
  await tabs.save(slower, 'asha');
  const { running: changed } = (await get('/api/tabs')).body;
  const undone = await post('/api/tabs/undo', { by: 'Anil' });
  expect(undone).toMatchObject({
    status: 200,
    body: { from: changed, to: release, lines: [line.replace('"15" → "5"', '"5" → "15"')] },
  });
  expect((await get('/api/tabs')).body.running).toBe(release);
  expect((await post('/api/tabs/undo', { by: 'Anil' })).body).toMatchObject({ from: release, to: changed });
  expect((await get('/api/tabs/steps')).body.map(({ who }: TabsStep) => who)).toEqual(['Anil', 'Anil', 'asha']);
});

test('GET /api/explain returns what would happen to a fault, and one line if the scope cannot be explained', async () => {
  const value = { scope: 'centre', fault: 'centre.slow', severity: 'major', holdMs: 0, nodes: [], tells: [], how: 'told' } as const;
  const { get } = routesOf({
    explain: async (scope) =>
      scope === 'centre' ? { ok: true, value: { ...value, nodes: [], tells: [] } } : { ok: false, line: `there is no ${scope}` },
  });
  expect(await get('/api/explain?scope=centre&fault=centre.slow')).toMatchObject({ status: 200, body: value });
  expect(await get('/api/explain?scope=goa&fault=centre.slow')).toMatchObject({ status: 404, body: { message: 'there is no goa' } });
  expect((await get('/api/explain?scope=centre')).status).toBe(400);
});

test('POST /api/tabs/try passes the edited files to the replay, and returns one line if the replay refuses them', async () => {
  const asked: unknown[] = [];
  const tryFiles = async (files: unknown, days: number) => {
    asked.push({ files, days });
    return { ok: false, line: 'nothing happened in the last 30 days' } as const;
  };
  const texts = [{ name: '40-who.json', text: '[]' }];
  const { post } = routesOf({ replay: { tryFiles } });
  const tried = (payload: object) => post('/api/tabs/try', payload);
  // The caller's name, which authentication adds to the body, is not passed to the replay.
  expect(await tried({ by: 'asha', texts, whole: false, days: 30 })).toMatchObject({
    status: 409,
    body: { message: 'nothing happened in the last 30 days' },
  });
  expect(asked).toEqual([{ files: { texts, whole: false }, days: 30 }]);
  expect((await tried({ texts: [], whole: false, days: 30 })).status).toBe(400);
  expect((await tried({ texts: [{ name: 'x', text: 'y'.repeat(5 * 1024 * 1024) }], whole: true, days: 1 })).status).toBe(413);
});

test('GET /api/audit reads the latest copy of the ledger, or a new copy with now=true, and a failed backup returns its reason in one line', async () => {
  const made = { ...emptyProof };
  const { get, post } = routesOf({ proof: made });
  expect([(await get('/api/audit')).body.at, (await get('/api/audit?now=true')).body.at]).toEqual([1, 2]);
  expect(await post('/api/backup', { by: 'Anil' })).toMatchObject({ body: { file: expect.stringMatching(/\.backup$/), bytes: 9 } });
  expect(await post('/api/backup', {})).toMatchObject({ status: 400, body: { message: expect.stringContaining('by') } });
  made.make = async () => {
    throw new BackupError('no room in /data: 9 MiB are needed, 1 are free');
  };
  expect(await post('/api/backup', { by: 'Anil' })).toMatchObject({ body: { message: 'no room in /data: 9 MiB are needed, 1 are free' } });
});

test('GET /api/audit/log is paged, and the CSV export has a UTF-8 BOM and no cell that a spreadsheet runs as a formula', async () => {
  const ledger = openInThread(new DatabaseSync(':memory:'));
  const all = Array.from(
    { length: 2_001 },
    (_, n) => ({ op: 'audit', at: n, who: n === 5 ? 'Ravi' : 'asha', what: 'note', about: `${n}` }) as const,
  );
  await ledger.commit([
    ...all,
    { op: 'audit', at: 9_000, who: '=cmd()', what: 'note', about: 'a, "b"' },
    { op: 'step', at: 1, who: 'la/leh/pc-1', what: 'outage', about: '' },
  ]);
  const { get } = routesOf({ acts: ledger });
  const ask = async (url: string) => (await get(url)).body;
  const first = await ask('/api/audit/log');
  expect([first.acts.length, first.acts[0].who, first.before]).toEqual([2_000, '=cmd()', 3]);
  expect((await ask('/api/audit/log?before=3')).acts.map(({ id }: { id: number }) => id)).toEqual([2, 1]);
  expect((await ask('/api/audit/log?who=ravi')).acts).toEqual([{ id: 6, at: 5, who: 'Ravi', what: 'note', about: '5' }]);
  expect((await ask('/api/audit/log?since=2000')).acts.map(({ id }: { id: number }) => id)).toEqual([2_002, 2_001]);
  expect((await ask('/api/audit/log?of=machines')).acts).toMatchObject([{ who: 'la/leh/pc-1', what: 'outage' }]);
  const { body, headers } = await get('/api/audit/log.csv?since=1999');
  expect(body).toBe(
    `\ufeffrow,at,who,what,about\r\n2002,1970-01-01T00:00:09.000Z,'=cmd(),note,"a, ""b"""\r\n${[2_000, 1_999].map((n) => `${n + 1},1970-01-01T00:00:0${n === 2_000 ? '2.000' : '1.999'}Z,asha,note,${n}\r\n`).join('')}`,
  );
  expect(headers['content-disposition']).toContain('audit.csv');
  expect((await get('/api/audit/log.csv')).body.split('\r\n')).toHaveLength(2_004);
});
