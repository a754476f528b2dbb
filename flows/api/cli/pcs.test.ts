import { expect, test } from 'vitest';
import { operator } from './operator.test-helper.ts';

const { state, sabha } = operator();

test('pcs show says of an absent PC whether another PC of its site answers', async () => {
  const outage = { cause: 'undetermined', confidence: 0.5, sureness: 'open', from: 0 };
  const away = {
    pc: 'ladakh/leh/vc-1',
    room: { en: 'Hall', hi: 'हॉल' },
    presence: 'silent',
    config: { wanted: 1, held: 1 },
    checks: [],
    heardAt: 0,
    calledAt: null,
  };
  const shown = async (more: object) => {
    state().scripted['GET /api/pcs?site=ladakh%2Fleh'] = [{ ...away, readiness: 'unknown', why: null, outage: { ...outage, ...more } }];
    return (await sabha(['pcs', 'show', away.pc])).out;
  };
  expect(await shown({})).toMatch(/outage +not known yet, the site cannot be reached, since 1970/);
  expect(await shown({ beside: true })).toMatch(/outage +not known; another PC of the site answers, since 1970/);
});
