/** The embedded broker with its TLS port, and what `flows` does for the broker: certificate and registry. */
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { nameOf, type PcPath, type RegistryEntry, realClock, serverSubjects } from '@sabha/contracts';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { createBroker } from '../../broker/broker.ts';
import { brokerFiles, listeningLog } from '../contract/broker-under-test.ts';
import type { Authority, Issued, Wanted } from './authority.ts';

const host = '127.0.0.1';

export async function startSecureBroker(clock = realClock()) {
  const files = brokerFiles();
  const { lines, log, until } = listeningLog();
  const broker = await createBroker({ ...files.options, host, port: 0, tls: { host, port: 0 }, clock, log });
  let version = 0;
  return {
    port: broker.tlsPort ?? 0,
    plainPort: broker.port,
    folder: files.folder,
    lines,
    /** Publishes a registry. Resolves when the broker uses it. */
    async admit(entries: (Partial<RegistryEntry> & { pc: PcPath })[], roots: string[]) {
      version += 1;
      const inForce = until((line, fields) => line === 'registry snapshot in use' && 'version' in fields && fields.version === version);
      const pcs = entries.map((one) => ({ tokenHash: null, certificates: [], revoked: false, ...one }));
      files.put({ version, at: 0, pcs, roots });
      await inForce;
    },
    /** Signs the certificate request of the broker and stores the certificate. Resolves when the broker uses it. */
    async certify(authority: Authority, more: Partial<Wanted> = {}): Promise<Issued> {
      const inUse = until((line) => line === 'certificate of the broker in use');
      const issued = await certifyIn(files.folder, authority, more);
      await inUse;
      return issued;
    },
    replaceCertificate: (pem: string) => writeFileSync(join(files.folder, 'server.pem'), pem),
    async sample(series: string): Promise<number> {
      const line = (await broker.series.metrics()).split('\n').find((one) => one.startsWith(`${series} `));
      return Number(line?.slice(series.length + 1) ?? 0);
    },
    async stop() {
      await broker.close();
      rmSync(files.folder, { recursive: true });
    },
  };
}
export type SecureBroker = Awaited<ReturnType<typeof startSecureBroker>>;

/** Signs the certificate request in the folder of a broker and stores the certificate beside it. */
export async function certifyIn(folder: string, authority: Authority, more: Partial<Wanted> = {}): Promise<Issued> {
  const request = readFileSync(join(folder, 'server.csr'), 'utf8');
  const issued = await authority.issueTo(request, { cn: serverSubjects.broker, use: 'server', hosts: [host, 'localhost'], ...more });
  writeFileSync(join(folder, 'server.pem'), issued.pem);
  return issued;
}

/** Certificate of a client; `roots` are its trusted roots. */
export type Shown = { cert?: Issued; roots: string[] };

export async function join8883(port: number, pc: PcPath, { cert, roots }: Shown, options: IClientOptions = {}): Promise<MqttClient> {
  const name = nameOf(pc);
  const own = cert && { key: cert.key, cert: cert.pem };
  const secure = { ca: roots, servername: 'localhost', minVersion: 'TLSv1.3' as const, ...own };
  const client = mqtt.connect({
    host,
    port,
    protocol: 'mqtts',
    clientId: name,
    username: name,
    clean: true,
    reconnectPeriod: 0,
    ...secure,
    ...options,
  });
  await new Promise<void>((done, failed) => {
    client.once('connect', () => done());
    client.once('error', failed);
    client.once('close', () => failed(new Error('closed before CONNACK')));
  }).catch((error) => {
    client.end(true);
    throw error;
  });
  client.on('error', () => {});
  return client;
}

/** Opens a TLS socket. Resolves when the handshake is complete on the client's side. */
export async function bareTls(port: number, { cert, roots }: Shown, more: ConnectionOptions = {}): Promise<TLSSocket> {
  const own = cert && { key: cert.key, cert: cert.pem };
  const socket = connectTls({ host, port, ca: roots, servername: 'localhost', ...own, ...more });
  socket.on('error', () => {});
  await Promise.race([once(socket, 'secureConnect'), once(socket, 'close')]);
  return socket;
}
