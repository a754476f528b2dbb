/** Serves enrolment as `flows` does: real TLS, a real ledger and the real registry file. Only time and the site table are simulated. */
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeCertRequest, makeKey, makeSigningKeys, openSnapshot, type RegistryEntry } from '@sabha/contracts';
import fastify, { type FastifyInstance } from 'fastify';
import type { Op } from '../../flows/engine/records/ops.ts';
import type { SiteChange } from '../../flows/engine/records/sites.ts';
import { testClock } from '../../flows/notify/people/people.test-helper.ts';
import { type Authority, openAuthority } from '../../flows/pki/authority.ts';
import { type Pki, type ServerTls, startPki } from '../../flows/pki/pki.ts';
import { openRegistry } from '../../flows/pki/registry.ts';
import { createSiteOperations } from '../../flows/sites/site-orders.ts';
import { smallTree } from '../../flows/sites/sites.test-helper.ts';
import { createTree } from '../../flows/sites/table.ts';
import { openInThread } from '../../flows/storage/ledger/ledger.ts';
import { loadX509 } from '../x509.ts';

export type Answer = { status: number; headers: Record<string, unknown>; text: string };
export type Client = { key: string; cert: string };
export type Rig = Awaited<ReturnType<typeof openRig>>;

type RigOptions = {
  prepare?: (folder: string) => void | Promise<void>;
};

type EnrolmentServer = { port: number; use(tls: ServerTls): void; close(): Promise<void> };

/** Serves only enrolment, with the TLS settings of the public HTTPS port. */
async function serve(pki: Pki): Promise<EnrolmentServer> {
  const asked = { requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.3' } as const;
  const app = fastify({ https: { ...pki.tls(), ...asked }, forceCloseConnections: true });
  pki.addEst(app as unknown as FastifyInstance);
  await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    port: (app.server.address() as AddressInfo).port,
    use: (fresh) => app.server.setSecureContext({ ...fresh, minVersion: 'TLSv1.3' }),
    close: () => app.close(),
  };
}

export async function openRig({ prepare = () => {} }: RigOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-enrolment-'));
  const [file, caFolder] = [join(folder, 'registry.json'), join(folder, 'ca')];
  const [db, clock] = [new DatabaseSync(':memory:'), testClock()];
  const key = createPrivateKey(makeSigningKeys().privateKey);
  const ledger = openInThread(db);
  let offsetMs = 0;
  const now = () => Date.now() + offsetMs;
  await prepare(caFolder);
  const authority = await openAuthority(caFolder, { now, random: randomBytes });
  const log = { info() {}, warn() {}, error() {} };
  const publish = await openRegistry({ ledger, clock, file, key, roots: authority.roots, admitted: [], log });
  await ledger.commit(smallTree().map((node) => ({ op: 'node', node })));
  const tree = createTree(await ledger.load(), () => undefined);
  const sites = {
    table: tree.table,
    entry: tree.entry,
    async apply(change: SiteChange, ops: readonly Op[] = []) {
      await ledger.commit([...tree.change(change, now()).ops, ...ops]);
      await publish(change.registry);
    },
  };
  const findings: [string, string | null][] = [];
  let server: EnrolmentServer | undefined;
  const pki = await startPki({
    authority,
    folder: caFolder,
    https: { names: ['centre.test'] },
    onHttps: (tls) => server?.use(tls),
    codes: (await ledger.registry()).codes,
    sites,
    record: async (ops) => {
      await ledger.commit([...ops]);
      return true;
    },
    say: (fault, reason) => void findings.push([fault, reason]),
    broker: { request: join(folder, 'server.csr'), certificate: join(folder, 'server.pem') },
    centre: { mqtt: { port: 8_883 }, centreKey: null },
    now,
    settledAt: now,
    clock,
    random: randomBytes,
    log,
  });
  server = await serve(pki);
  const { port } = server;
  const siteOrders = createSiteOperations({
    ...sites,
    records: () => new Map(),
    wanted: () => 1,
    now,
    newToken: () => 'token',
    rollout: () => null,
    release: async () => {},
  });
  const rows = (sql: string) => db.prepare(sql).all();
  return {
    authority,
    siteOrders,
    apply: sites.apply,
    clock,
    findings,
    port,
    /** Shifts the time of the server without waiting. */
    later: (ms: number) => {
      offsetMs += ms;
    },
    code: async (site = 'ladakh/leh', uses?: number) => {
      const made = await pki.makeCode({ site, uses, hours: 24, by: 'Asha' });
      if (!made.ok) throw new Error(made.line);
      return made.code;
    },
    /** Returns the entry of a PC in the registry snapshot for the broker. */
    entry: (pc: string): RegistryEntry | undefined => {
      const opened = openSnapshot(readFileSync(file, 'utf8'), createPublicKey(key));
      if (!opened.ok) throw new Error(opened.reason);
      return opened.value.pcs.find((one) => one.pc === pc);
    },
    audit: (): string[] => rows('SELECT who, what, about FROM audit ORDER BY id').map((row) => Object.values(row).join(' | ')),
    everything: (): string =>
      ['meta', 'registry', 'audit', 'nodes'].map((table) => JSON.stringify(rows(`SELECT * FROM ${table}`))).join('\n'),
    issued: (): number => rows("SELECT 1 FROM audit WHERE what = 'certificate issued'").length,
    async close() {
      await server?.close();
      pki.close();
      await ledger.close();
      rmSync(folder, { recursive: true });
    },
  };
}

export type Asked = {
  path: string;
  body?: string;
  password?: string;
  client?: Client;
  headers?: Record<string, string>;
  /** Loopback address of the client other than 127.0.0.1. */
  from?: string;
};

/** Sends one request over TLS. Trusts the server only by its root and name. */
export function ask(rig: Pick<Rig, 'authority' | 'port'>, { path, body, password, client, headers = {}, from }: Asked): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const authorization = password === undefined ? {} : { authorization: `Basic ${Buffer.from(`pc:${password}`).toString('base64')}` };
  const sent = request(
    {
      host: '127.0.0.1',
      port: rig.port,
      path: `/.well-known/${path}`,
      method: body === undefined ? 'GET' : 'POST',
      ca: [...rig.authority.roots],
      servername: 'centre.test',
      agent: false,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/pkcs10' }), ...authorization, ...headers },
      ...client,
      ...(from === undefined ? {} : { localAddress: from }),
    },
    (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      response.on('error', reject);
    },
  );
  sent.on('error', reject).end(body);
  return promise;
}

export async function newRequest(name: string): Promise<{ key: string; body: string }> {
  const key = makeKey();
  return { key, body: makeCertRequest(key, name).der.toString('base64') };
}

/** Enrols a PC; `cert` is empty if the server refused. */
export async function enrol(rig: Pick<Rig, 'authority' | 'port'>, name: string, password: string, from?: string) {
  const { key, body } = await newRequest(name);
  const answer = await ask(rig, { path: 'est/simpleenroll', body, password, ...(from === undefined ? {} : { from }) });
  const [cert = ''] = answer.status === 200 ? await certificatesOf(answer.text) : [];
  return { ...answer, key, cert };
}

export async function renew(rig: Pick<Rig, 'authority' | 'port'>, client: Client | undefined, name: string) {
  const { key, body } = await newRequest(name);
  const answer = await ask(rig, { path: 'est/simplereenroll', body, ...(client && { client: { key: client.key, cert: client.cert } }) });
  const [cert = ''] = answer.status === 200 ? await certificatesOf(answer.text) : [];
  return { ...answer, key, cert };
}

/** Returns the certificates of an EST response, PEM. */
export async function certificatesOf(base64: string): Promise<string[]> {
  const { X509Certificates } = await loadX509();
  return [...new X509Certificates(Buffer.from(base64, 'base64'))].map((one) => one.toString('pem'));
}

/** Returns a server certificate with the name of a PC, signed directly by the authority. */
export async function serverCertificate(authority: Authority): Promise<Client> {
  const key = makeKey();
  const { pem } = await authority.issue({ kind: 'server', name: 'ladakh.leh.vc-1', names: ['centre.test'] }, createPublicKey(key));
  return { key, cert: pem };
}
