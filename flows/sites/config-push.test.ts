import { configuration, decode, openSigned } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { centrePublicKey, sealed } from '../../test/centre-key.ts';
import type { PcRecord } from '../engine/records/incidents.ts';
import type { Op } from '../engine/records/ops.ts';
import type { ProfileLayer, SiteChange } from '../engine/records/sites.ts';
import { testClock } from '../notify/people/people.test-helper.ts';
import { createConfigs, releasedOf, stageWatchMs } from './config-push.ts';
import { node } from './sites.test-helper.ts';
import { createTree } from './table.ts';

const paths = Array.from({ length: 30 }, (_, at) => `goa/panaji/vc-${at}`);
const staged = { by: 'Asha' };

function setUp(meta: Record<string, string> = {}, layer: ProfileLayer = {}) {
  const clock = testClock();
  const nodes = [node(''), node('goa', layer), node('goa/panaji', {}, { stage: 'live' }), ...paths.map((path) => node(path))];
  const records = new Map(paths.map((pc) => [pc, { pc, presence: 'online', config: 0, checks: [] as object[] }]));
  const recordOf = (pc: string) => records.get(pc) as PcRecord | undefined;
  const tree = createTree({ nodes, meta, registry: { version: 1, entries: [] } }, recordOf);
  const kept: Record<string, string> = { ...meta };
  const keep = (ops: readonly Op[]) => {
    for (const op of ops) if (op.op === 'meta' && op.value !== null) kept[op.key] = op.value;
  };
  keep(tree.versionOps());
  for (const record of records.values()) record.config = meta['rollout'] === undefined ? tree.wanted(record.pc) : 1;
  const sent: { pc: string; version: number }[] = [];
  const send = (_topic: string, payload: Buffer) => {
    const read = decode('config', payload);
    const opened = read.ok ? openSigned(configuration, read.value, centrePublicKey) : undefined;
    if (!opened?.ok) throw new Error('not signed');
    sent.push({ pc: opened.value.pc, version: opened.value.version });
  };
  const configs = createConfigs({ tree, meta, clock, recordOf, seal: sealed, send, isOver: () => false });
  const act = async ({ ops, pcs }: { ops: Op[]; pcs: readonly string[] }) => {
    keep(ops);
    configs.send(pcs);
    await clock.pass(1_000);
  };
  const change = (link: 'geo' | 'leo') => {
    const edit: SiteChange = { nodes: [node('goa', { link })], gone: [], replaced: [], registry: [], audit: null };
    const { configured, ops } = tree.change(edit, 0);
    keep(ops);
    return configured;
  };
  const born = (pc: string) => configs.handleBirth(pc, records.get(pc)?.config ?? 0);
  return { clock, records, kept, sent, configs, act, change, born };
}

test('a staged change goes to the first PCs; the others keep their configuration, also after a new birth, until their stage', async () => {
  const { configs, act, change, sent, born, records, kept } = setUp();
  await act(configs.changed(change('geo'), staged, 0));
  expect(sent).toHaveLength(1);
  expect(configs.view()).toMatchObject({ by: 'Asha', stage: 1, pcs: 30, released: 1, stopped: null });
  const [first] = sent;
  const held = paths.find((pc) => pc !== first?.pc) ?? '';
  await act(born(held));
  expect(sent).toHaveLength(1);
  // A PC without any configuration gets the newest one.
  Object.assign(records.get(held) ?? {}, { config: 0 });
  await act(born(held));
  expect(sent.slice(1)).toEqual([{ pc: held, version: 2 }]);
  for (const one of sent) Object.assign(records.get(one.pc) ?? {}, { config: 2 });
  // The rollout is stored in the ledger: after a restart the server holds back the same PCs.
  const again = setUp(kept, { link: 'geo' });
  expect(again.configs.view()).toEqual(configs.view());
  await again.act(again.born(paths.find((pc) => !sent.some((one) => one.pc === pc)) ?? ''));
  expect(again.sent).toEqual([]);
  const watch = async (from: number) => {
    await act(configs.tick(from, 0));
    await act(configs.tick(from + stageWatchMs, 0));
  };
  await watch(1);
  expect(configs.view()).toMatchObject({ stage: 2, released: 3 });
  for (const one of sent) Object.assign(records.get(one.pc) ?? {}, { config: 2 });
  await watch(1 + stageWatchMs);
  expect(new Set(sent.map(({ pc }) => pc)).size).toBe(30);
  for (const record of records.values()) record.config = 2;
  await watch(1 + 2 * stageWatchMs);
  expect([configs.view(), kept['rollout']]).toEqual([null, 'null']);
});

test('a rollout stops when PCs get worse, records the reason in the audit log, and continues only when a person releases it', async () => {
  const { configs, act, change, sent, records } = setUp();
  await act(configs.changed(change('geo'), staged, 0));
  Object.assign(records.get(sent[0]?.pc ?? '') ?? {}, { checks: [{ status: 'fault' }] });
  const stopping = configs.tick(1_000, 0);
  expect(stopping.ops.at(-1)).toMatchObject({
    op: 'audit',
    what: 'staged configuration stopped',
    about: expect.stringMatching(/1 with more faults/),
  });
  await act(stopping);
  await act(configs.tick(9 * stageWatchMs, 0));
  expect([sent.length, configs.view()?.stopped]).toEqual([1, 'of 1 PCs 0 silent, 1 with more faults, 0 have not applied it']);
  await act(configs.release('Asha', 5));
  expect(new Set(sent.map(({ pc }) => pc)).size).toBe(30);
  expect(configs.view()).toBeNull();
});

test('a further change during a rollout is not sent to PCs that the rollout holds back, and released PCs keep their configuration', async () => {
  const { configs, act, change, sent, records } = setUp();
  await act(configs.changed(change('geo'), staged, 0));
  for (const one of sent) Object.assign(records.get(one.pc) ?? {}, { config: 2 });
  for (const now of [1, stageWatchMs + 1]) await act(configs.tick(now, 0));
  const released = sent.map(({ pc }) => pc);
  expect(released).toHaveLength(3);
  // Changes half of the PCs that are held back. The list gets shorter, and the released PCs stay the same.
  const edited = paths.filter((pc) => !released.includes(pc)).slice(0, 14);
  await act(configs.changed(edited, undefined, stageWatchMs + 2));
  expect(sent.slice(3).map(({ pc }) => pc)).toEqual(edited);
  expect(configs.view()).toMatchObject({ pcs: 16, released: 3 });
  const before = sent.length;
  for (const pc of paths.filter((one) => !released.includes(one) && !edited.includes(one))) await act(configs.handleBirth(pc, 1));
  expect(sent).toHaveLength(before);
  await act(configs.changed(released, undefined, stageWatchMs + 3));
  expect(configs.view()).toMatchObject({ pcs: 13, released: 0 });
});

test('an unstaged change replaces a rollout for all PCs; a staged change includes the PCs that have not yet received the rollout', async () => {
  const one = setUp();
  await one.act(one.configs.changed(one.change('geo'), staged, 0));
  await one.act(one.configs.changed(one.change('leo'), undefined, 5));
  expect(one.sent.filter(({ version }) => version === 3)).toHaveLength(30);
  expect(one.configs.view()).toBeNull();
  const two = setUp();
  await two.act(two.configs.changed(two.change('geo'), staged, 0));
  await two.act(two.configs.changed([paths[0] ?? ''], staged, 5));
  expect(two.configs.view()).toMatchObject({ pcs: expect.any(Number), stage: 1 });
  expect(two.configs.view()?.pcs).toBeGreaterThanOrEqual(29);
  expect(releasedOf(JSON.parse(two.kept['rollout'] ?? 'null'))).toHaveLength(1);
});

test('R29 a correction of the clock neither delays nor shortens the watch time of a stage', async () => {
  for (const byMs of [7 * 86_400_000, -7 * 86_400_000]) {
    const { configs, act, change, sent, records } = setUp();
    await act(configs.changed(change('geo'), staged, 0));
    for (const one of sent) Object.assign(records.get(one.pc) ?? {}, { config: 2 });
    await act(configs.tick(1_000, 0));
    configs.setClock(byMs);
    expect(configs.tick(byMs + 600_000, 0).pcs).toEqual([]);
    expect(configs.tick(byMs + 602_000, 0).pcs).not.toEqual([]);
  }
});
