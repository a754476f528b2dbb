// @module-tag long
/** S2: guesses from a thousand addresses. `enrolment.test.ts` has those of one. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ask, enrol, newRequest, openRig, type Rig } from './enrolment-rig.ts';

const one = 'ladakh.leh.vc-1';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

test('S2 an enrolment code: 1,000 guesses within a minute give 0 certificates and one finding from the fifth on, and neither ledger nor memory is flooded', async () => {
  const code = await rig.code();
  const { body } = await newRequest(one);
  const statuses: number[] = [];
  for (let round = 0; round < 40; round++) {
    const guesses = Array.from({ length: 25 }, async (_, n) => {
      const password = String(round * 25 + n).padStart(20, '0');
      const { status } = await ask(rig, { path: 'est/simpleenroll', body, password, from: `127.0.${round}.${n + 2}` });
      statuses.push(status);
    });
    await Promise.all(guesses);
    expect(rig.findings.map(([, reason]) => reason)).toEqual([
      null,
      expect.stringMatching(/^no office known: five refusals in ten minutes/),
    ]);
  }
  expect(statuses.filter((status) => status === 200)).toEqual([]);
  expect(statuses.filter((status) => status === 429).length).toBe(940);
  expect(rig.issued()).toBe(0);
  expect(rig.audit()).toHaveLength(61);
  expect((await enrol(rig, one, code)).status).toBe(200);
});
