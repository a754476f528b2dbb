import type { RollCallView, StreamFrame } from '@sabha/contracts';
import { beforeEach, expect, test } from 'vitest';
import { microphoneGone, type ScriptedView, scriptedView, wellPc, wellSite } from '../../api/scripted-view.test-helper.ts';
import { scopedView } from './http-auth.ts';

const counts = (expected: number, ready: number) => ({ expected, answered: expected, ready, 'not-ready': expected - ready, unknown: 0 });
let view: ScriptedView;

beforeEach(() => {
  view = scriptedView(() => 1_000);
  const { state } = view;
  state.states.push({ state: 'goa', name: { en: 'Goa', hi: 'गोवा' } });
  state.sites.push(wellSite({ site: 'ladakh/kargil' }), wellSite({ site: 'goa/panaji', state: 'goa' }));
  state.pcs.push(wellPc(1_000, { pc: 'goa/panaji/vc-1', site: 'goa/panaji', state: 'goa' }));
  state.incidents = [
    microphoneGone(1_000),
    microphoneGone(1_000, { id: 8, scope: 'goa/panaji/vc-1' }),
    microphoneGone(1_000, { id: 9, scope: 'centre/unheard' }),
  ];
  view.called = [call('')];
  state.rollcall = withoutRows(call(''));
});

function call(scope: string): RollCallView {
  const row = {
    siteName: { en: '', hi: '' },
    room: { en: '', hi: '' },
    after: 5,
    readiness: 'ready',
    why: null,
    heardAt: 5,
    owner: null,
  } as const;
  return {
    id: `call-${scope}`,
    scope,
    by: 'Asha',
    startedAt: 0,
    endsAt: 9,
    finishedAt: 5,
    counts: counts(2, 1),
    states: [
      { state: 'ladakh', ...counts(1, 1) },
      { state: 'goa', ...counts(1, 0) },
    ],
    rows: [
      { ...row, pc: 'ladakh/leh/vc-1', site: 'ladakh/leh', state: 'ladakh' },
      { ...row, pc: 'goa/panaji/vc-1', site: 'goa/panaji', state: 'goa' },
    ],
  };
}

test('the scope of the nation returns the view unchanged', () => {
  expect(scopedView(view, '')).toBe(view);
});

test('a scoped view passes only the time, the readiness and the names through unchanged, and has no commands', () => {
  const own: Record<string, unknown> = scopedView(view, 'ladakh');
  const whole: unknown[] = Object.values(view);
  expect(Object.keys(own).filter((name) => whole.includes(own[name]))).toEqual(['unready', 'now', 'names']);
  expect(['commands'].filter((name) => name in own)).toEqual([]);
});

test('the view of a group of sites contains exactly these sites, with their states', async () => {
  const within = (scope: string, path: string) => scope === path || `${path}/`.startsWith('goa/panaji/');
  const own = scopedView(view, 'group:magadh', within);
  const { states, sites, pcs, incidents, rollcall } = own.snapshot('all');
  expect([states.map(({ state }) => state), sites.map(({ site }) => site), pcs.map(({ pc }) => pc), incidents.map(({ id }) => id)]).toEqual(
    [['goa'], ['goa/panaji'], ['goa/panaji/vc-1'], [8]],
  );
  expect([rollcall, own.site('ladakh/leh'), own.incident(7), await own.act(7, 'Asha', { type: 'acknowledge' })]).toEqual([
    null,
    undefined,
    undefined,
    'missing',
  ]);
});

test('a list without a rule for scopes is omitted from the snapshot and the stream', () => {
  const heard: StreamFrame[] = [];
  const own = scopedView(view, 'ladakh');
  own.onChange('all', (frame) => heard.push(frame));
  const unlearned: object = { rooms: ['goa/panaji/vc-1'] };
  Object.assign(view.state, unlearned);
  view.change({ ...unlearned, sites: [wellSite()] });
  expect(own.snapshot('all')).not.toHaveProperty('rooms');
  expect(heard).toEqual([{ at: 1_000, subscribed: true, sites: [wellSite()] }]);
});

test('the view of a state or site contains only its own entries of every list', async () => {
  const state = scopedView(view, 'ladakh');
  const site = scopedView(view, 'ladakh/kargil');
  expect([state, site].map((one) => one.sites().map((row) => row.site))).toEqual([['ladakh/leh', 'ladakh/kargil'], ['ladakh/kargil']]);
  expect([state, site].map((one) => one.pcs('all').map(({ pc }) => pc))).toEqual([['ladakh/leh/vc-1'], []]);
  expect([state, site].map((one) => one.pcs('goa/panaji'))).toEqual([[], []]);
  expect([state, site].map((one) => one.incidents().map(({ id }) => id))).toEqual([[7], []]);
  expect([state, site].map((one) => one.snapshot('all').states.map((row) => row.state))).toEqual([['ladakh'], ['ladakh']]);
  expect(state.snapshot('all')).toMatchObject({
    sites: [{ site: 'ladakh/leh' }, {}],
    pcs: [{ pc: 'ladakh/leh/vc-1' }],
    incidents: [{ id: 7 }],
  });
  expect(JSON.stringify([state.snapshot('all'), site.snapshot('all')])).not.toContain('goa');
  expect(JSON.stringify(site.snapshot('all'))).not.toContain('leh');
  expect([state.site('ladakh/leh')?.site.site, state.site('goa/panaji'), site.site('ladakh/leh')]).toEqual([
    'ladakh/leh',
    undefined,
    undefined,
  ]);
  expect([await state.history('goa/panaji', 0), await site.history('ladakh/leh', 0)]).toEqual([undefined, undefined]);
});

test('an incident outside the scope cannot be read, acknowledged or annotated', async () => {
  const own = scopedView(view, 'ladakh');
  expect([own.incident(7)?.id, own.incident(8), own.incident(9)]).toEqual([7, undefined, undefined]);
  expect(await own.act(8, 'asha', { type: 'acknowledge' })).toBe('missing');
  expect(await own.act(9, 'asha', { type: 'note', text: 'x' })).toBe('missing');
  expect(await own.act(7, 'asha', { type: 'acknowledge' })).toBe('done');
  expect(view.state.incidents.map(({ acknowledged }) => acknowledged?.by)).toEqual(expect.arrayContaining(['asha', undefined, undefined]));
});

test('a state sees its part of a nationwide roll call with its own counts, and a site only its own roll calls', async () => {
  const { rollcalls } = scopedView(view, 'ladakh');
  expect(await rollcalls.list()).toEqual([
    { ...withoutRows(call('')), scope: 'ladakh', counts: counts(1, 1), states: [{ state: 'ladakh', ...counts(1, 1) }] },
  ]);
  expect((await rollcalls.one('call-'))?.rows.map(({ pc }) => pc)).toEqual(['ladakh/leh/vc-1']);
  expect(scopedView(view, 'ladakh').snapshot('').rollcall).toMatchObject({ scope: 'ladakh', counts: counts(1, 1) });
  const site = scopedView(view, 'ladakh/leh');
  expect([await site.rollcalls.list(), await site.rollcalls.one('call-'), site.snapshot('').rollcall]).toEqual([[], undefined, null]);
  view.called = [call('ladakh/leh'), call('goa')];
  expect((await rollcalls.list()).map(({ id }) => id)).toEqual(['call-ladakh/leh']);
  expect((await site.rollcalls.list()).map(({ id }) => id)).toEqual(['call-ladakh/leh']);
  expect([rollcalls.start({ scope: '', by: 'asha' }), rollcalls.start({ scope: 'goa', by: 'asha' })]).toEqual(['unknown', 'unknown']);
  expect(rollcalls.start({ scope: 'ladakh', by: 'asha' })).toEqual({ id: 'call-1' });
});

function withoutRows({ rows: _, ...rest }: RollCallView) {
  return rest;
}

test('the stream carries only changes in the scope, and nothing for changes outside it', () => {
  const heard: StreamFrame[] = [];
  const cancel = scopedView(view, 'ladakh').onChange('all', (frame) => heard.push(frame));
  const goa = {
    sites: [wellSite({ site: 'goa/panaji', state: 'goa' })],
    sitesGone: ['goa/x'],
    pcsGone: ['goa/x/y'],
    heard: { 'goa/x/y': 5 },
  };
  view.change({ ...goa, states: view.state.states });
  view.change(goa);
  view.change({ ...goa, incidents: [microphoneGone(1_000, { id: 8, scope: 'goa/panaji/vc-1' })] });
  expect(heard).toEqual([{ at: 1_000, subscribed: true, states: [view.state.states[0]] }]);
  view.change({ sites: [wellSite(), ...goa.sites], heard: { 'ladakh/leh/vc-1': 9, 'goa/x/y': 9 }, rollcall: call('') });
  view.change({ subscribed: false });
  expect(heard.slice(1)).toEqual([
    {
      at: 1_000,
      subscribed: true,
      sites: [wellSite()],
      heard: { 'ladakh/leh/vc-1': 9 },
      rollcall: expect.objectContaining({ scope: 'ladakh', rows: [expect.objectContaining({ pc: 'ladakh/leh/vc-1' })] }),
    },
    { at: 1_000, subscribed: false },
  ]);
  cancel();
  expect(view.listeners()).toBe(0);
});
