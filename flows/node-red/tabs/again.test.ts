import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Act } from '../../engine/records/incidents.ts';
import { type Live, now, startLive, wireMessage } from '../tabs.test-helper.ts';

let live: Live;

beforeAll(async () => {
  live = await startLive();
});
afterAll(() => live.stop());

/** Who is told, and who waits for a next level. */
const pathOf = (acts: readonly Act[]) => acts.map((act) => (act.do === 'wait' ? act.node : act.to.join()));

test.each(['microphone.missing', 'pc.silent', 'outage.site', 'centre.plane'])(
  'R21 what is told once more of %s goes to whoever was on it at first, and to the next level after that',
  async (fault) => {
    const transition = { id: 1, offer: 1, kind: 'raised', at: now, again: 'lapsed' } as const;
    const message = wireMessage({ fault, faults: [fault], holdMs: 0, to: ['asha'], transition });
    const [first] = await live.offer([{ message }]);
    const [next] = await live.offer([{ message, node: 'escalate-15-min' }]);
    expect(pathOf(first?.message.acts ?? [])).toEqual(['asha', 'asha', 'asha', 'escalate-15-min']);
    expect(pathOf(next?.message.acts ?? [])).toEqual(['state', 'state', 'state', 'escalate-45-min']);
  },
);
