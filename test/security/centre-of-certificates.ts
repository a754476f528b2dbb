/** A server for enrolment tests: EST and the address of the broker, over HTTPS. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { serverSubjects, writeEnrolCode } from '@sabha/contracts';
import { type Authority, asPkcs7, type Wanted } from './authority.ts';

const secret = Buffer.from('0123456789abcdef0123456789', 'hex');

export type CentreOptions = {
  authority: Authority;
  /** Response of `cacerts`; absent = the root of the authority. */
  roots?: string[];
  pc: string;
  mqttPort: number;
  /** Certificate of the server; absent = a valid one of the authority. */
  server?: Partial<Wanted>;
};

export async function startCentreOfCertificates({ authority, roots = [authority.root], pc, mqttPort, server = {} }: CentreOptions) {
  const own = await authority.issue({ cn: serverSubjects.centre, use: 'server', hosts: ['localhost', '127.0.0.1'], ...server });
  const tls = { key: own.key, cert: own.pem, ca: roots, requestCert: true, rejectUnauthorized: false };
  const code = writeEnrolCode(secret, derOf(authority.root));
  const state = {
    roots,
    asked: [] as string[],
    wanted: { cn: pc, use: 'client', toDays: 365 } as Omit<Wanted, 'key'>,
    answers: {} as Record<string, [number, string]>,
  };
  const https = createServer(tls, (request, response) => {
    void answer(request).then(([status, text]) => response.writeHead(status).end(text));
  });

  async function answer(request: IncomingMessage): Promise<[status: number, text: string]> {
    const url = request.url ?? '';
    state.asked.push(url);
    const forced = state.answers[url];
    if (forced) return forced;
    if (url === '/.well-known/est/cacerts') return [200, asPkcs7(...state.roots)];
    if (url === '/.well-known/sabha/centre') return [200, JSON.stringify({ mqtt: { port: mqttPort }, centreKey: null })];
    const body = await bodyOf(request);
    if (url === '/.well-known/est/simpleenroll' && request.headers.authorization !== basic(code)) return [401, 'no such code'];
    if (url === '/.well-known/est/simplereenroll' && !(request.socket as TLSSocket).authorized) return [403, 'no certificate'];
    const issued = await authority.issueTo(Buffer.from(body, 'base64'), state.wanted);
    return [200, asPkcs7(authority.root, issued.pem)];
  }

  https.listen(0, '127.0.0.1');
  await once(https, 'listening');
  return {
    port: (https.address() as AddressInfo).port,
    code,
    state,
    async stop() {
      https.close();
      https.closeAllConnections();
      await once(https, 'close');
    },
  };
}

function basic(code: string): string {
  return `Basic ${Buffer.from(`pc:${code.replaceAll('-', '').slice(0, 20)}`).toString('base64')}`;
}

export function derOf(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) text += part;
  return text;
}
