/** EST routes with a scripted authority. `test/security/enrolment.test.ts` covers them over real TLS. */

import fastify from 'fastify';
import { expect, test, vi } from 'vitest';
import type { Authority } from './authority.ts';
import { addEst } from './pki.ts';

function setUp(pkcs7: Authority['pkcs7']) {
  const app = fastify();
  const authority = { roots: ['root'], pkcs7 } as unknown as Authority;
  const enrolment = { enrol: vi.fn(), pcsOf: vi.fn(), renew: vi.fn() };
  addEst(app, { authority, centre: { mqtt: { port: 1 }, centreKey: null }, log: { error: vi.fn() } }, enrolment);
  return () => app.inject('/.well-known/est/cacerts');
}

test('the CA certificates are encoded once for any number of requests', async () => {
  const pkcs7 = vi.fn(async () => 'A'.repeat(100));
  const ask = setUp(pkcs7);
  const answers = [await ask(), ...(await Promise.all(Array.from({ length: 500 }, ask)))];
  for (const { statusCode, body } of answers) expect([statusCode, body]).toEqual([200, `${'A'.repeat(76)}\n${'A'.repeat(24)}\n`]);
  expect(pkcs7).toHaveBeenCalledExactlyOnceWith(['root']);
});

test('a failed encoding is retried at the next request', async () => {
  const ask = setUp(vi.fn<Authority['pkcs7']>().mockRejectedValueOnce(new Error('no memory')).mockResolvedValue('AA'));
  expect([(await ask()).statusCode, (await ask()).statusCode]).toEqual([503, 200]);
});
