/**
 * Enrolment over the network: EST (RFC 7030) under `/.well-known/est/`, and where the broker of this centre is and which PCs a code is for. The
 * only door of `flows` that machines may knock at which nobody knows yet.
 */
import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { commonNameOf, oneLine, serialOf } from '@sabha/contracts';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Authority } from './authority.ts';
import type { Certified, Enrolment } from './enrolment.ts';

/** What the routes of EST answer with. */
export type EstOptions = {
  authority: Authority;
  enrolment: Pick<Enrolment, 'enrol' | 'pcsOf' | 'renew'>;
  /** What a PC needs to know of the centre: the port of the broker for PCs, and the public key of its commands, PEM. */
  centre: { mqtt: { port: number }; centreKey: string | null };
  log: { error(fields: object, line: string): void };
};

/** Key, certificate and the roots of those who show one, PEM. */
export type ServerTls = { key: string; cert: string; ca: string[] };

/** A request of RSA with 4096 bits would still fit. */
const bodyLimitBytes = 8 * 1024;
const certificates = 'application/pkcs7-mime';
const noCode = { ok: false, status: 401, line: 'the enrolment code is missing: send it as the password' } as const;
/** Each route looks for itself who asks. */
const machine = { config: { machine: true } } as const;

/** Adds the routes to a server that speaks TLS and asks for a certificate without insisting on one. */
export function addEst(app: FastifyInstance, { authority, enrolment, centre, log }: EstOptions): void {
  // The same for everybody until the next start, and whoever asks is a stranger: it is made once, when the first one asks.
  let made: string | undefined;
  const cacerts = async () => {
    made ??= inLines(await authority.pkcs7(authority.roots));
    return made;
  };
  // A scope of its own: its kinds of body and its errors, one line of plain text, are those of no other route.
  app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('application/pkcs10', { parseAs: 'string', bodyLimit: bodyLimitBytes }, (_request, body, done) =>
      done(null, body),
    );
    scope.setErrorHandler((error: FastifyError, _request, reply) => failed(error, reply, log));
    scope.get('/.well-known/sabha/centre', machine, () => centre);
    scope.get('/.well-known/sabha/pcs', machine, async (request, reply) => {
      const password = passwordOf(request.headers.authorization);
      if (password === undefined) return said(reply, noCode);
      const told = await enrolment.pcsOf({ address: request.ip, password });
      return told.ok ? { pcs: told.pcs } : said(reply, told);
    });
    scope.get('/.well-known/est/cacerts', machine, async (_request, reply) => sent(reply, await cacerts(), certificates));
    scope.post('/.well-known/est/simpleenroll', machine, async (request, reply) => {
      const password = passwordOf(request.headers.authorization);
      if (password === undefined) return said(reply, noCode);
      const given = await enrolment.enrol({ address: request.ip, password, request: textOf(request) });
      return answered(reply, authority, given);
    });
    scope.post('/.well-known/est/simplereenroll', machine, async (request, reply) => {
      const client = clientOf(request.raw.socket as TLSSocket, authority);
      if (client === undefined)
        return said(reply, { ok: false, status: 403, line: 'no valid certificate of this centre: enrol with a code' });
      const given = await enrolment.renew({ address: request.ip, ...client, request: textOf(request) });
      return answered(reply, authority, given);
    });
    done();
  });
}

/** Base64 may come in lines; PEM has them anyway. */
function textOf({ body }: FastifyRequest): string {
  const text = typeof body === 'string' ? body : '';
  return text.includes('-----BEGIN') ? text : text.replaceAll(/\s/g, '');
}

/** The password of HTTP Basic, whatever the user is called. */
function passwordOf(header: string | undefined): string | undefined {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? '')?.[1];
  const pair = encoded && Buffer.from(encoded, 'base64').toString('utf8');
  return pair?.includes(':') ? pair.slice(pair.indexOf(':') + 1) : undefined;
}

/**
 * Name and serial number of the certificate that the client has proved to hold.
 * Guarantee: TLS has verified it for a client, and one of our own roots signed it, whomever else the server may trust.
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

async function answered(reply: FastifyReply, authority: Authority, done: Certified): Promise<FastifyReply> {
  if (!done.ok) return said(reply, done);
  return sent(reply, inLines(await authority.pkcs7([done.certificate])), `${certificates}; smime-type=certs-only`);
}

/** As RFC 7030 has it: base64 in lines, and a header that says so. */
function sent(reply: FastifyReply, lines: string, type: string): FastifyReply {
  return reply.header('content-transfer-encoding', 'base64').type(type).send(lines);
}

function inLines(base64: string): string {
  return base64.replaceAll(/.{1,76}/g, '$&\n');
}

function said(reply: FastifyReply, { status, line, waitMs = 0 }: Exclude<Certified, { ok: true }>): FastifyReply {
  if (status === 401) reply.header('www-authenticate', 'Basic realm="enrolment code"');
  if (status === 429) reply.header('retry-after', Math.ceil(waitMs / 1_000));
  return reply.code(status).type('text/plain').send(`${line}\n`);
}

function failed(error: FastifyError, reply: FastifyReply, log: EstOptions['log']): FastifyReply {
  const { statusCode = 503, message } = error;
  if (statusCode < 500)
    return reply
      .code(statusCode)
      .type('text/plain')
      .send(`${oneLine(message, 120)}\n`);
  log.error({ err: error }, 'an enrolment failed');
  return reply.code(503).type('text/plain').send('the centre cannot do this now: try again later\n');
}
