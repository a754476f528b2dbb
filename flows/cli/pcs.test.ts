import { expect, test } from 'vitest';
import { operator } from './operator.test-helper.ts';

const { state, sabha } = operator();

test('of a PC whose site answers the site was said not to be reached', async () => {
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
  expect(await shown({})).toContain('silent: not known yet, the site cannot be reached, since');
  expect(await shown({ beside: true })).toContain('silent: not known; another PC of the site answers, since');
});
