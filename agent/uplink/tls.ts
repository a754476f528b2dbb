/** TLS connection to the broker. It trusts only the roots of the identity, not the certificate authorities of the operating system. */
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { codeOf, serverAuth, serverSubjects } from '@sabha/contracts';
import { type Identity, isSignedByRoot } from '../identity/identity.ts';
import { type CountBytes, meteredTls, type OnMessage } from '../link/net/meter.ts';
import type { CheckPeer, PeerState } from '../link/net/reach.ts';

/** Result of a TLS connect. `message` counts the wire bytes of one message. */
export type DialResult = { ok: true; socket: TLSSocket; message: OnMessage } | { ok: false; reason: string };

const timeoutMs = 30_000;

/**
 * Connects with the certificate of this PC. Never rejects.
 * Guarantee: the peer holds the key of a valid certificate for the broker at the server's host. That certificate permits server
 * authentication and comes from a trusted root. Its dates are not checked if the PC clock is certainly wrong; otherwise a PC with a flat
 * clock battery could never connect.
 */
export async function dial(identity: Identity, now: () => number, used: CountBytes = () => undefined): Promise<DialResult> {
  const made = await meteredTls(optionsOf(identity, now()), used).catch((error: Error) => error);
  return made instanceof Error ? { ok: false, reason: made.message || codeOf(made) } : verifyPeer(made, identity);
}

function verifyPeer({ socket, message }: { socket: TLSSocket; message: OnMessage }, identity: Identity): Promise<DialResult> {
  const { promise, resolve } = Promise.withResolvers<DialResult>();
  const fail = (reason: string) => {
    socket.destroy();
    resolve({ ok: false, reason });
  };
  socket.setTimeout(timeoutMs, () => fail(`no answer in ${timeoutMs / 1_000} s`));
  socket.on('error', (error) => fail(error.message)).once('close', () => fail('the server ended the connection'));
  socket.once('secureConnect', () => {
    const problem = certificateProblem(socket.getPeerX509Certificate(), identity);
    if (problem !== null) return fail(problem);
    socket.setTimeout(0);
    socket.setNoDelay(true);
    resolve({ ok: true, socket, message });
  });
  return promise;
}

/** Creates a check that identifies the peer of a TCP connection by the rules of `dial`. It sends nothing after the TLS handshake. */
export function createPeerCheck(identity: () => Identity, now: () => number): CheckPeer {
  return (raw) => {
    const { promise, resolve } = Promise.withResolvers<PeerState>();
    const own = identity();
    const socket = connect({ ...optionsOf(own, now()), rejectUnauthorized: false, socket: raw });
    socket.once('secureConnect', () => {
      const isStranger = certificateProblem(socket.getPeerX509Certificate(), own) !== null;
      resolve(isStranger ? 'stranger' : socket.authorized || isClockBehind(own, now()) ? 'proven' : 'undated');
    });
    // A TLS alert or a reset can come from the server itself. Any other error means that the peer does not speak TLS.
    socket.on('error', (error) => resolve(/ALERT|ECONNRESET|EPIPE/.test(codeOf(error)) ? 'ended' : 'stranger'));
    socket.once('close', () => resolve('ended'));
    return promise;
  };
}

/** Returns true if the clock shows a time before the certificate of this PC was issued. The clock is then wrong. */
function isClockBehind({ certificate }: Identity, now: number): boolean {
  return now < certificate.validFromDate.getTime();
}

/**
 * Returns what is wrong with the server's certificate apart from its dates; null if nothing. A certificate that expired before this PC was
 * enrolled is always wrong.
 */
function certificateProblem(shown: X509Certificate | undefined, { certificate, centre: { host }, roots }: Identity): string | null {
  if (shown === undefined) return 'the server shows no certificate';
  if (!shown.keyUsage?.includes(serverAuth)) return 'the certificate of the server is not made for a server';
  if (shown.subject !== `CN=${serverSubjects.broker}`) return 'the certificate of the server is not that of its broker';
  const named = isIP(host) ? shown.checkIP(host) : shown.checkHost(host, { subject: 'never' });
  if (named === undefined) return `the certificate of the server is not for ${host}`;
  if (shown.validToDate < certificate.validFromDate) return 'the certificate of the server has ended';
  return isSignedByRoot(shown, roots) ? null : 'the certificate of the server is not from the authority of this PC';
}

function optionsOf(identity: Identity, now: number): ConnectionOptions {
  const { centre, roots, key, chain } = identity;
  return {
    host: centre.host,
    port: centre.mqttPort,
    ...(isIP(centre.host) === 0 && { servername: centre.host }),
    ca: roots,
    key,
    cert: chain,
    minVersion: 'TLSv1.3',
    rejectUnauthorized: !isClockBehind(identity, now),
  };
}
