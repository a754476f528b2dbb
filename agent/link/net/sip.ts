/** Asks a SIP server by OPTIONS whether it is there, over UDP, TCP or TLS. No library: those for Node are whole telephones or servers that listen. */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { type Clock, codeOf, type Profile } from '@sabha/contracts';
import { meteredTls, meterTcp, type Used, udpWireBytes } from './meter.ts';
import { addressOf } from './reach.ts';

/** The audio bridge of a profile. */
export type Bridge = NonNullable<Profile['bridge']>;

/**
 * `certificate`: whether the one that was shown over TLS comes from an authority that is known here. `loose`: its lines end in a way of their own.
 * `misfit`: it answers another question than was asked · `only trying`: it speaks, and never answers.
 */
export type SipAnswer =
  | { kind: 'answer'; status: number; ms: number; loose: boolean; certificate?: 'known' | 'unknown' }
  | { kind: 'silent'; reason: Heard | 'nobody listens' | 'closed' }
  | { kind: 'unknown'; reason: 'no such name' };

/** What else comes than an answer; a later one says more. */
const heards = ['nothing', 'no SIP', 'only trying', 'another port', 'misfit'] as const;
type Heard = (typeof heards)[number];

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
  heard: Heard;
  /** For so long the right answer may follow one that is wrong. */
  graceMs: number;
  endGrace?: () => void;
  certificate?: 'known' | 'unknown';
  settle(answer: SipAnswer): void;
};

/** Never rejects. Guarantee: only an answer to this very question counts; no socket and no timer is left behind. */
export async function askBridge(bridge: Bridge, options: SipOptions): Promise<SipAnswer> {
  const { clock, firstWaitMs = t1Ms, signal } = options;
  const address = await addressOf(bridge.host, options);
  if (address === undefined) return { kind: 'unknown', reason: 'no such name' };
  const { promise, resolve } = Promise.withResolvers<SipAnswer>();
  const talk: Talk = {
    ...options,
    bridge,
    address,
    branch: word(),
    startedUp: clock.up(),
    heard: 'nothing',
    graceMs: firstWaitMs,
    settle: resolve,
  };
  const giveUp = () => resolve({ kind: 'silent', reason: talk.heard });
  const cancel = clock.after(Math.min(longestMs, limitInT1 * firstWaitMs), giveUp);
  signal.addEventListener('abort', giveUp);
  const close = bridge.transport === 'udp' ? overUdp(talk, firstWaitMs) : overStream(talk);
  const answer = await promise;
  signal.removeEventListener('abort', giveUp);
  cancel();
  talk.endGrace?.();
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
    if (take(talk, readMessage(packet, talk.branch))) waitMs = t2Ms;
  });
  // The socket hears nobody but the port that was asked; what comes from another port of the bridge arrives beside it.
  beside.on('message', (packet, from) => {
    used(udpWireBytes(packet.length, family));
    const read = readMessage(packet, talk.branch);
    if (from.address === address && read.kind === 'response' && read.answers !== 'another') hearWrong(talk, 'another port');
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
  socket.on('close', () => talk.settle({ kind: 'silent', reason: talk.heard === 'nothing' ? 'closed' : talk.heard }));
  socket.write(requestOf(talk, { address: socket.localAddress ?? '', port: socket.localPort ?? 0 }));
}

/** What is left of the stream behind its whole messages. */
function takeAll(talk: Talk, bytes: Buffer): Buffer {
  const read = readMessage(bytes, talk.branch);
  if (read.kind === 'more' || (read.kind !== 'garbage' && read.length > bytes.length)) return bytes;
  take(talk, read);
  return read.kind === 'garbage' ? Buffer.alloc(0) : takeAll(talk, bytes.subarray(read.length));
}

/** True for a provisional answer: more will come. */
function take(talk: Talk, read: SipRead): boolean {
  if (read.kind !== 'response') hear(talk, 'no SIP');
  if (read.kind !== 'response' || read.answers === 'another') return false;
  if (read.answers === 'misfit') {
    hearWrong(talk, 'misfit');
    return false;
  }
  if (read.status < 200) {
    hear(talk, 'only trying');
    return true;
  }
  const { clock, startedUp, certificate } = talk;
  const { status, loose } = read;
  talk.settle({ kind: 'answer', status, loose, ms: clock.up() - startedUp, ...(certificate && { certificate }) });
  return false;
}

function hear(talk: Talk, what: Heard): void {
  if (heards.indexOf(what) > heards.indexOf(talk.heard)) talk.heard = what;
}

/** One that is wrong may be an old one, or another's, just before the right one. */
function hearWrong(talk: Talk, what: 'another port' | 'misfit'): void {
  hear(talk, what);
  talk.endGrace ??= talk.clock.after(talk.graceMs, () => talk.settle({ kind: 'silent', reason: talk.heard }));
}

function failed({ heard, settle }: Talk, error: Error): void {
  const code = codeOf(error);
  if (heard !== 'nothing') settle({ kind: 'silent', reason: heard });
  else if (code.startsWith('ERR_SSL')) settle({ kind: 'silent', reason: 'no SIP' });
  else settle({ kind: 'silent', reason: endings[code] ?? 'nothing' });
}

const endings: Record<string, 'nobody listens' | 'closed'> = { ECONNREFUSED: 'nobody listens', ECONNRESET: 'closed', EPIPE: 'closed' };

function requestOf({ bridge, branch }: Talk, local: { address: string; port: number }): Buffer {
  return optionsRequest({ ...bridge, local, branch, tag: word(), callId: word() });
}

function word(): string {
  return randomBytes(12).toString('hex');
}

/** The SIP message OPTIONS, which asks whether somebody is there, and its answer (RFC 3261). `branch`, `tag` and `callId` are random; by the branch an answer is known as ours. */
export type SipRequest = Bridge & Record<'branch' | 'tag' | 'callId', string> & { local: { address: string; port: number } };

/**
 * The message is complete, still growing, or none of SIP at all. `answers`: this very question; by its branch ours, but not the question that
 * was asked; or somebody else's. `loose`: its lines end without the carriage return that SIP wants.
 */
export type SipRead =
  | { kind: 'response'; status: number; answers: 'ours' | 'misfit' | 'another'; loose: boolean; length: number }
  | { kind: 'more' }
  | { kind: 'garbage' };

const branchCookie = 'z9hG4bK';
const limitBytes = 65_536;

/** The text of an OPTIONS request to a bridge. */
export function optionsRequest({ transport, host, port, local, branch, tag, callId }: SipRequest): Buffer {
  const from = `${bracketed(local.address)}:${local.port}`;
  const to = `sip:${bracketed(host)}:${port}`;
  const lines = [
    `OPTIONS ${to}${transport === 'udp' ? '' : `;transport=${transport}`} SIP/2.0`,
    `Via: SIP/2.0/${transport.toUpperCase()} ${from};branch=${branchCookie}${branch};rport`,
    'Max-Forwards: 70',
    `From: <sip:sabha@${from}>;tag=${tag}`,
    `To: <${to}>`,
    `Call-ID: ${callId}`,
    'CSeq: 1 OPTIONS',
    `Contact: <sip:sabha@${from}>`,
    'Accept: application/sdp',
    'Content-Length: 0',
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}

/**
 * Reads the first message of a stream, or the one of a datagram, of which no more can come.
 * Guarantee: `ours` only where the branch of the topmost Via, the number and the method are those of the request: what answers another one says nothing.
 */
export function readMessage(bytes: Buffer, branch: string): SipRead {
  // Between two messages of a stream empty lines may stand, which keep it alive.
  const start = bytes.findIndex((byte) => byte !== 0x0d && byte !== 0x0a);
  if (start < 0) return { kind: 'more' };
  const text = bytes.toString('latin1', start);
  const end = /\r?\n\r?\n/.exec(text);
  const head = text.slice(0, end?.index);
  const what = beginningOf(head, end === null);
  if (typeof what !== 'number' || end === null) return { kind: what === 'garbage' || bytes.length > limitBytes ? 'garbage' : 'more' };
  const headers = head
    .replaceAll(/\r?\n[ \t]+/g, ' ')
    .split(/\r?\n/)
    .slice(1);
  const via = headerOf(headers, 'via', 'v')?.split(',')[0] ?? '';
  const bodyBytes = Number(headerOf(headers, 'content-length', 'l') ?? 0);
  if (!(bodyBytes >= 0 && bodyBytes <= limitBytes)) return { kind: 'garbage' };
  const isOurs = /;\s*branch\s*=\s*([^;\s]+)/i.exec(via)?.[1] === `${branchCookie}${branch}`;
  const fits = /^0*1\s+OPTIONS$/.test(headerOf(headers, 'cseq') ?? '');
  const length = start + end.index + end[0].length + bodyBytes;
  const answers = isOurs ? (fits ? 'ours' : 'misfit') : 'another';
  return { kind: 'response', status: what, answers, loose: /(?<!\r)\n/.test(head), length };
}

/** By its first line, as far as that has come. */
function beginningOf(head: string, isGrowing: boolean): number | 'more' | 'garbage' {
  const status = /^SIP\/2\.0 ([1-6]\d\d)(?: |\r|\n|$)/i.exec(head)?.[1];
  if (status !== undefined) return isGrowing ? 'more' : Number(status);
  return isGrowing && 'SIP/2.0 '.startsWith(head.slice(0, 8).toUpperCase()) ? 'more' : 'garbage';
}

function headerOf(headers: string[], ...names: string[]): string | undefined {
  const found = headers.find((line) => names.includes(line.slice(0, line.indexOf(':')).trim().toLowerCase()));
  return found?.slice(found.indexOf(':') + 1).trim();
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
