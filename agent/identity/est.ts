/** HTTPS requests to the server: trusted roots and certificates (EST, RFC 7030), and the address of the broker. */
import { X509Certificate } from 'node:crypto';
import { type RequestOptions, request } from 'node:https';
import { isIP } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, type PeerCertificate, type TLSSocket } from 'node:tls';
import { urlToHttpOptions } from 'node:url';
import { certificatesIn, codeOf, isPcPath, oneLine, serverAuth, serverSniName, serverSubjects, translateLine } from '@sabha/contracts';
import * as v from 'valibot';
import { type CountBytes, meteredTlsFor } from '../link/net/meter.ts';
import { centreKey, type FailureCause, isSignedByRoot, port, type Result } from './identity.ts';

/**
 * How to verify the server and authenticate this PC. Without `roots`, or with `verifiedByCaller`, TLS verifies nothing, and the caller must
 * verify the response.
 */
export type Trust = { roots?: string[]; key?: string; chain?: string; verifiedByCaller?: boolean };
/** HTTPS address of the server and how to verify it; `used` counts wire bytes. */
export type HttpsServer = { host: string; port: number; trust: Trust; used?: CountBytes | undefined };

const timeoutMs = 30_000;
/** Resolution of an HTTP date. */
const dateStepMs = 1_000;
const answerLimitBytes = 64 * 1024;

const place = v.pipe(v.string(), v.parseJson(), v.object({ mqtt: v.object({ port }), centreKey: v.optional(centreKey, null) }));

const words = v.object({ en: v.string(), hi: v.string() });
const codePcs = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ pcs: v.array(v.object({ pc: v.pipe(v.string(), v.check(isPcPath)), room: words, open: v.boolean() })) }),
);
/** PC that an enrolment code covers: its path, its room, and `open`, which is false if the code cannot enrol it. */
export type CodePc = v.InferOutput<typeof codePcs>['pcs'][number];

export function fetchRoots(endpoint: HttpsServer): Promise<Result<X509Certificate[]>> {
  return ask(endpoint, { path: '/.well-known/est/cacerts' }, certificatesOf);
}

/**
 * Requests a certificate (PKCS#10) with its intermediates. A password authenticates the first request; the certificate in `trust`
 * authenticates a renewal.
 */
export function fetchCertificate(endpoint: HttpsServer, asked: { request: Buffer; password?: string }): Promise<Result<X509Certificate[]>> {
  const { request, password } = asked;
  const headers = {
    'content-type': 'application/pkcs10',
    'content-transfer-encoding': 'base64',
    ...(password !== undefined && withPassword(password)),
  };
  const path = `/.well-known/est/${password === undefined ? 'simplereenroll' : 'simpleenroll'}`;
  return ask(endpoint, { path, method: 'POST', headers, body: request.toString('base64') }, certificatesOf);
}

export function fetchPcs(endpoint: HttpsServer, password: string): Promise<Result<CodePc[]>> {
  return ask(endpoint, { path: '/.well-known/sabha/pcs', headers: withPassword(password) }, (text) => v.parse(codePcs, text).pcs);
}

/** Fetches the port of the broker, and the public key that verifies the commands of the server. */
export function fetchBrokerAddress(endpoint: HttpsServer): Promise<Result<{ mqttPort: number; centreKey: string | null }>> {
  return ask(endpoint, { path: '/.well-known/sabha/centre' }, (text) => {
    const { mqtt, centreKey } = v.parse(place, text);
    return { mqttPort: mqtt.port, centreKey };
  });
}

/**
 * Returns how far the clock of this PC is ahead of the server, from the date of a response. The error is at most half of `roundTripMs`.
 * Guarantee: it accepts only a certificate of the server, with any validity dates, because a wrong clock makes them invalid.
 */
export async function fetchClock(endpoint: HttpsServer, limitMs: number): Promise<Result<{ clockOffsetMs: number; roundTripMs: number }>> {
  const sentUp = performance.now();
  const signal = AbortSignal.timeout(limitMs);
  const read = (_text: string, date: string, by: PeerCertificateInfo) => {
    if (!by.authorized && !isUndated(by, endpoint)) throw new Error('this is not the Sabha server');
    const roundTripMs = performance.now() - sentUp + dateStepMs;
    const clockOffsetMs = Date.now() - roundTripMs / 2 - v.parse(v.pipe(v.number(), v.finite()), Date.parse(date));
    return { clockOffsetMs: Math.round(clockOffsetMs), roundTripMs: Math.round(roundTripMs) };
  };
  const { host, port, trust, used } = endpoint;
  return ask({ host, port, trust: { ...trust, verifiedByCaller: true }, used }, { path: '/.well-known/sabha/centre', signal }, read);
}

/** Certificate that the peer showed, and whether the roots verify it. */
type PeerCertificateInfo = { authorized: boolean; shown: X509Certificate | undefined };

function isUndated({ shown }: PeerCertificateInfo, { host, trust: { roots = [] } }: HttpsServer): boolean {
  if (shown?.subject !== `CN=${serverSubjects.centre}` || !shown.keyUsage?.includes(serverAuth)) return false;
  const named = isIP(host) ? shown.checkIP(host) : shown.checkHost(host, { subject: 'never' });
  return named !== undefined && isSignedByRoot(shown, roots);
}

function withPassword(password: string) {
  return { authorization: `Basic ${Buffer.from(`pc:${password}`).toString('base64')}` };
}

/** Sends a request and reads its response. Never rejects: a failure becomes one line of text. */
async function ask<T>(
  { host, port, trust, used = () => undefined }: HttpsServer,
  asked: RequestOptions & { path: string; body?: string },
  read: (text: string, date: string, by: PeerCertificateInfo) => T | Promise<T>,
): Promise<Result<T>> {
  const at = `${host}:${port}`;
  let answer: HttpResponse;
  try {
    const tls = { host, port, ...endpointTlsOptions(host, trust) };
    answer = await send({ ...tls, createConnection: meteredTlsFor(tls, used), ...asked });
  } catch (error) {
    const cause = causes.find(([codes]) => codes.test(codeOf(error)))?.[1] ?? 'other';
    return { ok: false, line: `${at}: ${failureText(error)}`, cause };
  }
  const { status, text, date, by } = answer;
  if (status !== 200) {
    const said = oneLine(text, 200).trim();
    return { ok: false, line: `${at} answered ${status}: ${said || 'nothing more'}`, cause: causeOfAnswer(status, said) };
  }
  try {
    return { ok: true, value: await read(text, date, by) };
  } catch {
    return { ok: false, line: `${at}: the answer of ${asked.path} cannot be read`, cause: 'other' };
  }
}

/**
 * Returns TLS options that verify the HTTPS service of the server.
 * Guarantee: they accept only a certificate for this host and this service. The certificate of the broker has the same authority and host
 * names, but another subject.
 */
function pinnedTlsOptions(host: string, roots: readonly string[]): ConnectionOptions {
  const problem = (_name: string, shown: PeerCertificate) =>
    shown.subject.CN === serverSubjects.centre
      ? checkServerIdentity(host, shown)
      : new Error('its certificate is not that of the Sabha server');
  return { ca: [...roots], servername: serverSniName, checkServerIdentity: problem, minVersion: 'TLSv1.3' };
}

/** Returns TLS options for a URL of the server; without roots the system's trust store applies. */
export function serverTlsOptions(url: string, roots: readonly string[] | undefined): ConnectionOptions {
  const { hostname, port } = urlToHttpOptions(new URL(url));
  // `urlToHttpOptions` returns an IPv6 address without brackets.
  const host = hostname ?? '';
  const bySystem = { servername: isIP(host) === 0 ? host : '', minVersion: 'TLSv1.3' as const };
  return { host, port: Number(port || 443), ...(roots === undefined ? bySystem : pinnedTlsOptions(host, roots)) };
}

/** Returns TLS options for a request. An empty `ca` trusts no authority; a missing one would use the system's trust store. */
function endpointTlsOptions(host: string, { roots, key, chain, verifiedByCaller = false }: Trust): ConnectionOptions {
  const own = key === undefined || chain === undefined ? {} : { key, cert: chain };
  return { ...pinnedTlsOptions(host, roots ?? []), ...own, rejectUnauthorized: roots !== undefined && !verifiedByCaller };
}

type HttpResponse = { status: number; text: string; date: string; by: PeerCertificateInfo };

function send({ body, ...options }: RequestOptions & { body?: string }): Promise<HttpResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
  const sent = request({ signal: AbortSignal.timeout(timeoutMs), ...options }, (response) => {
    let text = '';
    const socket = response.socket as TLSSocket;
    const by = { authorized: socket.authorized, shown: socket.getPeerX509Certificate() };
    response.setEncoding('utf8');
    response.on('data', (part: string) => {
      text += part;
      if (text.length > answerLimitBytes) response.destroy(new Error('the answer is too long'));
    });
    response.on('end', () => resolve({ status: response.statusCode ?? 0, text, date: response.headers.date ?? '', by }));
    response.on('error', reject);
  });
  sent.on('error', reject);
  sent.end(body);
  return promise;
}

function failureText(error: unknown): string {
  const code = codeOf(error);
  if (code === 'ABORT_ERR' || (error as Error).name === 'TimeoutError') return `no answer in ${timeoutMs / 1_000} s`;
  const known = translateLine(code, 'en');
  return known === code ? (error as Error).message || code : known;
}

/** Causes of a failed request, by error codes of the operating system and of TLS. */
const causes: readonly (readonly [RegExp, FailureCause])[] = [
  [/^(?:ENOTFOUND|ENODATA|ENONAME)$/, 'name'],
  [/^(?:EAI_AGAIN|ESERVFAIL|ETIMEOUT|E(?:NET|HOST)(?:UNREACH|DOWN)|EADDRNOTAVAIL)$/, 'network'],
  [/^(?:ECONN(?:REFUSED|RESET|ABORTED)|EPIPE|ETIMEDOUT|ABORT_ERR)$/, 'silence'],
  [/^CERT_(?:NOT_YET_VALID|HAS_EXPIRED)$/, 'clock'],
];

/**
 * Returns the cause of an HTTP error. The server delays only wrong codes (429). Status 400 and 403 refuse the PC, so a retry is useless.
 */
function causeOfAnswer(status: number, said: string): FailureCause | undefined {
  if (status === 401 || status === 429 || said.startsWith('this code is for ')) return 'code';
  return status === 400 || status === 403 ? undefined : 'other';
}

/** Parses a list of certificates (PKCS#7 in base64). */
function certificatesOf(text: string): X509Certificate[] {
  const list = certificatesIn(Buffer.from(text, 'base64')).map((one) => new X509Certificate(one));
  if (list.length === 0) throw new Error('an empty list');
  return list;
}
