/** A simulated push service, and browsers that decrypt its messages. */
import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Device } from '../../../engine/records/notices.ts';

/** A browser: its secrets, and the server key for which it subscribed. */
type Browser = { secret: Buffer; auth: string; key?: string | undefined };

/** Decrypts a push message as a browser does (RFC 8188, RFC 8291). Throws if it was encrypted for another browser. */
export function opened(body: Buffer, { secret, auth }: Browser): string {
  const own = createECDH('prime256v1');
  own.setPrivateKey(secret);
  const [salt, idLength] = [body.subarray(0, 16), body.readUInt8(20)];
  const sender = body.subarray(21, 21 + idLength);
  const derive = (key: Buffer, by: Buffer, info: Buffer, bytes: number) => Buffer.from(hkdfSync('sha256', key, by, info, bytes));
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), own.getPublicKey(), sender]);
  const shared = derive(own.computeSecret(sender), Buffer.from(auth, 'base64url'), info, 32);
  const key = derive(shared, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16);
  const nonce = derive(shared, salt, Buffer.from('Content-Encoding: nonce\0'), 12);
  const record = body.subarray(21 + idLength);
  if (body.length > 4_096 || record.length > body.readUInt32BE(16)) throw new Error('longer than a push service takes');
  const decipher = createDecipheriv('aes-128-gcm', key, nonce);
  decipher.setAuthTag(record.subarray(-16));
  const plain = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]);
  const end = plain.findLastIndex((byte) => byte !== 0);
  if (plain[end] !== 2) throw new Error('not the last record');
  return plain.subarray(0, end).toString();
}

export type Pushed = { headers: IncomingHttpHeaders; text: string; at: string };

/** Overrides the response of the service; undefined keeps the normal one. */
export type PushAnswer = (response: ServerResponse, path: string) => true | undefined;

/** Starts the service on loopback. `device` creates a browser behind it. */
export async function pushService(answer: PushAnswer = () => undefined) {
  const browsers = new Map<string, Browser>();
  const pushed: Pushed[] = [];
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    const path = request.url ?? '';
    if (answer(response, path)) return;
    const browser = browsers.get(path);
    if (browser === undefined) return void response.writeHead(410).end();
    if (!isKnown(request.headers, origin(), browser.key)) return void response.writeHead(403).end();
    if (!/^\d+$/.test(`${request.headers['ttl']}`) || request.headers['content-encoding'] !== 'aes128gcm')
      return void response.writeHead(400).end();
    pushed.push({ headers: request.headers, text: opened(body, browser), at: path });
    response.writeHead(201).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    pushed,
    /** `key`: the server key for which it subscribed; absent: accepts any. */
    device(name: string, key?: string): Device {
      const pair = createECDH('prime256v1');
      const p256dh = pair.generateKeys().toString('base64url');
      const auth = randomBytes(16).toString('base64url');
      browsers.set(`/send/${name}`, { secret: pair.getPrivateKey(), auth, key });
      return { endpoint: `${origin()}/send/${name}`, p256dh, auth };
    },
    leave: (name: string) => void browsers.delete(`/send/${name}`),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * Checks the VAPID header (RFC 8292): signed by the named key, for this service, for at most 24 h. The key must be that of the
 * subscription.
 */
function isKnown({ authorization = '' }: IncomingHttpHeaders, origin: string, own: string | undefined): boolean {
  const [, said = '', mark = '', k = ''] = /^vapid t=([\w-]+\.[\w-]+)\.([\w-]+), k=([\w-]{87})$/.exec(authorization) ?? [];
  if (own !== undefined && own !== k) return false;
  const point = Buffer.from(k, 'base64url');
  const part = (from: number) => point.subarray(from, from + 32).toString('base64url');
  const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: part(1), y: part(33) }, format: 'jwk' });
  if (!verify('sha256', Buffer.from(said), { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(mark, 'base64url'))) return false;
  const { aud, exp, sub } = JSON.parse(Buffer.from(said.split('.')[1] ?? '', 'base64url').toString());
  const lifeS = exp - Date.now() / 1_000;
  return aud === origin && lifeS > 0 && lifeS <= 24 * 60 * 60 && /^(mailto:|https:)/.test(sub);
}
