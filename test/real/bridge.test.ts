/**
 * Tests the probe of the audio bridge (a SIP server for calls by phone) against a real sipp over UDP, TCP and TLS. Node terminates TLS in
 * front of the TCP of sipp. Reason: sipp 3.7.3 of Debian 13 accepts a request over its own TLS but cannot send the response (`-t l1`, `-t
 * ln`).
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer } from 'node:tls';
import { coreReasonText, faultOf, realClock } from '@sabha/contracts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Bridge } from '../../agent/link/net/sip.ts';
import { createUnsupported } from '../../agent/platform/unsupported.ts';
import { createBridgeProbe } from '../../agent/probes/link/bridge.ts';
import { selfSigned } from '../certificate.ts';
import { freePorts, type Program, startProgram } from '../system/processes.ts';
import { installed, requirePart } from './parts.ts';

const runs = requirePart('sipp (sip-tester)', installed(['sipp']));
const host = '127.0.0.1';
type Transport = Bridge['transport'];

let folder: string;
let sipp: Program | undefined;
let closing: (() => void)[];
beforeEach(() => {
  closing = [];
  folder = mkdtempSync(join(tmpdir(), 'sabha-sipp-'));
});
afterEach(async () => {
  await sipp?.end('SIGKILL');
  sipp = undefined;
  for (const close of closing) close();
  rmSync(folder, { recursive: true, force: true });
});

const question = '<recv request="OPTIONS"/>';
const own = '[last_Via:]\n[last_From:]\n[last_To:];tag=[call_number]\n[last_Call-ID:]\n[last_CSeq:]\nContent-Length: 0\n\n';
const answer = (status: number, headers = own) => `<send><![CDATA[\nSIP/2.0 ${status} Said\n${headers}]]></send>`;
/** Keeps the call open, so that a retransmitted request finds it. */
const stays = '<pause milliseconds="20000"/>';
const modes = { udp: 'u1', tcp: 't1', tls: 't1' };

/** Starts sipp with these steps of a scenario. Resolves with its port when sipp listens. */
async function plays(transport: Transport, ...steps: string[]): Promise<number> {
  const [port = 0] = await freePorts(1);
  const scenario = join(folder, 'bridge.xml');
  writeFileSync(
    scenario,
    `<?xml version="1.0"?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n<scenario name="bridge">${steps.join('\n')}</scenario>\n`,
  );
  const args = ['-sf', scenario, '-t', modes[transport], '-i', host, '-p', `${port}`, '-nostdin', '-timeout', '60s'];
  sipp = startProgram({ program: 'sipp', args, env: { PATH: process.env['PATH'], TERM: 'dumb' }, cwd: folder });
  const table = transport === 'udp' ? '/proc/net/udp' : '/proc/net/tcp';
  // UDP must be bound (07), TCP must listen (0A). The table may still list an ended connection of an earlier test at the same port.
  const state = transport === 'udp' ? '07' : '0A';
  const mark = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} 00000000:0000 ${state} `;
  while (!readFileSync(table, 'utf8').includes(mark)) {
    if (!sipp.isRunning()) throw new Error(`sipp ended: ${sipp.lines.map(({ msg }) => msg).join('\n')}`);
    await delay(20);
  }
  return transport === 'tls' ? behindTls(port) : port;
}

/** Starts a TLS server with a self-signed certificate that forwards to this port. */
async function behindTls(port: number): Promise<number> {
  const server = createServer(selfSigned(['bridge.example']), (secure) => {
    const plain = connect(port, host);
    plain.on('error', () => secure.destroy());
    secure.on('error', () => plain.destroy());
    secure.pipe(plain).pipe(secure);
  });
  closing.push(() => void server.close());
  await once(server.listen(0, host), 'listening');
  return (server.address() as AddressInfo).port;
}

/** Starts a UDP relay to the bridge that drops the first `lost` responses. */
async function lossy(port: number, lost: number): Promise<number> {
  const [near, far] = [createSocket('udp4'), createSocket('udp4')];
  closing.push(
    () => void near.close(),
    () => void far.close(),
  );
  let left = lost;
  near.on('message', (packet, from) => {
    far.removeAllListeners('message').on('message', (answer) => {
      if (left > 0) left -= 1;
      else near.send(answer, from.port, from.address);
    });
    far.send(packet, port, host);
  });
  near.bind(0, host);
  await once(near, 'listening');
  return near.address().port;
}

async function ask(transport: Transport, port: number, limitMs = 8_000) {
  const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
  const profile = { link: 'fibre' as const, elevationM: 0, expected: {}, bridge: { transport, host, port } };
  const { checks, numbers } = await createBridgeProbe(realClock()).run({
    platform: createUnsupported(),
    profile,
    self,
    signal: AbortSignal.timeout(limitMs),
  });
  return { said: checks[0]?.fault ?? checks[0]?.status, reason: checks[0]?.reason, seconds: numbers?.sip ?? null };
}

describe.runIf(runs)('the audio bridge', () => {
  test.each<[Transport, string | null]>([
    ['udp', null],
    ['tcp', null],
    ['tls', 'its certificate is from an unknown authority'],
  ])('the check is ok over %s when the bridge responds', async (transport, reason) => {
    const port = await plays(transport, question, answer(200), stays);
    const { said, reason: why, seconds } = await ask(transport, port);
    expect([said, why]).toEqual(['ok', reason]);
    expect(seconds).toBeLessThan(0.5);
  });

  test('the check is ok when the first response is lost, because the probe retransmits after 0.5 s', async () => {
    const port = await plays('udp', question, answer(200), stays);
    const { said, seconds } = await ask('udp', await lossy(port, 1));
    expect(said).toBe('ok');
    expect(seconds).toBeGreaterThanOrEqual(0.5);
    expect(seconds).toBeLessThan(1.4);
  });

  test('the check is ok when the bridge sends 100 Trying first and the final response later', async () => {
    const port = await plays('tcp', question, answer(100), '<pause milliseconds="600"/>', answer(200), stays);
    expect(await ask('tcp', port)).toMatchObject({ said: 'ok', reason: null });
  });

  test('the check is `bridge.silent`, with a title in both languages, when the bridge never responds', async () => {
    const port = await plays('udp', question, stays);
    const { said, reason } = await ask('udp', port, 2_000);
    expect([said, reason]).toEqual(['bridge.silent', null]);
    expect(faultOf('bridge.silent')?.title).toEqual({ en: 'The audio bridge does not answer', hi: 'ऑडियो ब्रिज जवाब नहीं दे रहा' });
  });

  test.each<Transport>(['udp', 'tcp', 'tls'])('the check is `bridge.silent` at once when nothing listens over %s', async (transport) => {
    const [port = 0] = await freePorts(1);
    const { said, reason } = await ask(transport, port);
    expect([said, reason]).toEqual(['bridge.silent', 'no program listens at its address']);
    expect(coreReasonText(reason ?? '', 'hi')).toBe('उसके पते पर कोई प्रोग्राम जवाब नहीं दे रहा');
  });

  test.each<Transport>(['udp', 'tcp'])('the check is `bridge.silent` when the bridge sends garbage over %s', async (transport) => {
    const port = await plays(transport, question, '<send><![CDATA[\nHELLO from [local_ip]\nContent-Length: 0\n\n]]></send>', stays);
    const { said, reason } = await ask(transport, port, 2_000);
    expect([said, reason]).toEqual(['bridge.silent', 'the program at this address does not speak SIP']);
  });

  test('the check is `bridge.silent`, without a hang, when one side uses plain TCP and the other side uses TLS', async () => {
    const port = await plays('tcp', question, answer(200), stays);
    expect(await ask('tls', port, 3_000)).toMatchObject({ said: 'bridge.silent' });
    await sipp?.end('SIGKILL');
    const secure = await plays('tls', question, answer(200), stays);
    expect(await ask('tcp', secure, 3_000)).toMatchObject({ said: 'bridge.silent' });
  });
});
