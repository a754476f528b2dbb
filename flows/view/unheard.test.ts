import { expect, test } from 'vitest';
import { setUp } from './live.test-helper.ts';

test('R18a a PC that died in a gap of the centre was shown ready until it was judged: it is unheard, until it is heard or judged', async () => {
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
