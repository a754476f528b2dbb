import type { RollCallView, StreamFrame } from '@sabha/contracts';
import { describe, expect, test } from 'vitest';
import { fault } from '../engine/incidents/stage.test-helper.ts';
import { createSiteTable } from '../sites/table.ts';
import { broken, setUp, well } from './live.test-helper.ts';
import type { PcChoice } from './live.ts';

const bytesOf = (frames: StreamFrame[]) =>
  frames.reduce((sum, frame) => sum + Buffer.byteLength(`id: 1000000\nevent: change\ndata: ${JSON.stringify(frame)}\n\n`), 0);

describe('size of the event stream', () => {
  test('a fault of one site costs each client of a nation of 736 sites at most 1 KB, and unchanged beats cost nothing', async () => {
    const { stage, clock, pcs, show, does, listen } = setUp({ count: 736 });
    const nation = listen();
    const one = pcs[400] ?? '';
    does(() => stage.state(broken, one));
    await clock.pass(1_000);
    expect(nation.frames).toMatchObject([{ sites: [{ readiness: 'not-ready', worst: 'critical', open: 1 }], incidents: [{ scope: one }] }]);
    expect(nation.frames[0]?.incidents?.[0]?.told).toHaveLength(1);
    expect(bytesOf(nation.frames)).toBeLessThanOrEqual(1_024);
    // The row of the list has the fields that the stream omits.
    expect(show.view.incidents()[0]).toMatchObject({ site: { en: 'District office, Kozhikode 46' }, over: null, flapping: false });
    stage.pass(15_000);
    does(() => {
      for (const pc of pcs) stage.beat(pc);
    });
    await clock.pass(60_000);
    expect(nation.frames).toHaveLength(1);
    show.close();
  });

  test('building a snapshot of 5,000 sites takes little longer than parsing its text', { tags: ['long'] }, () => {
    const { show, stage, does, pcs } = setUp({ count: 5_000 });
    expect(show.view.snapshot('').sites).toHaveLength(5_000);
    let text = '';
    const takesMs = pcs.slice(0, 5).map((pc) => {
      does(() => stage.state(broken, pc));
      const startedAt = process.cpuUsage();
      text = JSON.stringify(show.view.snapshot(''));
      return process.cpuUsage(startedAt).user / 1_000;
    });
    const readAt = process.cpuUsage();
    for (let time = 0; time < 20; time += 1) JSON.parse(text);
    expect(Math.min(...takesMs)).toBeLessThan(process.cpuUsage(readAt).user / 1_000);
    expect(text.length / 5_000).toBeLessThan(420);
    show.close();
  });
});

describe('frames for listeners of the view', () => {
  test('changes are combined into one frame every 250 ms at most', async () => {
    const { stage, clock, pcs, does, listen, show } = setUp();
    does(() => stage.state(broken, pcs[0]));
    const { frames, leave } = listen();
    does(() => stage.state(broken, pcs[1]));
    does(() => stage.state(broken, pcs[2]));
    await clock.pass(249);
    expect(frames).toEqual([]);
    await clock.pass(1);
    // Earlier changes are in the snapshot with which each client starts.
    expect(frames.map((frame) => frame.incidents?.map(({ scope }) => scope))).toEqual([pcs.slice(1)]);
    leave();
    does(() => stage.state(well, pcs[1]));
    await clock.pass(1_000);
    expect(frames).toHaveLength(1);
    show.close();
  });

  test('frames contain the chosen PCs: all, those of a site, or none', async () => {
    const { stage, clock, pcs, site, does, listen, show } = setUp();
    const [all, own, other, nation] = [listen('all'), listen(site(0) as PcChoice), listen(site(1) as PcChoice), listen()];
    does(() => stage.state(broken, pcs[0]));
    await clock.pass(250);
    const seen = { pc: pcs[0], readiness: 'not-ready', why: { fault: 'microphone.missing' }, incident: 1, config: { wanted: 1, held: 1 } };
    for (const { frames } of [all, own]) expect(frames).toMatchObject([{ pcs: [seen] }]);
    for (const { frames } of [other, nation]) expect(frames.map((frame) => frame.pcs)).toEqual([undefined]);
    show.close();
  });

  test('chosen PCs without other changes get one frame with their last-seen times every 15 s', async () => {
    const { stage, clock, pcs, site, listen, show } = setUp();
    await clock.pass(15_000);
    const own = listen(site(0) as PcChoice);
    stage.pass(2_000);
    stage.beat(pcs[0]);
    stage.beat(pcs[1]);
    await clock.pass(30_000);
    expect(own.frames).toEqual([{ at: stage.now(), subscribed: true, heard: { [pcs[0] ?? '']: stage.now() } }]);
    show.close();
    await clock.pass(60_000);
    expect(own.frames).toHaveLength(1);
  });

  test('R18a a receive gap of the server is sent once to each listener and is in every later snapshot', async () => {
    const { stage, clock, held, pcs, does, listen, show } = setUp();
    const { frames } = listen();
    expect('away' in show.view.snapshot('')).toBe(false);
    held.away = { from: 1_000, to: 201_000 };
    show.all();
    await clock.pass(250);
    does(() => stage.state(broken, pcs[0]));
    await clock.pass(250);
    const away = { ...held.away, settled: true };
    expect(frames.map((frame) => frame.away)).toEqual([away, undefined]);
    expect(show.view.snapshot('').away).toEqual(away);
    show.close();
  });

  test('a receive gap is marked as settled as soon as each PC was seen or judged silent after it', async () => {
    const { stage, clock, held, pcs, listen, show } = setUp();
    const { frames } = listen();
    held.away = { from: stage.now() - 100_000, to: stage.now() + 1_000 };
    stage.pass(2_000);
    show.all();
    for (const pc of pcs.slice(1)) stage.beat(pc);
    await clock.pass(30_000);
    expect(frames.map(({ away }) => away?.settled)).toEqual([false]);
    stage.lost(pcs[0]);
    stage.pass(91_000);
    await clock.pass(30_000);
    expect(stage.engine.memory.pcs.get(pcs[0] ?? '')?.presence).toBe('silent');
    expect(frames.map(({ away }) => away?.settled)).toEqual([false, true]);
    expect(show.view.snapshot('').away?.settled).toBe(true);
    show.close();
  });

  test('frames name removed sites and PCs, and states with a new name', async () => {
    const { clock, held, pcs, listen, show, ...nation } = setUp();
    const { frames } = listen();
    const gone = nation.site(2);
    const kept = [...held.table.nodes()].filter(({ path }) => !path.startsWith(gone));
    held.table = createSiteTable(kept.map((node) => (node.path === 'kerala' ? { ...node, name: { en: 'Keralam', hi: 'केरलम' } } : node)));
    show.changed({ pcs: [], incidents: [], sites: [gone], pcsGone: [pcs[2] ?? ''] });
    await clock.pass(250);
    expect(frames).toMatchObject([{ sitesGone: [gone], pcsGone: [pcs[2]], states: [{ state: 'kerala', name: { en: 'Keralam' } }] }]);
    show.close();
  });

  test('while the server receives nothing, no site is ready; a roll call is sent with its changed rows', async () => {
    const { stage, clock, listen, show } = setUp();
    const { frames } = listen();
    stage.apply({ type: 'unsubscribed' });
    show.all();
    show.rollcall({ id: 'c1', rows: [{ pc: 'a', after: null }] } as RollCallView);
    show.rollcall({ id: 'c1', rows: [{ pc: 'b' }, { pc: 'a', after: 5 }] } as RollCallView);
    await clock.pass(250);
    expect(frames).toMatchObject([{ subscribed: false, rollcall: { id: 'c1', rows: [{ pc: 'a', after: 5 }, { pc: 'b' }] } }]);
    expect(frames[0]?.sites?.map(({ readiness, why }) => [readiness, why?.reason])).toEqual(Array(3).fill(['unknown', 'silent']));
    show.close();
  });
});

describe('requests and actions on the view', () => {
  test('an incident that the engine dropped disappears from lists and snapshots', { tags: ['long'] }, async () => {
    const { stage, show, pcs, does, clock } = setUp({ count: 1 });
    does(() => stage.state(broken, pcs[0]));
    does(() => stage.state(well, pcs[0]));
    does(() => stage.live(600_000, pcs[0]));
    expect(show.view.incidents()).toMatchObject([{ id: 1, over: 'cleared' }]);
    does(() => stage.live(25 * 3_600_000, pcs[0]));
    await clock.pass(15_000);
    expect(show.view.incidents()).toEqual([]);
    expect(show.view.snapshot('').incidents).toEqual([]);
    show.close();
  });

  test('an action that the ledger did not write is rejected', async () => {
    const { stage, show, pcs, does, held } = setUp();
    does(() => stage.state(broken, pcs[0]));
    held.isWritten = false;
    await expect(show.view.act(1, 'Asha', { type: 'acknowledge' })).rejects.toThrow('the ledger did not store it');
    show.close();
  });

  test('the details of a site contain its facts, checklist, PCs and history', async () => {
    const { show, site, pcs } = setUp({ talking: false });
    expect(show.view.site(site(0))).toMatchObject({
      site: { readiness: 'unknown', why: { reason: 'never' }, quietSince: null, pcs: 1 },
      facts: { timeZone: 'Asia/Kolkata', isp: '', contact: { tel: null } },
      checklist: expect.arrayContaining([expect.objectContaining({ item: 'heard', done: false })]),
      pcs: [{ pc: pcs[0], presence: 'never', config: { wanted: 1, held: 0 }, calledAt: null }],
      link: null,
      broke: null,
      numbers: { [`${pcs[0]}`]: { room: 21 } },
      limits: { elevationM: 0, densityRatio: 1, roomLimitC: 35, riseFactor: 1 },
    });
    expect(await show.view.history(site(0), 5)).toMatchObject({ from: 5, pcs: [{ pc: pcs[0], strips: [{ component: 'presence' }] }] });
    expect([show.view.site('kerala'), show.view.site('goa/x'), await show.view.history('goa/x', 5)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    show.close();
  });

  test('R18a the history of a site is unknown during a past or present receive gap of the server', async () => {
    const { show, stage, site } = setUp({ count: 1 });
    const spans = async () => (await show.view.history(site(0), 5))?.pcs[0]?.strips[0]?.spans.map(({ from, status }) => [from, status]);
    const past = [
      [5, 'ok'],
      [10, 'unknown'],
      [20, 'ok'],
    ];
    expect(await spans()).toEqual(past);
    stage.apply({ type: 'unsubscribed' });
    expect(await spans()).toEqual([...past, [30, 'unknown']]);
    show.close();
  });

  test('while the ledger is being reopened the view is empty and actions are rejected', async () => {
    const { show, held } = setUp();
    held.isOpen = false;
    expect(show.view.snapshot('all')).toMatchObject({ subscribed: false, sites: [], pcs: [], incidents: [] });
    expect(show.view.incident(1)).toBeUndefined();
    await expect(show.view.act(1, 'Asha', { type: 'acknowledge' })).rejects.toThrow('being reopened');
    show.close();
  });

  test('a new fault of which no person was notified is marked, in an incident with another fault that people know', () => {
    const { stage, show, pcs, does } = setUp();
    const faults = () => show.view.incidents()[0]?.faults.map((one) => [one.fault, one.unnotified]);
    does(() => stage.state(broken, pcs[0]));
    expect(faults()).toEqual([['microphone.missing', undefined]]);
    does(() => stage.apply({ type: 'snooze', incident: 1, by: 'Asha', until: stage.now() + 3_600_000 }));
    does(() => stage.state([...broken, fault('display.missing')], pcs[0]));
    expect(faults()).toEqual([
      ['microphone.missing', undefined],
      ['display.missing', true],
    ]);
    show.close();
  });

  test('acknowledge and note apply to an open incident with an audit row, but not to an ended incident', async () => {
    const { stage, show, told, pcs, does } = setUp();
    does(() => stage.state(broken, pcs[0]));
    expect(show.view.incident(1)).toMatchObject({ notes: [], history: [{ kind: 'raised' }] });
    expect(Object.keys(show.view.incidents()[0] ?? {})).not.toContain('history');
    expect(await show.view.act(1, 'Asha', { type: 'acknowledge' })).toBe('done');
    expect(await show.view.act(1, 'Asha', { type: 'note', text: 'going' })).toBe('done');
    expect(await show.view.act(2, 'Asha', { type: 'note', text: 'going' })).toBe('missing');
    expect(told).toEqual([
      [
        { type: 'acknowledge', by: 'Asha', incident: 1 },
        { who: 'Asha', what: 'acknowledge', about: 'incident 1' },
      ],
      [
        { type: 'note', by: 'Asha', text: 'going', incident: 1 },
        { who: 'Asha', what: 'note', about: 'incident 1' },
      ],
    ]);
    stage.state(well, pcs[0]);
    stage.live(600_000, pcs[0]);
    expect(await show.view.act(1, 'Asha', { type: 'acknowledge' })).toBe('over');
    show.close();
  });

  test('"fixed" makes the PC probe at once; assign and snooze write an audit row and reject invalid values', async () => {
    const { stage, show, told, issued, pcs, does } = setUp();
    does(() => stage.state(broken, pcs[0]));
    const until = stage.now() + 3_600_000;
    expect(await show.view.act(1, 'Asha', { type: 'fixed' })).toBe('done');
    expect(await show.view.act(1, 'Meera', { type: 'assign', to: 'आशा कुमारी' })).toBe('done');
    expect(await show.view.act(1, 'Asha', { type: 'snooze', until: until })).toBe('done');
    expect(issued).toEqual([{ to: pcs[0], verb: 'probe-now', args: {}, by: 'Asha' }]);
    expect(told.map((one) => (one as object[])[1])).toEqual([
      { who: 'Asha', what: 'fixed', about: 'incident 1' },
      { who: 'Meera', what: 'assign', about: 'incident 1: technician' },
      { who: 'Asha', what: 'snooze', about: `incident 1: until ${new Date(until).toISOString()}` },
    ]);
    expect([
      await show.view.act(1, 'Meera', { type: 'assign', to: 'stranger' }),
      await show.view.act(9, 'Asha', { type: 'fixed' }),
    ]).toEqual(['nobody', 'missing']);
    const times = [stage.now(), stage.now() + 24 * 3_600_000 + 1];
    expect(await Promise.all(times.map((at) => show.view.act(1, 'Asha', { type: 'snooze', until: at })))).toEqual(['time', 'time']);
    does(() => stage.apply({ type: 'snooze', incident: 1, by: 'Asha', until }));
    expect(show.view.incident(1)).toMatchObject({ snoozed: { by: 'Asha', until }, deeds: [{ did: 'snoozed', by: 'Asha' }] });
    show.close();
  });

  test('repeated assign and snooze orders are rate limited, because each notifies a person', async () => {
    const { stage, show, told, pcs, does } = setUp();
    does(() => stage.state(broken, pcs[0]));
    for (let times = 0; times < 6; times += 1) {
      does(() => stage.apply({ type: 'assign', incident: 1, by: 'Meera', to: 'technician' }));
      does(() => stage.apply({ type: 'snooze', incident: 1, by: 'Meera', until: stage.now() + 1_000 }));
    }
    const order = async () => [
      await show.view.act(1, 'Meera', { type: 'assign', to: 'technician' }),
      await show.view.act(1, 'Meera', { type: 'snooze', until: stage.now() + 1_000 }),
    ];
    expect(await order()).toEqual(['often', 'often']);
    expect([await show.view.act(1, 'Meera', { type: 'acknowledge' }), told.length]).toEqual(['done', 1]);
    stage.live(3_600_000, pcs[0]);
    expect(await order()).toEqual(['done', 'done']);
    show.close();
  });

  test('an incident in its clear time shows since when its fault is gone and until when it is watched; an ended incident shows neither', async () => {
    const { stage, show, pcs, does, listen, clock } = setUp({ count: 1 });
    const { frames } = listen();
    const [pc = ''] = pcs;
    const watched = () => show.view.incidents().at(-1)?.faults[0]?.watched;
    const goes = () =>
      does(() => {
        stage.lost(pc);
        stage.pass(91_000);
      });
    const returns = (session: number) => does(() => stage.birth(pc, { session }));
    goes();
    expect(watched()).toBeUndefined();
    returns(2);
    // A silence that ends for the first time closes at once.
    expect(show.view.incidents()).toMatchObject([{ over: 'cleared' }]);
    expect(watched()).toBeUndefined();
    goes();
    returns(3);
    const [second] = show.view.incidents().filter(({ over }) => over === null);
    const since = stage.now();
    expect(second?.faults).toMatchObject([{ fault: 'pc.silent', watched: { since, until: since + 600_000 } }]);
    await clock.pass(1_000);
    expect(frames.at(-1)?.incidents?.at(-1)?.faults).toEqual(second?.faults);
    does(() => stage.live(600_000, pc));
    expect(show.view.incident(second?.id ?? 0)).toMatchObject({ over: 'cleared', overAt: since + 600_000 });
    expect(show.view.incident(second?.id ?? 0)?.faults[0]).not.toHaveProperty('watched');
    show.close();
  });

  test('an offline PC and its incident show the cause, live and after the return; an online PC shows none', async () => {
    const { stage, show, pcs, does, listen, clock } = setUp();
    const { frames } = listen('all');
    const [pc = ''] = pcs;
    does(() => stage.apply({ type: 'gasp', pc, boot: 'b1', session: 1, runtimeMs: null }));
    does(() => {
      stage.lost(pc);
      stage.pass(60_000);
      for (const other of pcs.slice(1)) stage.beat(other);
      stage.pass(31_000);
    });
    const from = stage.engine.memory.pcs.get(pc)?.absence?.from;
    // A low battery alone is weak evidence: a person may have unplugged the PC.
    const outage = { cause: 'power-cut', confidence: 0.55, sureness: 'open', from };
    expect(show.view.pcs('all').map((one) => one.outage)).toEqual([outage, null, null]);
    expect(show.view.incidents()).toMatchObject([{ outage: { ...outage, to: null } }]);
    await clock.pass(1_000);
    expect(frames.at(-1)).toMatchObject({ pcs: [{ pc, outage }], incidents: [{ outage: { ...outage, to: null } }] });
    does(() => stage.birth(pc, { session: 2, boot: 'b2' }));
    expect(show.view.pcs('all').map((one) => one.outage)).toEqual([null, null, null]);
    expect(show.view.incident(1)).toMatchObject({
      outage: { ...outage, to: stage.now() },
    });
    does(() => stage.state(broken, pcs[1]));
    expect(show.view.incidents().find(({ scope }) => scope === pcs[1])?.outage).toBeNull();
    await clock.pass(1_000);
    expect(frames.at(-1)?.incidents?.find(({ scope }) => scope === pcs[1])).not.toHaveProperty('outage');
    show.close();
  });
});

test("an account acts under its person's name in the incident and under the account in the audit log", async () => {
  const { stage, show, told, pcs, does } = setUp();
  does(() => stage.state(broken, pcs[0]));
  expect(show.view.names('technician')).toEqual(['आशा कुमारी', 'technician']);
  expect(await show.view.act(1, 'technician', { type: 'acknowledge' })).toBe('done');
  expect(told).toEqual([
    [
      { type: 'acknowledge', by: 'आशा कुमारी', incident: 1 },
      { who: 'technician', what: 'acknowledge', about: 'incident 1' },
    ],
  ]);
  does(() => stage.apply({ type: 'acknowledge', incident: 1, by: 'आशा कुमारी' }));
  expect([await show.view.act(1, 'Meera', { type: 'withdraw' }), await show.view.act(1, 'technician', { type: 'withdraw' })]).toEqual([
    'late',
    'done',
  ]);
  show.close();
});

test('R18a after a receive gap a PC is shown as `unheard` until it is seen or judged silent', async () => {
  const { show, stage, clock, pcs, does, listen } = setUp();
  const [dead = '', alive = ''] = pcs;
  const shown = (pc: string) => show.view.pcs('all').find((one) => one.pc === pc);
  const heardAt = stage.now();
  stage.apply({ type: 'unsubscribed', slow: true });
  stage.pass(200_000, 10_000);
  stage.subscribe();
  show.all();
  const nation = listen();
  expect(shown(dead)).toMatchObject({ presence: 'unheard', readiness: 'unknown', incident: null, outage: null });
  expect(show.view.sites()[0]).toMatchObject({ readiness: 'unknown', why: { reason: 'unheard' }, quietSince: heardAt });
  await clock.pass(15_000);
  for (const pc of pcs.slice(1)) stage.beat(pc);
  expect(shown(alive)).toMatchObject({ presence: 'online', readiness: 'ready' });
  await clock.pass(16_000);
  expect(nation.frames.flatMap(({ sites = [] }) => sites.map(({ readiness }) => readiness)).slice(-2)).toEqual(['ready', 'ready']);
  does(() => stage.pass(150_000, 10_000));
  expect(shown(dead)).toMatchObject({ presence: 'silent' });
  show.close();
});

const second = 1_000;
const minute = 60 * second;

/** A site whose two PCs were lost together for an unknown cause. */
function lostSite() {
  const nation = setUp({ count: 2, each: 2 });
  const { stage, pcs, show, does, clock } = nation;
  const [back = '', away = '', ...others] = pcs;
  does(() => {
    stage.lost(back);
    stage.lost(away);
    passOf(2 * minute);
  });
  const shown = () => show.view.pcs('all').find(({ pc }) => pc === away)?.outage;
  const told = () => show.view.incidents().find(({ scope }) => scope === away)?.outage;
  /** Advances time while the PCs in `there` send beats. */
  function passOf(ms: number, there: readonly string[] = others): void {
    for (let left = ms; left > 0; left -= minute) {
      for (const pc of there) stage.beat(pc);
      stage.pass(Math.min(left, minute));
    }
  }
  return { ...nation, clock, back, away, others, shown, told, passOf };
}

test('the outage of an offline PC shows whether another PC of its site is online', async () => {
  const { does, stage, back, away, others, shown, told, listen, clock, passOf, show } = lostSite();
  expect(shown()).toMatchObject({ cause: 'undetermined' });
  expect(shown()).not.toHaveProperty('beside');
  const { frames } = listen('kerala/kozhikode-1' as PcChoice);
  does(() => stage.birth(back, { session: 2, apartMs: minute }));
  expect(shown()).toMatchObject({ cause: 'undetermined', beside: true });
  await clock.pass(250);
  const isOf = ({ pc }: { pc: string }) => pc === away;
  expect(frames.at(-1)?.pcs?.find(isOf)?.outage).toMatchObject({ beside: true });
  // The PC that is still offline gets its own incident when that of the site ends.
  does(() => passOf(20 * minute, [back, ...others]));
  expect(told()).toMatchObject({ cause: 'undetermined', beside: true, to: null });
  await clock.pass(250);
  expect(frames.flatMap(({ incidents = [] }) => incidents).findLast(({ scope }) => scope === away)?.outage).toMatchObject({ beside: true });
  does(() => stage.lost(back, 2));
  expect(shown()).not.toHaveProperty('beside');
  does(() => stage.birth(away, { session: 2 }));
  expect(shown()).toBeNull();
  show.close();
});

test('a beat of another PC of the site updates the outage of the offline PC', async () => {
  const { stage, pcs, show, does, clock, listen } = setUp({ count: 2, each: 2 });
  const [back = '', away = ''] = pcs;
  does(() => {
    stage.lost(back);
    stage.pass(20 * second);
    stage.birth(back, { session: 2 });
    stage.pass(second);
    stage.lost(away);
  });
  const { frames } = listen('all');
  const outage = () => show.view.pcs('all').find(({ pc }) => pc === away)?.outage;
  expect(outage()).toMatchObject({ cause: 'undetermined' });
  expect(outage()).not.toHaveProperty('beside');
  stage.pass(second);
  stage.beat(back);
  await clock.pass(15_250);
  expect(frames.flatMap((frame) => frame.pcs ?? []).map((one) => [one.pc, one.outage?.beside])).toEqual([[away, true]]);
  show.close();
});
