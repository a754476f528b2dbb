/** A TLS connection to the centre, which is believed by the pinned roots alone: the system's own authorities count for nothing. */
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { codeOf, doors, serverAuth } from '@sabha/contracts';
import { comesFrom, type Identity } from '../identity/identity.ts';
import { meteredTls, type OnMessage, type Used } from '../link/net/meter.ts';
import type { Greet, Greeting } from '../link/net/reach.ts';

/** `message` counts one more message on the wire. */
export type Dialled = { ok: true; socket: TLSSocket; message: OnMessage } | { ok: false; reason: string };

const timeoutMs = 30_000;

/**
 * Connects with the certificate of this PC. Never rejects.
 * Guarantee: whoever answers holds the key of the broker's certificate for the centre's host, made for servers, from a pinned root, and in
 * force. Only where the clock of this PC is certainly wrong is it not asked about the dates: it would keep a PC with a flat battery away for ever.
 */
export async function dial(identity: Identity, now: () => number, used: Used = () => undefined): Promise<Dialled> {
  const made = await meteredTls(optionsOf(identity, now()), used).catch((error: Error) => error);
  return made instanceof Error ? { ok: false, reason: made.message || codeOf(made) } : believed(made, identity);
}

function believed({ socket, message }: { socket: TLSSocket; message: OnMessage }, identity: Identity): Promise<Dialled> {
  const { promise, resolve } = Promise.withResolvers<Dialled>();
  const fail = (reason: string) => {
    socket.destroy();
    resolve({ ok: false, reason });
  };
  socket.setTimeout(timeoutMs, () => fail(`no answer in ${timeoutMs / 1_000} s`));
  socket.on('error', (error) => fail(error.message)).once('close', () => fail('the centre ended the connection'));
  socket.once('secureConnect', () => {
    const problem = problemOf(socket.getPeerX509Certificate(), identity);
    if (problem !== null) return fail(problem);
    socket.setTimeout(0);
    socket.setNoDelay(true);
    resolve({ ok: true, socket, message });
  });
  return promise;
}

/** Who answers on a connection, by the rules of `dial`: told, and nothing more is said to it. */
export function greeter(identity: () => Identity, now: () => number): Greet {
  return (raw) => {
    const { promise, resolve } = Promise.withResolvers<Greeting>();
    const own = identity();
    const socket = connect({ ...optionsOf(own, now()), rejectUnauthorized: false, socket: raw });
    socket.once('secureConnect', () => {
      const isStranger = problemOf(socket.getPeerX509Certificate(), own) !== null;
      resolve(isStranger ? 'stranger' : socket.authorized || isClockDead(own, now()) ? 'proven' : 'undated');
    });
    // Where it speaks of TLS at all it may be the centre that refuses; what else it says is not TLS.
    socket.on('error', (error) => resolve(/ALERT|ECONNRESET|EPIPE/.test(codeOf(error)) ? 'ended' : 'stranger'));
    socket.once('close', () => resolve('ended'));
    return promise;
  };
}

/** True before this PC's own certificate began: that moment has been, so the clock is wrong. */
function isClockDead({ certificate }: Identity, now: number): boolean {
  return now < certificate.validFromDate.getTime();
}

/** What speaks against a certificate of the centre, dates aside; null for nothing. What ended before this PC was enrolled is over on every clock. */
function problemOf(shown: X509Certificate | undefined, { certificate, centre: { host }, roots }: Identity): string | null {
  if (shown === undefined) return 'the centre shows no certificate';
  if (!shown.keyUsage?.includes(serverAuth)) return 'the certificate of the centre is not made for a server';
  if (shown.subject !== `CN=${doors.broker}`) return 'the certificate of the centre is not that of its broker';
  const named = isIP(host) ? shown.checkIP(host) : shown.checkHost(host, { subject: 'never' });
  if (named === undefined) return `the certificate of the centre is not for ${host}`;
  if (shown.validToDate < certificate.validFromDate) return 'the certificate of the centre has ended';
  return comesFrom(shown, roots) ? null : 'the certificate of the centre is not from the authority of this PC';
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
    rejectUnauthorized: !isClockDead(identity, now),
  };
}
