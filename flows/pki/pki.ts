/** Starts and maintains everything about certificates: enrolment of PCs, and the server certificates of HTTPS and the broker. */
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { type Clock, commonNameOf, makeKey, modes, oneLine, repeat, replaceFile, serialOf, serverSubjects } from '@sabha/contracts';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Log } from '../settings.ts';
import { type Authority, readTextFile } from './authority.ts';
import { type CertificateResult, createEnrolment, type Enrolment, type EnrolmentOptions } from './enrolment.ts';

const sweepEveryMs = 60 * 60_000;
/** Time for which the finding stays open after the last alarm: a day, so that people see it in the morning. */
const mistypedMs = 24 * 60 * 60_000;
/** Limit of a request body. A request with an RSA key of 4096 bits fits. */
const bodyLimitBytes = 8 * 1024;
const certificates = 'application/pkcs7-mime';
const noCode = { ok: false, status: 401, line: 'the enrolment code is missing: send it as the password' } as const;
/** Each route authenticates the sender itself. */
const machine = { config: { machine: true } } as const;
const lookEveryMs = 2_000;
/** Share of its lifetime that remains when a certificate is renewed. */
const leftShare = 1 / 3;

export type PkiOptions = Omit<EnrolmentOptions, 'onAlarm' | 'clock'> & {
  clock: Clock;
  log: Log;
  folder: string;
  /** Further host names of the server, besides this machine's own. Undefined = no HTTPS. */
  https: { names: readonly string[] } | undefined;
  /** The broker's certificate request, and the file for its certificate. */
  broker: { request: string; certificate: string } | undefined;
  /** Facts that a PC needs at enrolment: the broker's port for PCs, and the public key for commands (PEM). */
  centre: { mqtt: { port: number }; centreKey: string | null };
  /** Called with the HTTPS certificate at the start and after each renewal. */
  onHttps(tls: ServerTls): void;
  /** Reports a finding of the server, or its end (null). */
  say(fault: 'centre.enrolment_refused', reason: string | null): void;
};

export type Pki = Awaited<ReturnType<typeof startPki>>;

export async function startPki(options: PkiOptions) {
  const { clock, log } = options;
  const mistyping = createMistypingAlarm(options);
  const enrolment = createEnrolment({ ...options, onAlarm: mistyping.alarm });
  const servers = await keepServerKeys(options);
  const sweep = () =>
    enrolment
      .removeExpired()
      .catch(({ message }: Error) => log.warn({}, `certificates that are over stay in the registry for now: ${message}`));
  const endSweep = repeat(clock, sweepEveryMs, sweep);
  return {
    ...enrolment,
    tls: servers.tls,
    addEst: (app: FastifyInstance) => addEst(app, options, enrolment),
    close() {
      endSweep();
      mistyping.close();
      servers.close();
    },
  };
}

/** Reports repeated wrong codes as a finding. Further alarms for the same site only extend it, so a flood of codes writes nothing. */
function createMistypingAlarm({ clock, say }: Pick<PkiOptions, 'clock' | 'say'>) {
  let cancel = () => {};
  let named: string | null = null;
  const over = () => {
    named = null;
    say('centre.enrolment_refused', null);
  };
  // Clears a finding left open by the previous process.
  over();
  return {
    alarm(address: string, site: string | null): void {
      cancel();
      cancel = clock.after(mistypedMs, over);
      const origin = site ?? 'no office known';
      if (named === origin) return;
      named = origin;
      say('centre.enrolment_refused', `${origin}: five refusals in ten minutes, the last from ${address}`);
    },
    close: () => cancel(),
  };
}

/** Key, certificate and the roots of client certificates, in PEM. */
export type ServerTls = { key: string; cert: string; ca: string[] };

/**
 * Enrolment over the network: EST (RFC 7030) under `/.well-known/est/`, the address of the broker, and the PCs of a code.
 * Unknown machines can reach only these routes. The server speaks TLS and requests a client certificate without requiring it.
 */
export function addEst(
  app: FastifyInstance,
  { authority, centre, log }: Pick<PkiOptions, 'authority' | 'centre'> & { log: Pick<Log, 'error'> },
  enrolment: Pick<Enrolment, 'enrol' | 'pcsOf' | 'renew'>,
): void {
  // Cached, because the response is the same for all until the next start, and unknown machines can request it at will.
  let made: string | undefined;
  const cacerts = async () => {
    made ??= wrappedBase64(await authority.pkcs7(authority.roots));
    return made;
  };
  // A separate scope, because its content types and its plain-text errors apply to no other route.
  app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('application/pkcs10', { parseAs: 'string', bodyLimit: bodyLimitBytes }, (_request, body, done) =>
      done(null, body),
    );
    scope.setErrorHandler((error: FastifyError, _request, reply) => failed(error, reply, log));
    scope.get('/.well-known/sabha/centre', machine, () => centre);
    scope.get('/.well-known/sabha/pcs', machine, async (request, reply) => {
      const password = passwordOf(request.headers.authorization);
      if (password === undefined) return sendRefusal(reply, noCode);
      const told = await enrolment.pcsOf({ address: request.ip, password });
      return told.ok ? { pcs: told.pcs } : sendRefusal(reply, told);
    });
    scope.get('/.well-known/est/cacerts', machine, async (_request, reply) => sent(reply, await cacerts(), certificates));
    scope.post('/.well-known/est/simpleenroll', machine, async (request, reply) => {
      const password = passwordOf(request.headers.authorization);
      if (password === undefined) return sendRefusal(reply, noCode);
      const given = await enrolment.enrol({ address: request.ip, password, request: textOf(request) });
      return sendCertificate(reply, authority, given);
    });
    scope.post('/.well-known/est/simplereenroll', machine, async (request, reply) => {
      const client = clientOf(request.raw.socket as TLSSocket, authority);
      if (client === undefined)
        return sendRefusal(reply, { ok: false, status: 403, line: 'no valid certificate of this server: enrol with a code' });
      const given = await enrolment.renew({ address: request.ip, ...client, request: textOf(request) });
      return sendCertificate(reply, authority, given);
    });
    done();
  });
}

/** Removes line breaks from base64; PEM keeps them. */
function textOf({ body }: FastifyRequest): string {
  const text = typeof body === 'string' ? body : '';
  return text.includes('-----BEGIN') ? text : text.replaceAll(/\s/g, '');
}

/** Returns the password of HTTP Basic authentication; the user name is ignored. */
function passwordOf(header: string | undefined): string | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1];
  const pair = encoded && Buffer.from(encoded, 'base64').toString('utf8');
  return pair?.includes(':') ? pair.slice(pair.indexOf(':') + 1) : undefined;
}

/**
 * Returns name and serial number of the client certificate.
 * Guarantee: TLS has verified the certificate for a client, and one of this server's own roots signed it, whatever else TLS trusts.
 */
function clientOf(socket: TLSSocket, { roots }: Authority): { name: string; serial: string } | undefined {
  const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
  if (certificate === undefined) return undefined;
  const ours = roots
    .map((pem) => new X509Certificate(pem))
    .some((root) => certificate.checkIssued(root) && certificate.verify(root.publicKey));
  const name = commonNameOf(certificate);
  return ours && name !== undefined ? { name, serial: serialOf(certificate) } : undefined;
}

async function sendCertificate(reply: FastifyReply, authority: Authority, done: CertificateResult): Promise<FastifyReply> {
  if (!done.ok) return sendRefusal(reply, done);
  return sent(reply, wrappedBase64(await authority.pkcs7([done.certificate])), `${certificates}; smime-type=certs-only`);
}

/** Sends base64 in lines with a content-transfer-encoding header, as RFC 7030 requires. */
function sent(reply: FastifyReply, lines: string, type: string): FastifyReply {
  return reply.header('content-transfer-encoding', 'base64').type(type).send(lines);
}

function wrappedBase64(base64: string): string {
  return base64.replaceAll(/.{1,76}/g, '$&\n');
}

function sendRefusal(reply: FastifyReply, { status, line, waitMs = 0 }: Exclude<CertificateResult, { ok: true }>): FastifyReply {
  if (status === 401) reply.header('www-authenticate', 'Basic realm="enrolment code"');
  if (status === 429) reply.header('retry-after', Math.ceil(waitMs / 1_000));
  return reply.code(status).type('text/plain').send(`${line}\n`);
}

function failed(error: FastifyError, reply: FastifyReply, log: Pick<Log, 'error'>): FastifyReply {
  const { statusCode = 503, message } = error;
  if (statusCode < 500)
    return reply
      .code(statusCode)
      .type('text/plain')
      .send(`${oneLine(message, 120)}\n`);
  log.error({ err: error }, 'an enrolment failed');
  return reply.code(503).type('text/plain').send('the server cannot do this now: try again later\n');
}

export type ServerKeysOptions = Pick<PkiOptions, 'authority' | 'folder' | 'https' | 'broker' | 'now' | 'onHttps'> & {
  clock: Pick<Clock, 'after'>;
  log: Pick<Log, 'info' | 'warn'>;
};

/**
 * Keeps the HTTPS and broker certificates valid. Issues one if it is missing, at two thirds of its lifetime, or if request, names or
 * authority change.
 * Resolves after the first check. Guarantee: a file is replaced whole.
 */
export async function keepServerKeys(options: ServerKeysOptions) {
  const { authority, folder, https, clock, log } = options;
  const [keyFile, file] = [join(folder, 'https.key'), join(folder, 'https.pem')];
  if (https && !existsSync(keyFile)) replaceFile(keyFile, makeKey());
  const key = https && createPublicKey(createPrivateKey(readFileSync(keyFile)));
  const tls = (): ServerTls => ({ key: readFileSync(keyFile, 'utf8'), cert: readFileSync(file, 'utf8'), ca: [...authority.roots] });
  const broker = brokerOf(options);
  let warned = '';

  async function look(): Promise<void> {
    try {
      if (key && (await certify(options, { key, file, name: serverSubjects.centre }))) options.onHttps(tls());
      const asked = await broker();
      if (asked && (await certify(options, asked))) log.info({}, 'the broker has a new certificate');
      warned = '';
    } catch (error) {
      const { message } = error as Error;
      if (message !== warned) log.warn({}, `a certificate of the server cannot be made: ${message}`);
      warned = message;
    }
  }

  await look();
  /** Returns the current key and certificate of HTTPS, and the roots for client certificates. */
  return { tls, close: repeat(clock, lookEveryMs, look) };
}

/** Returns a function that parses the broker's request again only if its text has changed. */
function brokerOf({ broker, authority }: ServerKeysOptions): () => Promise<ServerKey | undefined> {
  let seen: { text: string; server: ServerKey } | undefined;
  return async () => {
    const text = broker && readTextFile(broker.request);
    if (broker === undefined || text === undefined || text === seen?.text) return text === undefined ? undefined : seen?.server;
    const request = await authority.readRequest(text);
    if (!request.ok) throw new Error(`${broker.request}: ${request.line}`);
    seen = { text, server: { key: request.value.publicKey, file: broker.certificate, name: serverSubjects.broker } };
    return seen.server;
  };
}

type ServerKey = { key: KeyObject; file: string; name: string };

/** Issues a certificate if the current one is not valid. Returns true if it did. */
async function certify(options: ServerKeysOptions, { key, file, name }: ServerKey): Promise<boolean> {
  const { authority, https, now } = options;
  const names = [...new Set([...(https?.names ?? []), 'localhost', '127.0.0.1'])];
  if (isUsableCertificate(readTextFile(file), { key, names, root: authority.rootDer, now: now() })) return false;
  const { pem } = await authority.issue({ kind: 'server', name, names }, key);
  // The mode is shared for both certificates, because the broker reads one. A certificate is public anyway.
  replaceFile(file, pem + new X509Certificate(authority.rootDer).toString(), modes.shared);
  return true;
}

function isUsableCertificate(
  pem: string | undefined,
  at: { key: KeyObject; names: readonly string[]; root: Buffer; now: number },
): boolean {
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
