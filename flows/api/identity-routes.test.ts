import { expect, test } from 'vitest';
import type { CodeRequest } from '../pki/enrolment.ts';
import { smallTree } from '../sites/sites.test-helper.ts';
import { routesOf } from './routes.test-helper.ts';
import { emptySiteOrders } from './scripted-view.test-helper.ts';

const [centre, pcs] = ['https://sabha.example.org:8443', ['ladakh/leh/vc-1', 'ladakh/leh/vc-2']];

const post = async (url: string, payload: object) => {
  const wanted: CodeRequest[] = [];
  const makeCode = async (asked: CodeRequest) => {
    wanted.push(asked);
    if (asked.site === 'ladakh/leh') return { ok: true, code: 'AAAAA', uses: 2, ends: 9 } as const;
    return { ok: false, missing: asked.site === 'ladakh/nubra', line: `not for ${asked.site}` } as const;
  };
  const cancelCodes = async (site: string) => (site === 'ladakh/leh' ? 2 : 0);
  const identity = { ...emptySiteOrders(smallTree()), makeCode, cancelCodes, door: centre };
  const { status, body } = await routesOf({ identity }).post(url, payload);
  return { status, body, wanted };
};

test('an enrolment code is made for one site, by default for 24 hours and for each PC of the site', async () => {
  expect(await post('/api/enrol-codes', { site: 'ladakh/leh', by: 'Anil' })).toEqual({
    status: 201,
    body: { code: 'AAAAA', uses: 2, ends: 9, centre, pcs },
    wanted: [{ site: 'ladakh/leh', uses: undefined, hours: 24, by: 'Anil' }],
  });
  expect(await post('/api/enrol-codes', { site: 'ladakh/nubra', by: 'Anil' })).toMatchObject({
    status: 404,
    body: { message: 'not for ladakh/nubra' },
  });
  expect((await post('/api/enrol-codes', { site: 'ladakh/old', by: 'Anil' })).status).toBe(409);
});

test.each([
  [{ site: 'ladakh', by: 'Anil' }],
  [{ site: 'ladakh/leh' }],
  [{ site: 'ladakh/leh', by: 'Anil', uses: 0 }],
  [{ site: 'ladakh/leh', by: 'Anil', uses: 1_001 }],
  [{ site: 'ladakh/leh', by: 'Anil', hours: 721 }],
  [{ site: 'ladakh/leh', by: 'Anil', code: 'my own' }],
])('an enrolment code with the body %j is refused with 400', async (payload) => {
  expect(await post('/api/enrol-codes', payload)).toMatchObject({ status: 400, wanted: [] });
});

test('the open codes of a site are cancelled, or 404 if the site has none', async () => {
  expect(await post('/api/enrol-codes/cancel', { site: 'ladakh/leh', by: 'Anil' })).toMatchObject({ status: 200, body: { cancelled: 2 } });
  expect(await post('/api/enrol-codes/cancel', { site: 'ladakh/kargil', by: 'Anil' })).toMatchObject({ status: 404 });
  expect(await post('/api/enrol-codes/cancel', { by: 'Anil' })).toMatchObject({ status: 400 });
});

test('revoking an unknown PC returns 404', async () => {
  expect(await post('/api/pcs/ladakh/leh/vc-9/revoke', { by: 'Anil' })).toMatchObject({
    status: 404,
    body: { message: 'there is no PC ladakh/leh/vc-9' },
  });
  expect((await post('/api/pcs/ladakh/leh/vc-9/revoke', {})).status).toBe(400);
});
