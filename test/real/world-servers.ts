/** Runs the servers in the world of a broken office: `world-servers.ts FOLDER LISTENERS`. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';

/**
 * How a listener responds:
 * - `ours` and `foreign`: TLS with a certificate of our authority or of another one
 * - `page`: a web page for any request
 * - `ends`: closes each connection
 * - `alert`: the TLS alert for a refusal
 * - `open`: no response
 */
export type Listener = { host: string; port: number; how: 'ours' | 'foreign' | 'page' | 'ends' | 'alert' | 'open' };

const page = 'HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\nContent-Length: 0\r\n\r\n';
/** A fatal `handshake_failure` alert. */
const alert = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28]);

function serve({ host, port, how }: Listener, folder: string): Server {
  const server = how === 'ours' || how === 'foreign' ? tlsServer(join(folder, `${how}.pem`)) : plainServer(how);
  server.on('connection', (socket: Socket) => socket.on('error', () => undefined));
  return server.listen(port, host);
}

function tlsServer(file: string): Server {
  const pem = readFileSync(file);
  return createTlsServer({ key: pem, cert: pem, minVersion: 'TLSv1.3' }, (socket) => socket.on('error', () => undefined)).on(
    'tlsClientError',
    () => undefined,
  );
}

function plainServer(how: 'page' | 'ends' | 'alert' | 'open'): Server {
  return createServer((socket) => {
    if (how === 'ends') socket.end();
    else socket.on('data', () => how !== 'open' && socket.end(how === 'page' ? page : alert));
  });
}

const [folder = '', listeners = '[]'] = process.argv.slice(2);
const all: Listener[] = JSON.parse(listeners);
await Promise.all(all.map((one) => once(serve(one, folder), 'listening')));
console.log('listening');
