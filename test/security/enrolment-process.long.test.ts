// @module-tag long
/** Tests enrolment with `flows` as a process, with its settings and files, and with a ledger restored from the day before. */
import { createPublicKey, X509Certificate } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeSigningKeys, openSnapshot, pinOf, readEnrolCode, serialOf } from '@sabha/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createParts, type Parts } from '../system/parts-under-test.ts';
import { freePorts, type Program } from '../system/processes.ts';
import { ask, certificatesOf, enrol, renew } from './enrolment-rig.ts';

let parts: Parts;
let flows: Program;
let port = 0;
const name = 'ladakh.leh.hall';
/** A separate key of the same kind, which signs commands. */
const commands = makeSigningKeys();

beforeEach(async () => {
  [port = 0] = await freePorts(1);
  parts = await createParts({ pcs: ['hall', 'office'], settings: { https: { host: '127.0.0.1', port, names: ['centre.test'] } } });
  writeFileSync(data('flows/centre.key'), commands.privateKey);
  flows = await start();
});
afterEach(() => parts.site.remove());

const data = (...path: string[]) => join(parts.site.data, ...path);
const start = () =>
  parts.start('flows', {
    SABHA_BROKER_CSR: data('broker/server.csr'),
    SABHA_BROKER_CERT: data('broker/server.pem'),
    SABHA_TLS_PORT: '9999',
    SABHA_CENTRE_KEY: data('flows/centre.key'),
  });

async function post(path: string, body: object): Promise<{ code: string }> {
  const headers = { 'content-type': 'application/json', ...parts.site.token() };
  const answer = await fetch(`http://127.0.0.1:${parts.site.ports.api}${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ by: 'Asha', ...body }),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? { code: '' } : ((await answer.json()) as { code: string });
}

function registry() {
  const opened = openSnapshot(
    readFileSync(data('broker/registry.json'), 'utf8'),
    createPublicKey(readFileSync(data('broker/registry.pub'))),
  );
  if (!opened.ok) throw new Error(opened.reason);
  return { ...opened.value, hall: opened.value.pcs.find(({ pc }) => pc === 'ladakh/leh/hall') };
}
const centre = () => ({ port, authority: { roots: registry().roots, rootDer: Buffer.alloc(0) } as never });

test('a code enrols a PC, and a restore of older flows data does not admit it again after its revocation', async () => {
  const { code } = await post('/api/enrol-codes', { site: 'ladakh/leh' });
  const read = readEnrolCode(code);
  if (!read.ok) throw new Error(read.line);
  const [root = ''] = await certificatesOf((await ask(centre(), { path: 'est/cacerts' })).text);
  expect(pinOf(new X509Certificate(root).raw)).toBe(read.value.pin);
  const pc = await enrol(centre(), name, read.value.secret);
  expect(registry().hall).toMatchObject({ revoked: false, certificates: [serialOf(new X509Certificate(pc.cert))] });
  expect(JSON.parse((await ask(centre(), { path: 'sabha/centre' })).text)).toEqual({
    mqtt: { port: 9_999 },
    centreKey: commands.publicKey,
  });
  expect(readdirSync(data('flows/ca')).map((file) => [file, statSync(data('flows/ca', file)).mode & 0o777])).toEqual(
    Object.entries({ 'ca.key': 0o600, 'https.key': 0o600, 'https.pem': 0o640, 'roots.pem': 0o600 }),
  );

  await flows.end('SIGTERM');
  cpSync(data('flows'), data('yesterday'), { recursive: true });
  flows = await start();
  expect((await renew(centre(), pc, name)).status).toBe(200);
  await post('/api/pcs/ladakh/leh/hall/revoke', {});
  const { version } = registry();
  expect(registry().hall).toMatchObject({ revoked: true, certificates: [], tokenHash: null });

  await flows.end('SIGTERM');
  rmSync(data('flows'), { recursive: true });
  renameSync(data('yesterday'), data('flows'));
  flows = await start();
  expect(flows.lines.filter(({ msg }) => msg.startsWith('the ledger is an older copy'))).toHaveLength(1);
  expect(registry()).toMatchObject({ version, hall: { revoked: true, certificates: [], tokenHash: null } });
  expect((await renew(centre(), pc, name)).status).toBe(403);
  expect((await enrol(centre(), name, code)).status).toBe(401);
  const fresh = (await post('/api/enrol-codes', { site: 'ladakh/leh' })).code;
  expect(await enrol(centre(), name, fresh)).toMatchObject({
    status: 403,
    text: 'ladakh/leh/hall is revoked: ask the central team to replace it\n',
  });
  await post('/api/pcs/ladakh/leh/hall/replace', {});
  expect((await enrol(centre(), name, fresh)).status).toBe(200);
});
