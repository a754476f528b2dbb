import { hashToken, type SiteStage, siteStages } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { SiteChange, SiteFacts } from '../engine/records/sites.ts';
import {
  type ChecklistData,
  type CommissioningData,
  checklist,
  commissioning,
  faultFreeDayMs,
  movePc,
  replacePc,
  retirePc,
  revokePc,
  setStage,
} from './life.ts';
import { node, record, recordsOf, smallTree } from './sites.test-helper.ts';
import { createSiteTable, removalReasons } from './table.ts';

const site = 'ladakh/leh';
const pc = `${site}/vc-1`;
const anil = { by: 'Anil', now: 50 };

function oneSite(facts: Partial<SiteFacts>) {
  return createSiteTable([node('ladakh'), node(site, {}, facts), node(pc)]);
}

function sight(facts: Partial<SiteFacts>, ...records: Parameters<typeof recordsOf>): ChecklistData {
  return { table: oneSite(facts), records: recordsOf(...records), wanted: () => 1 };
}

function counter(): () => string {
  let n = 0;
  return () => `token-${++n}`;
}

const fault = { component: 'camera', device: '', status: 'fault', fault: 'camera.missing', reason: null, since: 0 } as const;

test.each<[SiteStage, SiteStage, boolean]>(
  siteStages.flatMap((from) =>
    siteStages.map((to): [SiteStage, SiteStage, boolean] => [from, to, 'pc pl pd cl cd ld dc'.includes(letters(from, to))]),
  ),
)('a change of the site stage from %s to %s is allowed: %s', (from, to, allowed) => {
  const done = setStage(sight({ stage: from, stageAt: 1, cleanSince: 2 }, record(pc)), { site, stage: to, force: false }, anil);
  expect(done.ok).toBe(allowed);
  if (!done.ok)
    return expect(done).toMatchObject({ missing: false, line: expect.stringMatching(/^ladakh\/leh is \w+(: next can be .+| already)$/) });
  expect(done.change.nodes).toMatchObject([{ path: site, site: { stage: to, stageAt: 50, cleanSince: null } }]);
  expect(done.change.audit).toEqual({ who: 'Anil', what: `site ${to}`, about: site });
});

function letters(from: SiteStage, to: SiteStage): string {
  const letter = { planned: 'p', commissioning: 'c', live: 'l', closed: 'd' };
  return letter[from] + letter[to];
}

test('a site with an incomplete checklist goes live only by force, and the audit log records that', () => {
  const seen = sight({ stage: 'commissioning' }, record(pc, { checks: [fault] }));
  expect(setStage(seen, { site, stage: 'live', force: false }, anil)).toEqual({
    ok: false,
    missing: false,
    line: 'ladakh/leh is not ready to go live: no-fault (ladakh/leh/vc-1 camera.missing)',
  });
  expect(setStage(seen, { site, stage: 'live', force: true }, anil)).toMatchObject({
    ok: true,
    change: { audit: { what: 'site forced live' } },
  });
});

/** Runs the automatic stage change. Every PC has confirmed its stored state, except those in `stale`. */
function look(
  table: CommissioningData['table'],
  records: CommissioningData['records'],
  now: number,
  { stale = [] as string[], deafMs = 1_000 } = {},
) {
  return commissioning({ table, records, isCurrent: (one) => !stale.includes(one), deafMs }, now);
}

test('a planned site changes to commissioning with the first message of a PC', () => {
  const table = oneSite({ stage: 'planned' });
  expect(look(table, recordsOf(record(pc, { presence: 'never', heardAt: null })), 5)).toBeNull();
  const change = look(table, recordsOf(record(pc, { checks: [fault] })), 5);
  expect(change?.nodes[0]?.site).toMatchObject({ stage: 'commissioning', stageAt: 5, cleanSince: null });
  expect(change?.audit).toEqual({ who: 'centre', what: 'sites go on', about: 'ladakh/leh commissioning' });
});

test('a site goes live after a day without a fault and with all PCs online; a fault restarts that day, an offline PC does not', () => {
  const other = `${site}/vc-2`;
  const two = (cleanSince: number | null) =>
    createSiteTable([node(site, {}, { stage: 'commissioning', stageAt: 1, cleanSince }), node(pc), node(other)]);
  const well = recordsOf(record(pc), record(other));
  const next = (cleanSince: number | null, records: CommissioningData['records'], now: number) =>
    look(two(cleanSince), records, now)?.nodes[0]?.site;
  expect(next(null, well, 10)).toMatchObject({ stage: 'commissioning', stageAt: 1, cleanSince: 10 });
  expect(look(two(null), well, 10)?.audit).toBeNull();
  expect(next(10, well, 10 + faultFreeDayMs - 1)).toBeUndefined();
  expect(next(10, well, 10 + faultFreeDayMs)).toMatchObject({ stage: 'live', stageAt: 10 + faultFreeDayMs, cleanSince: null });
  for (const presence of ['online', 'stopped', 'lost', 'silent'] as const) {
    const bad = recordsOf(record(pc), record(other, { presence, checks: [fault] }));
    expect(next(10, bad, 20)).toMatchObject({ stage: 'commissioning', cleanSince: null });
    expect(next(null, bad, 20)).toBeUndefined();
  }
  const away = ['stopped', 'lost', 'silent', 'never'] as const;
  for (const records of [recordsOf(record(pc)), ...away.map((presence) => recordsOf(record(pc), record(other, { presence })))]) {
    expect(next(null, records, 20)).toBeUndefined();
    expect(next(10, records, 20)).toBeUndefined();
    expect(next(10, records, 10 + faultFreeDayMs)).toBeUndefined();
  }
});

test('a site does not go live on a state that its PCs have not confirmed', () => {
  const table = oneSite({ stage: 'commissioning', cleanSince: 10 });
  const at = 10 + faultFreeDayMs;
  expect(look(table, recordsOf(record(pc, { heardAt: at })), at, { stale: [pc] })).toBeNull();
  expect(look(oneSite({ stage: 'commissioning' }), recordsOf(record(pc)), at, { stale: [pc] })).toBeNull();
  expect(look(table, recordsOf(record(pc)), at)?.nodes[0]?.site?.stage).toBe('live');
});

test('a receive gap longer than the silence limit of the link restarts the fault-free day', () => {
  const at = 10 + faultFreeDayMs;
  const next = (link: 'fibre' | 'geo', deafMs: number) => {
    const table = createSiteTable([node(site, { link }, { stage: 'commissioning', cleanSince: 10 }), node(pc)]);
    return look(table, recordsOf(record(pc)), at, { deafMs })?.nodes[0]?.site;
  };
  expect(next('fibre', 150_000)?.stage).toBe('live');
  expect(next('fibre', 150_001)).toMatchObject({ stage: 'commissioning', cleanSince: at });
  expect(next('geo', 150_001)?.stage).toBe('live');
  expect(next('geo', 510_001)).toMatchObject({ stage: 'commissioning', cleanSince: at });
});

test('the checklist of a site names the open items and their PCs', () => {
  const open = (seen: ChecklistData) => checklist(seen, site).flatMap(({ item, done, about }) => (done ? [] : [[item, ...about]]));
  const about = (component: string | null = null, what: string | null = null) => ({ pc, component, fault: what });
  expect(open(sight({ stage: 'live' }, record(pc)))).toEqual([]);
  expect(open(sight({ stage: 'commissioning', cleanSince: 0 }, record(pc)))).toEqual([]);
  const all = ['installed', 'heard', 'configured', 'no-fault', 'all-known'];
  expect(open(sight({ stage: 'planned' }))).toEqual(all.map((item) => [item, about()]));
  const speaker = { ...fault, component: 'speaker', fault: null, status: 'unknown' } as const;
  expect(open(sight({ stage: 'commissioning' }, record(pc, { presence: 'silent', config: 2, checks: [fault, speaker] })))).toEqual([
    ['heard', about()],
    ['configured', about()],
    ['no-fault', about('camera', 'camera.missing')],
    ['all-known', about('speaker')],
  ]);
});

const tree = createSiteTable([...smallTree(), node('ladakh/old', {}, { stage: 'closed' })]);

test.each([
  ['ladakh/kargil', 'ladakh/leh/vc-2', 'ladakh/kargil/vc-2'],
  ['ladakh/kargil/hall', 'ladakh/leh/vc-2', 'ladakh/kargil/hall'],
])('R15 a PC moved to %s is a new PC there, and its old identity is revoked', (to, from, path) => {
  const done = movePc(tree, { pc: from, to, newToken: counter() }, 'Anil');
  if (!done.ok) throw new Error(done.line);
  const { nodes, gone, registry, audit } = done.change;
  expect(nodes).toEqual([{ ...tree.node(from), path }]);
  expect(gone).toEqual([{ path: from, because: `moved to ${path}` }]);
  expect(done.tokens).toEqual({ [path]: expect.stringMatching(/^token-/) });
  expect(registry.find((entry) => entry.pc === from)).toMatchObject({ revoked: true });
  expect(registry.find((entry) => entry.pc === path)).toEqual({
    pc: path,
    tokenHash: hashToken(done.tokens[path] ?? ''),
    certificates: [],
    revoked: false,
  });
  expect(registry.filter((entry) => entry.tokenHash === hashToken(done.tokens[path] ?? ''))).toHaveLength(1);
  expect(audit).toEqual({ who: 'Anil', what: 'PC moved', about: `${from} to ${path}` });
});

test.each([
  ['ladakh/kargil', 'ladakh/leh/vc-1', false, 'ladakh/kargil/vc-1 is in the site table already'],
  ['ladakh/nubra', 'ladakh/leh/vc-1', false, 'there is no site ladakh/nubra'],
  ['ladakh/old', 'ladakh/leh/vc-1', false, 'ladakh/old is closed'],
  ['ladakh/kargil', 'ladakh/leh/vc-7', true, 'there is no PC ladakh/leh/vc-7'],
])('the move to %s of the PC %s is refused', (to, from, missing, line) => {
  expect(movePc(tree, { pc: from, to, newToken: counter() }, 'Anil')).toEqual({ ok: false, missing, line: expect.stringContaining(line) });
});

test('R15 a retired PC is removed and cannot connect again', () => {
  const done = retirePc(tree, 'ladakh/leh/vc-2', 'Anil');
  expect(done).toMatchObject({
    ok: true,
    change: {
      gone: [{ path: 'ladakh/leh/vc-2', because: 'retired' }],
      registry: [{ pc: 'ladakh/leh/vc-2', tokenHash: null, certificates: [], revoked: true }],
    },
  });
  expect(retirePc(tree, 'x/y/z', 'Anil')).toMatchObject({ ok: false, missing: true });
});

test('R15 a replaced PC keeps its path and gets a new token; the old token and certificates are invalid', () => {
  const done = replacePc(tree, { pc: 'ladakh/leh/vc-2', newToken: counter() }, 'Anil');
  expect(done).toMatchObject({
    ok: true,
    tokens: { 'ladakh/leh/vc-2': 'token-1' },
    change: {
      nodes: [],
      gone: [],
      replaced: ['ladakh/leh/vc-2'],
      registry: [{ tokenHash: hashToken('token-1'), certificates: [], revoked: false }],
    },
  });
  expect(replacePc(tree, { pc: 'x/y/z', newToken: counter() }, 'Anil')).toMatchObject({ ok: false, missing: true });
});

test('a revoked PC keeps its path; its token and certificates are invalid', () => {
  expect(revokePc(tree, 'ladakh/leh/vc-2', 'Anil')).toMatchObject({
    ok: true,
    change: {
      nodes: [],
      gone: [],
      registry: [{ pc: 'ladakh/leh/vc-2', tokenHash: null, certificates: [], revoked: true }],
      audit: { who: 'Anil', what: 'PC revoked', about: 'ladakh/leh/vc-2' },
    },
  });
  for (const pc of ['x/y/z', 'ladakh/leh']) expect(revokePc(tree, pc, 'Anil')).toMatchObject({ ok: false, missing: true });
});

test('R15 each PC that a change removes from monitoring is returned with its reason', () => {
  const change: SiteChange = {
    nodes: [node('ladakh/leh', {}, { stage: 'closed' })],
    gone: [{ path: 'ladakh/leh/vc-2', because: 'retired' }],
    replaced: [],
    registry: [],
    audit: { who: '', what: '', about: '' },
  };
  expect(removalReasons(change, tree)).toEqual({ 'ladakh/leh/vc-1': 'site closed', 'ladakh/leh/vc-2': 'retired' });
});
