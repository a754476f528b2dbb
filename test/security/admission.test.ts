/** Tests that TLS admits only PCs with a listed certificate, and disconnects a PC whose certificate is revoked (S1, S5). */
import { once } from 'node:events';
import { flowsFilters, hashToken, pcTopic, serialOf } from '@sabha/contracts';
import packets from 'mqtt-packet';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { tokenOf } from '../contract/broker-under-test.ts';
import { connect } from '../contract/peers.ts';
import { type Authority, createAuthority, type Issued, selfSigned } from './authority.ts';
import { bareTls, join8883, type SecureBroker, startSecureBroker } from './secure-broker.ts';

const pc = 'ladakh/leh/pc-1';
const name = 'ladakh.leh.pc-1';
const neighbour = 'ladakh/leh/pc-2';

let authority: Authority;
let other: Authority;
let good: Issued;
let broker: SecureBroker;

beforeAll(async () => {
  authority = await createAuthority('Sabha one');
  other = await createAuthority('Sabha two');
  good = await authority.issue({ cn: name, use: 'client' });
});
beforeEach(async () => {
  broker = await startSecureBroker();
  await broker.certify(authority);
});
afterEach(() => broker.stop());

const shown = (cert?: Issued) => ({ roots: [authority.root], ...(cert && { cert }) });
const entry = (...certs: Issued[]) => ({ pc, certificates: certs.map(({ serial }) => serial) });

describe('S1 a forged identity', () => {
  test('0 of 5 forged identities are admitted (other id, none, self-signed, other authority, server certificate), but the right one is', async () => {
    const forged: [string, Issued | undefined][] = [
      ['another id', await authority.issue({ cn: 'ladakh.leh.pc-2', use: 'client' })],
      ['none', undefined],
      ['self-signed', await selfSigned({ cn: name, use: 'client' })],
      ['another authority', await other.issue({ cn: name, use: 'client' })],
      ['made for servers', await authority.issue({ cn: name, use: 'server' })],
    ];
    const all = forged.flatMap(([, cert]) => cert ?? []);
    // The registry lists the serial numbers of all five, so each is refused because of the certificate itself.
    await broker.admit([entry(good, ...all), { pc: neighbour }], [authority.root]);
    const admitted: string[] = [];
    for (const [what, cert] of forged) {
      await join8883(broker.port, pc, shown(cert)).then(
        (client) => admitted.push(what) && client.end(true),
        () => undefined,
      );
    }
    expect(admitted).toEqual([]);
    const client = await join8883(broker.port, pc, shown(good));
    expect(client.connected).toBe(true);
    expect(await broker.sample('sabha_broker_clients{principal="pc"}')).toBe(1);
    client.end(true);
  });

  test('over TLS neither a token nor an unlisted certificate is admitted', async () => {
    const tokenHash = hashToken(tokenOf(pc));
    await broker.admit([{ pc, tokenHash }], [authority.root]);
    await expect(join8883(broker.port, pc, shown(good), { password: tokenOf(pc) })).rejects.toThrow('Not authorized');
    await expect(join8883(broker.port, pc, shown(), { password: tokenOf(pc) })).rejects.toThrow();
    expect(await broker.sample('sabha_broker_refused_total{action="connect",reason="wrong_certificate"}')).toBe(1);
    const loopback = await connect(broker.plainPort, pc);
    expect(loopback.client.connected).toBe(true);
    loopback.client.end(true);
  });

  test.each(['flows', 'exporter'])('%s is not admitted over TLS with any certificate', async (who) => {
    const cert = await authority.issue({ cn: who, use: 'client' });
    await broker.admit([entry(good, cert)], [authority.root]);
    for (const as of [cert, good]) {
      const options = { clientId: who, username: who, password: tokenOf(who) };
      await expect(join8883(broker.port, pc, shown(as), options)).rejects.toThrow(/Not authorized|Identifier rejected/);
    }
  });
});

describe('S9 the certificate of a PC, judged by the clock of the server', () => {
  const second = 1 / 86_400;
  test.each([
    ['in force', { fromDays: -1, toDays: 30 }, 'in'],
    ['ended 1 s ago', { fromDays: -30, toDays: -second }, 'out'],
    ['ended 30 days ago', { fromDays: -60, toDays: -30 }, 'out'],
    ['from tomorrow on', { fromDays: 1, toDays: 30 }, 'out'],
  ])('%s', async (_what, dates, expected) => {
    const cert = await authority.issue({ cn: name, use: 'client', ...dates });
    await broker.admit([entry(cert)], [authority.root]);
    const outcome = join8883(broker.port, pc, shown(cert)).then(
      (client) => client.end(true) && 'in',
      () => 'out',
    );
    expect(await outcome).toBe(expected);
  });

  test('two roots admit the PCs of both; a removed root admits no new connection; without a root no PC is admitted', async () => {
    const second = await other.issue({ cn: 'ladakh.leh.pc-2', use: 'client' });
    const entries = [entry(good), { pc: neighbour, certificates: [second.serial] }];
    await broker.admit(entries, [authority.root, other.root]);
    const both = [await join8883(broker.port, pc, shown(good)), await join8883(broker.port, neighbour, { ...shown(second) })];
    await broker.admit(entries, [authority.root]);
    await expect(join8883(broker.port, neighbour, shown(second))).rejects.toThrow();
    await broker.admit(entries, []);
    await expect(join8883(broker.port, pc, shown(good))).rejects.toThrow();
    expect(both[0]?.connected).toBe(true);
    for (const client of both) client.end(true);
  });
});

test('S1, S5 each connection needs its certificate: no TLS session is resumed', async () => {
  await broker.admit([entry(good)], [authority.root]);
  const first = await bareTls(broker.port, shown(good));
  const sessions: Buffer[] = [];
  first.on('session', (session) => sessions.push(session));
  first.write(connectPacket(name));
  await once(first, 'data');
  first.destroy();
  expect(sessions.length).toBeGreaterThan(0);
  for (const session of sessions) {
    const again = await bareTls(broker.port, shown(), { session });
    expect(again.isSessionReused()).toBe(false);
    again.destroy();
  }
});

describe('S5 a revoked PC', () => {
  test.each([
    ['revoked', () => [{ ...entry(good), revoked: true }]],
    ['without that certificate', () => [{ pc, certificates: ['abc'] }]],
    ['gone', () => []],
  ])('%s: the session of the PC ends within 10 s, and no later message of the PC is delivered', async (_what, next) => {
    await broker.admit([entry(good)], [authority.root]);
    const flows = await connect(broker.plainPort, 'flows');
    await flows.subscribe([...flowsFilters]);
    const will = { topic: pcTopic(pc, 'presence'), payload: Buffer.from('lost'), qos: 1 as const, retain: false };
    const startedAt = performance.now();
    const client = await join8883(broker.port, pc, shown(good), { will });
    const joinMs = performance.now() - startedAt;
    await client.publishAsync(pcTopic(pc, 'beat'), 'before', { qos: 1 });
    await flows.hears(pcTopic(pc, 'beat'), 'before');
    const since = performance.now();
    const closed = new Promise<void>((done) => client.once('close', () => done()));
    await broker.admit(next(), [authority.root]);
    client.publish(pcTopic(pc, 'beat'), 'after', { qos: 1 });
    await closed;
    expect(performance.now() - since).toBeLessThan(10_000 + 20 * joinMs);
    await expect(join8883(broker.port, pc, shown(good))).rejects.toThrow('Not authorized');
    expect(flows.heard.map(({ text }) => text)).toEqual(['before']);
    flows.client.end(true);
  });
});

describe('the certificate of the broker', () => {
  test('a new certificate is used for new connections without a disconnect; a certificate for another key is not used', async () => {
    await broker.admit([entry(good)], [authority.root]);
    const serialShown = async () => {
      const socket = await bareTls(broker.port, shown(good));
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      return certificate && serialOf(certificate);
    };
    const client = await join8883(broker.port, pc, shown(good));
    const renewed = await broker.certify(authority);
    expect(await serialShown()).toBe(renewed.serial);
    expect(client.connected).toBe(true);
    broker.replaceCertificate((await authority.issue({ cn: 'broker', use: 'server', hosts: ['localhost'] })).pem);
    await expect
      .poll(() => broker.lines.at(-1), { timeout: 40_000 })
      .toBe('certificate of the broker cannot be used: it is for another key');
    expect(await serialShown()).toBe(renewed.serial);
    client.end(true);
  });
});

function connectPacket(who: string): Buffer {
  const packet = { cmd: 'connect' as const, protocolId: 'MQTT' as const, protocolVersion: 4 as const, keepalive: 60, clean: true };
  return packets.generate({ ...packet, clientId: who, username: who });
}
