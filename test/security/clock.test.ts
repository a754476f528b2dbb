/** S9: tests which certificates an agent accepts as the server, with a right clock and with one at 1970. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer as createPlainServer, type Socket } from 'node:net';
import { createServer } from 'node:tls';
import { serverSubjects } from '@sabha/contracts';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Identity } from '../../agent/identity/identity.ts';
import { type PortState, probeTcpPort } from '../../agent/link/net/reach.ts';
import { createPeerCheck, dial } from '../../agent/uplink/tls.ts';
import { type Authority, createAuthority, type Issued, selfSigned, type Wanted } from './authority.ts';

const second = 1 / 86_400;
const server: Wanted = { cn: serverSubjects.broker, use: 'server', hosts: ['localhost'] };
const future = { fromDays: 1, toDays: 90 };

let ours: Authority & { key: string };
let next: Authority;
let foreign: Authority;
let between: Authority & { key: string };
let own: Issued;

beforeAll(async () => {
  ours = await createAuthority('Sabha one');
  next = await createAuthority('Sabha two');
  foreign = await createAuthority('Sabha one'); // An authority with the same name as ours and another key.
  between = await createAuthority('Sabha between', { root: ours.root, key: ours.key });
  // This PC was enrolled ten days ago.
  own = await ours.issue({ cn: 'ladakh.leh.pc-1', use: 'client', fromDays: -10, toDays: 355 });
});

type Shown = Issued | Promise<Issued>;
const chained = async () => {
  const issued = await between.issue(server);
  return { ...issued, pem: issued.pem + between.root };
};
const rogueChain = async () => {
  const issued = await foreign.issue({ ...server, ...future });
  return { ...issued, pem: issued.pem + ours.root };
};
/** A certificate signed by an enrolled PC as if it were an authority; its chain ends at our root. */
const byPc = async () => {
  const pc = await createAuthority('Sabha between', { root: own.pem, key: own.key });
  const issued = await pc.issue(server);
  return { ...issued, pem: issued.pem + pc.root + own.pem };
};

const table: [what: string, shown: () => Shown, right: 'in' | 'out', dead: 'in' | 'out'][] = [
  ['in force', () => ours.issue(server), 'in', 'in'],
  ['of the authority that takes over', () => next.issue(server), 'in', 'in'],
  ['with one between it and the root', chained, 'in', 'in'],
  // Without a valid clock an expired certificate is accepted, unless it expired before this PC was enrolled.
  ['ended 1 s ago', () => ours.issue({ ...server, fromDays: -30, toDays: -second }), 'out', 'in'],
  ['ended 30 days ago', () => ours.issue({ ...server, fromDays: -60, toDays: -30 }), 'out', 'out'],
  ['from tomorrow on', () => ours.issue({ ...server, ...future }), 'out', 'in'],
  ['self-signed, from tomorrow on', () => selfSigned({ ...server, ...future }), 'out', 'out'],
  ['self-signed in the name of our root, from tomorrow on', () => selfSigned({ ...server, ...future, cn: 'Sabha one' }), 'out', 'out'],
  ['of an authority with our name, from tomorrow on', rogueChain, 'out', 'out'],
  ['signed by a PC of ours', byPc, 'out', 'out'],
  ['for another host', () => ours.issue({ ...server, hosts: ['elsewhere'] }), 'out', 'out'],
  ['with the host as its common name alone', () => ours.issue({ cn: 'localhost', use: 'server' }), 'out', 'out'],
  ['of the other door of the centre', () => ours.issue({ ...server, cn: serverSubjects.centre }), 'out', 'out'],
  ['of a PC', () => ours.issue({ ...server, use: 'client' }), 'out', 'out'],
  ['made for nothing', () => ours.issue({ ...server, use: 'none' }), 'out', 'out'],
];

test.each(table)('S9 a certificate %s', async (_what, shown, right, dead) => {
  const port = await listening(await shown());
  const by = async (now: number) => {
    const dialled = await dial(identityAt(port), () => now);
    if (dialled.ok) dialled.socket.destroy();
    return dialled.ok ? 'in' : 'out';
  };
  const outcome = { right: await by(Date.now()), dead: await by(Date.UTC(1970, 0, 1)) };
  expect(outcome).toEqual({ right, dead });
  // The check `path` accepts the same certificates.
  const greeted = async (now: number) => ((await greetedAt(port, now)) === 'proven' ? 'in' : 'out');
  expect({ right: await greeted(Date.now()), dead: await greeted(Date.UTC(1970, 0, 1)) }).toEqual({ right, dead });
});

test('the check of the path distinguishes wrong dates, another server, a closed connection and no response', async () => {
  expect(await greetedAt(await listening(await ours.issue({ ...server, ...future })))).toBe('undated');
  expect(await greetedAt(await listening(await foreign.issue(server)))).toBe('stranger');
  expect(await greetedAt(await listening(await foreign.issue({ ...server, ...future })))).toBe('stranger');
  expect(await greetedAt(await listening(await ours.issue(server), 'TLSv1.2'))).toBe('ended');
  expect(await greetedAt(await plain((socket) => socket.write('HTTP/1.1 302 Found\r\n\r\n')))).toBe('stranger');
  expect(await greetedAt(await plain((socket) => socket.end()))).toBe('ended');
  expect(await greetedAt(await plain((socket) => socket.resetAndDestroy()))).toBe('ended');
  const over = new AbortController();
  expect(await greetedAt(await plain(() => over.abort()), Date.now(), over.signal)).toBe('mute');
});

test('S9 dates are ignored only if the clock is before the start of this PC’s certificate', async () => {
  const port = await listening(await ours.issue({ ...server, ...future }));
  const began = new X509Certificate(own.pem).validFromDate.getTime();
  expect((await dial(identityAt(port), () => began)).ok).toBe(false);
  const dialled = await dial(identityAt(port), () => began - 1);
  expect(dialled.ok).toBe(true);
  if (dialled.ok) dialled.socket.destroy();
});

test('a server with TLS 1.2 only and a closed port are reported with their reason', async () => {
  const port = await listening(await ours.issue(server), 'TLSv1.2');
  expect(await dial(identityAt(port), Date.now)).toEqual({ ok: false, reason: expect.stringMatching(/protocol version/) });
  expect(await dial(identityAt(1), Date.now)).toEqual({ ok: false, reason: expect.stringMatching(/ECONNREFUSED/) });
});

async function listening({ key, pem }: Issued, maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3'): Promise<number> {
  const listener = createServer({ key, cert: pem, maxVersion }, (socket) => socket.on('error', () => {}).resume());
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  onTestFinished(() => void listener.close());
  return (listener.address() as AddressInfo).port;
}

/** Starts a plain TCP server that calls `says` at the first data of a client. */
async function plain(says: (socket: Socket) => unknown): Promise<number> {
  const listener = createPlainServer((socket) => socket.on('error', () => {}).once('data', () => says(socket)));
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  onTestFinished(() => void listener.close());
  return (listener.address() as AddressInfo).port;
}

function greetedAt(port: number, now = Date.now(), signal = new AbortController().signal): Promise<PortState> {
  const greet = createPeerCheck(
    () => identityAt(port),
    () => now,
  );
  return probeTcpPort({ host: '127.0.0.1', port }, { used: () => {}, signal }, greet);
}

function identityAt(mqttPort: number): Identity {
  return {
    pc: 'ladakh/leh/pc-1',
    centre: { host: 'localhost', mqttPort, enrolPort: 1, centreKey: null },
    key: own.key,
    chain: own.pem,
    certificate: new X509Certificate(own.pem),
    roots: [ours.root, next.root],
  };
}
