/** The certificates by which the centre proves itself to PCs: one for its HTTPS, and one that the broker asks for with a request of its own. */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { type Clock, codeOf, doors, makePrivateKey, modes, repeat, replaceFile } from '@sabha/contracts';
import type { Authority } from './authority.ts';
import type { ServerTls } from './est.ts';

/** Which servers have certificates of our authority, and who takes a new one into use. */
export type ServersOptions = {
  authority: Authority;
  /** The folder of the authority. */
  folder: string;
  /** The names by which the centre is reached, besides this machine's own. Undefined = nothing is served by HTTPS. */
  https: { names: readonly string[] } | undefined;
  /** The broker's request, and where it finds its certificate. */
  broker: { request: string; certificate: string } | undefined;
  /** The time of the machine, by which certificates are valid. */
  now(): number;
  clock: Pick<Clock, 'after'>;
  log: { info(fields: object, line: string): void; warn(fields: object, line: string): void };
  /** HTTPS has a certificate, or another than before. */
  onHttps(tls: ServerTls): void;
};

const lookEveryMs = 2_000;
/** What is left of its life when a certificate is made anew. */
const leftShare = 1 / 3;

/**
 * Keeps both certificates good: made where they are missing, made anew when two thirds of their life are over or when request, names or
 * authority are others. Resolves after the first look. Guarantee: a file is replaced whole.
 */
export async function keepServers(options: ServersOptions) {
  const { authority, folder, https, clock, log } = options;
  const [keyFile, file] = [join(folder, 'https.key'), join(folder, 'https.pem')];
  if (https && !existsSync(keyFile)) replaceFile(keyFile, makePrivateKey());
  const key = https && createPublicKey(createPrivateKey(readFileSync(keyFile)));
  const tls = (): ServerTls => ({ key: readFileSync(keyFile, 'utf8'), cert: readFileSync(file, 'utf8'), ca: [...authority.roots] });
  const broker = brokerOf(options);
  let warned = '';

  async function look(): Promise<void> {
    try {
      if (key && (await certify(options, { key, file, name: doors.centre }))) options.onHttps(tls());
      const asked = await broker();
      if (asked && (await certify(options, asked))) log.info({}, 'the broker has a new certificate');
      warned = '';
    } catch (error) {
      const { message } = error as Error;
      if (message !== warned) log.warn({}, `a certificate of the centre cannot be made: ${message}`);
      warned = message;
    }
  }

  await look();
  /** Key and certificate of HTTPS now, and the roots of the certificates that its clients show. */
  return { tls, close: repeat(clock, lookEveryMs, look) };
}

/** Reads the broker's request again where it is another one. */
function brokerOf({ broker, authority }: ServersOptions): () => Promise<Server | undefined> {
  let seen: { text: string; server: Server } | undefined;
  return async () => {
    const text = broker && textOf(broker.request);
    if (broker === undefined || text === undefined || text === seen?.text) return text === undefined ? undefined : seen?.server;
    const request = await authority.readRequest(text);
    if (!request.ok) throw new Error(`${broker.request}: ${request.line}`);
    seen = { text, server: { key: request.value.publicKey, file: broker.certificate, name: doors.broker } };
    return seen.server;
  };
}

type Server = { key: KeyObject; file: string; name: string };

/** True where the file was made anew. */
async function certify(options: ServersOptions, { key, file, name }: Server): Promise<boolean> {
  const { authority, https, now } = options;
  const names = [...new Set([...(https?.names ?? []), 'localhost', '127.0.0.1'])];
  if (isGood(textOf(file), { key, names, root: authority.rootDer, now: now() })) return false;
  const { pem } = await authority.issue({ kind: 'server', name, names }, key);
  // Of both certificates, since the broker reads one of them: what is in it every client is shown.
  replaceFile(file, pem + new X509Certificate(authority.rootDer).toString(), modes.shared);
  return true;
}

function isGood(pem: string | undefined, at: { key: KeyObject; names: readonly string[]; root: Buffer; now: number }): boolean {
  try {
    const certificate = new X509Certificate(pem ?? '');
    const [from, to] = [certificate.validFromDate.getTime(), certificate.validToDate.getTime()];
    return (
      certificate.publicKey.equals(at.key) &&
      certificate.verify(new X509Certificate(at.root).publicKey) &&
      at.names.every((name) => (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined) &&
      at.now >= from &&
      at.now < to - (to - from) * leftShare
    );
  } catch {
    return false;
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
