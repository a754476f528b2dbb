/** Asks a SIP server by OPTIONS whether it is there, over UDP, TCP or TLS. No library: those for Node are whole telephones or servers that listen. */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { type Clock, codeOf, type Profile } from '#contracts';
import { meteredTls, meterTcp, type Used, udpWireBytes } from './meter.ts';
import { addressOf } from './reach.ts';
import { optionsRequest, readResponse } from './sip-message.ts';

/** The audio bridge of a profile. */
export type Bridge = NonNullable<Profile['bridge']>;

/**
 * `certificate`: whether the one that was shown over TLS comes from an authority that is known here. `loose`: its lines end in a way of their own.
 * `misfit`: it answers another question than was asked.
 */
export type SipAnswer =
  | { kind: 'answer'; status: number; ms: number; loose: boolean; certificate?: 'known' | 'unknown' }
  | { kind: 'silent'; reason: 'nothing' | 'nobody listens' | 'no SIP' | 'closed' | 'misfit' | 'another port' }
  | { kind: 'unknown'; reason: 'no such name' };

/** What one question to a bridge needs. */
export type SipOptions = {
  clock: Clock;
  used: Used;
  signal: AbortSignal;
  /** T1 of RFC 3261: the first wait for an answer, above the round trip of the link. */
  firstWaitMs?: number;
};

const t1Ms = 500;
const t2Ms = 4_000;
/** Timer F, by which the transaction has failed. */
const limitInT1 = 64;
const longestMs = 32_000;

type Talk = SipOptions & {
  bridge: Bridge;
  address: string;
  branch: string;
  startedUp: number;
  heardGarbage: boolean;
  certificate?: 'known' | 'unknown';
  settle(answer: SipAnswer): void;
};

/** Never rejects. Guarantee: only an answer to this very question counts; no socket and no timer is left behind. */
export async function askBridge(bridge: Bridge, options: SipOptions): Promise<SipAnswer> {
  const { clock, firstWaitMs = t1Ms, signal } = options;
  const address = await addressOf(bridge.host, signal);
  if (address === undefined) return { kind: 'unknown', reason: 'no such name' };
  const { promise, resolve } = Promise.withResolvers<SipAnswer>();
  const talk: Talk = {
    ...options,
    bridge,
    address,
    branch: word(),
    startedUp: clock.up(),
    heardGarbage: false,
    settle: resolve,
  };
  const giveUp = () => resolve({ kind: 'silent', reason: talk.heardGarbage ? 'no SIP' : 'nothing' });
  const cancel = clock.after(Math.min(longestMs, limitInT1 * firstWaitMs), giveUp);
  signal.addEventListener('abort', giveUp);
  const close = bridge.transport === 'udp' ? overUdp(talk, firstWaitMs) : overStream(talk);
  const answer = await promise;
  signal.removeEventListener('abort', giveUp);
  cancel();
  close();
  return answer;
}

/** Sent again after T1, 2 T1, 4 T1 … at most 4 s; after a provisional answer each 4 s (17.1.2.2). */
function overUdp(talk: Talk, firstWaitMs: number): () => void {
  const { bridge, address, clock, used } = talk;
  const family = isIP(address) === 6 ? 6 : 4;
  const type = family === 6 ? 'udp6' : 'udp4';
  const [socket, beside] = [createSocket({ type, reuseAddr: true }), createSocket({ type, reuseAddr: true })];
  let waitMs = firstWaitMs;
  let cancel = () => {};
  const send = (request: Buffer) => {
    used(udpWireBytes(request.length, family));
    socket.send(request);
    cancel = clock.after(waitMs, () => send(request));
    waitMs = Math.min(t2Ms, 2 * waitMs);
  };
  socket.on('error', (error) => failed(talk, error));
  socket.on('message', (packet) => {
    used(udpWireBytes(packet.length, family));
    if (take(talk, packet)) waitMs = t2Ms;
  });
  // The socket hears nobody but the port that was asked; what comes from another port of the bridge arrives beside it.
  beside.on('message', (packet, from) => {
    used(udpWireBytes(packet.length, family));
    const read = readResponse(packet, talk.branch);
    if (from.address === address && read.kind === 'response' && read.answers !== 'another')
      talk.settle({ kind: 'silent', reason: 'another port' });
  });
  const begin = () => send(requestOf(talk, socket.address()));
  socket.connect(bridge.port, address, () => {
    // Where it cannot be had, an answer from there is silence.
    beside.once('error', begin).bind(socket.address().port, () => {
      beside.off('error', begin).on('error', () => undefined);
      begin();
    });
  });
  return () => {
    cancel();
    socket.close();
    beside.close();
  };
}

function overStream(talk: Talk): () => void {
  const abort = new AbortController();
  standing(talk, abort.signal).then(
    (socket) => converse(talk, socket),
    (error: Error) => failed(talk, error),
  );
  return () => abort.abort();
}

/** Resolves when it can be written to. */
async function standing(talk: Talk, signal: AbortSignal): Promise<Socket> {
  const { bridge, address, used } = talk;
  const place = { host: address, port: bridge.port };
  if (bridge.transport !== 'tls') {
    const socket = connect({ ...place, signal }).on('error', () => undefined);
    meterTcp(socket, used);
    await once(socket, 'connect');
    return socket;
  }
  // A bridge that signed its own certificate is still a bridge: nothing secret is said to it.
  const name = isIP(bridge.host) === 0 && { servername: bridge.host };
  const { socket } = await meteredTls({ ...place, ...name, rejectUnauthorized: false }, used, signal);
  // Whatever comes after the first error says nothing more.
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  talk.certificate = socket.authorized ? 'known' : 'unknown';
  return socket;
}

function converse(talk: Talk, socket: Socket): void {
  let held: Buffer = Buffer.alloc(0);
  socket.on('data', (piece: Buffer) => {
    held = takeAll(talk, Buffer.concat([held, piece]));
  });
  socket.on('error', (error) => failed(talk, error));
  socket.on('close', () => talk.settle({ kind: 'silent', reason: talk.heardGarbage ? 'no SIP' : 'closed' }));
  socket.write(requestOf(talk, { address: socket.localAddress ?? '', port: socket.localPort ?? 0 }));
}

/** What is left of the stream behind its whole messages. */
function takeAll(talk: Talk, bytes: Buffer): Buffer {
  const read = readResponse(bytes, talk.branch);
  if (read.kind === 'more' || (read.kind === 'response' && read.length > bytes.length)) return bytes;
  take(talk, bytes);
  return read.kind === 'garbage' ? Buffer.alloc(0) : takeAll(talk, bytes.subarray(read.length));
}

/** True for a provisional answer: more will come. */
function take(talk: Talk, bytes: Buffer): boolean {
  const read = readResponse(bytes, talk.branch);
  if (read.kind !== 'response') talk.heardGarbage = true;
  if (read.kind !== 'response' || read.answers === 'another') return false;
  if (read.answers === 'misfit') talk.settle({ kind: 'silent', reason: 'misfit' });
  if (read.status < 200) return true;
  const { clock, startedUp, certificate } = talk;
  const { status, loose } = read;
  talk.settle({ kind: 'answer', status, loose, ms: clock.up() - startedUp, ...(certificate && { certificate }) });
  return false;
}

function failed({ heardGarbage, settle }: Talk, error: Error): void {
  const code = codeOf(error);
  if (heardGarbage || code.startsWith('ERR_SSL')) settle({ kind: 'silent', reason: 'no SIP' });
  else settle({ kind: 'silent', reason: endings[code] ?? 'nothing' });
}

const endings: Record<string, 'nobody listens' | 'closed'> = { ECONNREFUSED: 'nobody listens', ECONNRESET: 'closed', EPIPE: 'closed' };

function requestOf({ bridge, branch }: Talk, local: { address: string; port: number }): Buffer {
  return optionsRequest({ ...bridge, local, branch, tag: word(), callId: word() });
}

function word(): string {
  return randomBytes(12).toString('hex');
}
