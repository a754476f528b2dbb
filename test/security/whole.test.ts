/** Tests the identity of a PC with real programs: enrolment code, connection over mTLS, renewal and revocation. */
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PcView } from '@sabha/contracts';
import { afterEach, expect, test } from 'vitest';
import { renew } from '../../agent/identity/enrol.ts';
import { openIdentity } from '../../agent/identity/identity.ts';
import { selfSigned } from '../certificate.ts';
import { createParts, type Parts } from '../system/parts-under-test.ts';
import { freePorts, type Program, startProgram } from '../system/processes.ts';

const pc = 'ladakh/leh/office';
const patience = { timeout: 40_000, interval: 100 };
let parts: Parts | undefined;
afterEach(() => parts?.site.remove());

test('a PC enrols at a port with a certificate of the organisation, works over mTLS, renews, and is disconnected when revoked', {
  tags: ['long'],
}, async () => {
  const [https = 0, mqtts = 0] = await freePorts(2);
  const made = await createParts({
    pcs: ['hall', 'office'],
    settings: { https: { host: '127.0.0.1', port: https, names: ['centre.test'] } },
  });
  parts = made;
  const data = (...path: string[]) => join(made.site.data, ...path);
  const broker = await made.start('broker', { SABHA_TLS_HOST: '127.0.0.1', SABHA_TLS_PORT: `${mqtts}` });
  const files = { SABHA_BROKER_CSR: data('broker/server.csr'), SABHA_BROKER_CERT: data('broker/server.pem') };
  const organisation = selfSigned(['centre.test']);
  for (const [name, content] of Object.entries(organisation)) writeFileSync(data(`https.${name}`), content);
  await made.start('flows', {
    ...files,
    SABHA_HTTPS_KEY: data('https.key'),
    SABHA_HTTPS_CERT: data('https.cert'),
    SABHA_TLS_PORT: `${mqtts}`,
  });
  await broker.says('certificate of the broker in use');
  const api = `http://127.0.0.1:${made.site.ports.api}/api`;
  const post = (path: string, body: object) =>
    fetch(api + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...made.site.token() },
      body: JSON.stringify({ by: 'Asha', ...body }),
    });
  const { code } = (await (await post('/enrol-codes', { site: 'ladakh/leh', uses: 1 })).json()) as { code: string };

  const centre = `https://localhost:${https}`;
  const enrol = run(['agent/cli.ts', 'enrol', code, '--centre', centre, '--pc', pc, '--data', data('office')]);
  expect(await enrol.ended, enrol.errors.join()).toEqual({ code: 0, signal: null });
  const agent = run(['agent/main.ts'], { SABHA_DATA: data('office') });
  const shown = async () =>
    ((await (await fetch(`${api}/pcs`, { headers: made.site.token() })).json()) as PcView[]).find((one) => one.pc === pc);
  await expect.poll(async () => (await shown())?.presence, patience).toBe('online');
  const certificateCheck = async () => (await shown())?.checks.find(({ device }) => device === 'certificate');
  await expect.poll(certificateCheck, patience).toMatchObject({ component: 'agent', status: 'ok' });

  const folder = data('office', 'identity');
  const held = openIdentity(folder);
  if (!held.ok || held.value === undefined) throw new Error('no identity');
  const renewed = await renew(held.value, folder);
  expect(renewed).toMatchObject({ ok: true });
  expect(new X509Certificate(readFileSync(join(folder, 'certificate.pem'))).serialNumber).not.toBe(held.value.certificate.serialNumber);

  expect((await post(`/pcs/${pc}/revoke`, {})).ok).toBe(true);
  await agent.says('not connected: Connection refused: Not authorized');
  expect((await renew(held.value, folder)).ok).toBe(false);
  await agent.end('SIGKILL');
});

function run(args: string[], env: Record<string, string> = {}): Program {
  return startProgram({ args: ['--disable-warning=ExperimentalWarning', ...args], env: { PATH: process.env['PATH'], ...env } });
}
