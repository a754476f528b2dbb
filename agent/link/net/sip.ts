/**
 * Checks a SIP server with an OPTIONS request over UDP, TCP or TLS. It uses no library, because those for Node.js are complete phones or
 * servers that listen.
 */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, isIP, type Socket } from 'node:net';
import { type Clock, codeOf, type Profile } from '@sabha/contracts';
import { type CountBytes, meteredTls, meterTcp, udpWireBytes } from './meter.ts';
import { addressOf } from './reach.ts';

export type Bridge = NonNullable<Profile['bridge']>;

/**
 * `certificate`: whether a known authority issued the TLS certificate. `loose`: lines end with LF only instead of CRLF. `misfit`: the
 * response belongs to another request. `only trying`: only provisional responses arrived.
 */
export type SipAnswer =
  | { kind: 'answer'; status: number; ms: number; loose: boolean; certificate?: 'known' | 'unknown' }
  | { kind: 'silent'; reason: SipObservation | 'nobody listens' | 'closed' }
  | { kind: 'unknown'; reason: 'no such name' };

/** Observations without a valid response, in rising order: a later entry replaces an earlier one. */
const observations = ['nothing', 'no SIP', 'only trying', 'another port', 'misfit'] as const;
type SipObservation = (typeof observations)[number];

export type SipOptions = {
  clock: Clock;
  used: CountBytes;
  signal: AbortSignal;
  /** T1 of RFC 3261: wait before the first retransmission. It must exceed the round trip of the link. */
  firstWaitMs?: number;
};

const t1Ms = 500;
const t2Ms = 4_000;
/** Timer F of RFC 3261: the transaction fails after 64 times T1. */
const limitInT1 = 64;
const longestMs = 32_000;

type SipTransaction = SipOptions & {
  bridge: Bridge;
  address: string;
  branch: string;
  startedUp: number;
  observation: SipObservation;
  /** After a wrong response, wait this long for the right one. */
  graceMs: number;
  endGrace?: () => void;
  certificate?: 'known' | 'unknown';
  settle(answer: SipAnswer): void;
};

/**
 * Sends one OPTIONS request to the bridge. Never rejects.
 * Guarantee: only a response to this request counts. On return, its socket and its timers are closed.
 */
export async function askBridge(bridge: Bridge, options: SipOptions): Promise<SipAnswer> {
  const { clock, firstWaitMs = t1Ms, signal } = options;
  const address = await addressOf(bridge.host, options);
  if (address === undefined) return { kind: 'unknown', reason: 'no such name' };
  const { promise, resolve } = Promise.withResolvers<SipAnswer>();
  const transaction: SipTransaction = {
    ...options,
    bridge,
    address,
    branch: randomToken(),
    startedUp: clock.up(),
    observation: 'nothing',
    graceMs: firstWaitMs,
    settle: resolve,
  };
  const giveUp = () => resolve({ kind: 'silent', reason: transaction.observation });
  const cancel = clock.after(Math.min(longestMs, limitInT1 * firstWaitMs), giveUp);
  signal.addEventListener('abort', giveUp);
  const close = bridge.transport === 'udp' ? requestOverUdp(transaction, firstWaitMs) : requestOverStream(transaction);
  const answer = await promise;
  signal.removeEventListener('abort', giveUp);
  cancel();
  transaction.endGrace?.();
  close();
  return answer;
}

/** Sends over UDP and retransmits after T1, 2 T1, 4 T1 … at most 4 s; after a provisional response every 4 s (RFC 3261, 17.1.2.2). */
function requestOverUdp(transaction: SipTransaction, firstWaitMs: number): () => void {
  const { bridge, address, clock, used } = transaction;
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
  socket.on('error', (error) => failed(transaction, error));
  socket.on('message', (packet) => {
    used(udpWireBytes(packet.length, family));
    if (handleMessage(transaction, readMessage(packet, transaction.branch))) waitMs = t2Ms;
  });
  // The connected socket receives only from the port it sends to. The second socket receives responses from another port of the bridge.
  beside.on('message', (packet, from) => {
    used(udpWireBytes(packet.length, family));
    const read = readMessage(packet, transaction.branch);
    if (from.address === address && read.kind === 'response' && read.answers !== 'another') noteWrongResponse(transaction, 'another port');
  });
  const begin = () => send(requestOf(transaction, socket.address()));
  socket.connect(bridge.port, address, () => {
    // If the second socket cannot bind, a response from another port counts as silence.
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

function requestOverStream(transaction: SipTransaction): () => void {
  const abort = new AbortController();
  openStream(transaction, abort.signal).then(
    (socket) => exchange(transaction, socket),
    (error: Error) => failed(transaction, error),
  );
  return () => abort.abort();
}

/** Opens a TCP or TLS connection to the bridge. Resolves when the socket is writable. */
async function openStream(transaction: SipTransaction, signal: AbortSignal): Promise<Socket> {
  const { bridge, address, used } = transaction;
  const place = { host: address, port: bridge.port };
  if (bridge.transport !== 'tls') {
    const socket = connect({ ...place, signal }).on('error', () => undefined);
    meterTcp(socket, used);
    await once(socket, 'connect');
    return socket;
  }
  // Accepts a self-signed certificate, because the request contains nothing secret.
  const name = isIP(bridge.host) === 0 && { servername: bridge.host };
  const { socket } = await meteredTls({ ...place, ...name, rejectUnauthorized: false }, used, signal);
  // Ignores later errors: `once` below reports the first one.
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  transaction.certificate = socket.authorized ? 'known' : 'unknown';
  return socket;
}

function exchange(transaction: SipTransaction, socket: Socket): void {
  let held: Buffer = Buffer.alloc(0);
  socket.on('data', (piece: Buffer) => {
    held = handleAllMessages(transaction, Buffer.concat([held, piece]));
  });
  socket.on('error', (error) => failed(transaction, error));
  socket.on('close', () =>
    transaction.settle({ kind: 'silent', reason: transaction.observation === 'nothing' ? 'closed' : transaction.observation }),
  );
  socket.write(requestOf(transaction, { address: socket.localAddress ?? '', port: socket.localPort ?? 0 }));
}

/** Handles all complete messages; returns the bytes of the incomplete one that remain. */
function handleAllMessages(transaction: SipTransaction, bytes: Buffer): Buffer {
  const read = readMessage(bytes, transaction.branch);
  if (read.kind === 'more' || (read.kind !== 'garbage' && read.length > bytes.length)) return bytes;
  handleMessage(transaction, read);
  return read.kind === 'garbage' ? Buffer.alloc(0) : handleAllMessages(transaction, bytes.subarray(read.length));
}

/** Handles one message. Returns true for a provisional response, after which a final one follows. */
function handleMessage(transaction: SipTransaction, read: SipRead): boolean {
  if (read.kind !== 'response') noteObservation(transaction, 'no SIP');
  if (read.kind !== 'response' || read.answers === 'another') return false;
  if (read.answers === 'misfit') {
    noteWrongResponse(transaction, 'misfit');
    return false;
  }
  if (read.status < 200) {
    noteObservation(transaction, 'only trying');
    return true;
  }
  const { clock, startedUp, certificate } = transaction;
  const { status, loose } = read;
  transaction.settle({ kind: 'answer', status, loose, ms: clock.up() - startedUp, ...(certificate && { certificate }) });
  return false;
}

function noteObservation(transaction: SipTransaction, what: SipObservation): void {
  if (observations.indexOf(what) > observations.indexOf(transaction.observation)) transaction.observation = what;
}

/** Waits a little longer after a wrong response, because the right one may follow it. */
function noteWrongResponse(transaction: SipTransaction, what: 'another port' | 'misfit'): void {
  noteObservation(transaction, what);
  transaction.endGrace ??= transaction.clock.after(transaction.graceMs, () =>
    transaction.settle({ kind: 'silent', reason: transaction.observation }),
  );
}

function failed({ observation, settle }: SipTransaction, error: Error): void {
  const code = codeOf(error);
  if (observation !== 'nothing') settle({ kind: 'silent', reason: observation });
  else if (code.startsWith('ERR_SSL')) settle({ kind: 'silent', reason: 'no SIP' });
  else settle({ kind: 'silent', reason: endings[code] ?? 'nothing' });
}

const endings: Record<string, 'nobody listens' | 'closed'> = { ECONNREFUSED: 'nobody listens', ECONNRESET: 'closed', EPIPE: 'closed' };

function requestOf({ bridge, branch }: SipTransaction, local: { address: string; port: number }): Buffer {
  return optionsRequest({ ...bridge, local, branch, tag: randomToken(), callId: randomToken() });
}

function randomToken(): string {
  return randomBytes(12).toString('hex');
}

/**
 * SIP request OPTIONS, which checks whether a server responds (RFC 3261). `branch`, `tag` and `callId` are random. The response repeats the
 * branch, which identifies it as ours.
 */
export type SipRequest = Bridge & Record<'branch' | 'tag' | 'callId', string> & { local: { address: string; port: number } };

/**
 * Message that is complete, incomplete (`more`) or not SIP (`garbage`). `answers`: `ours` fits this request. `misfit` has our branch, but
 * another number or method. `another` belongs to another client. `loose`: lines end without the carriage return that SIP requires.
 */
export type SipRead =
  | { kind: 'response'; status: number; answers: 'ours' | 'misfit' | 'another'; loose: boolean; length: number }
  | { kind: 'more' }
  | { kind: 'garbage' };

const branchCookie = 'z9hG4bK';
const limitBytes = 65_536;

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
 * Reads the first message of a TCP stream, or a datagram, which is always complete.
 * Guarantee: `answers` is `ours` only if the topmost Via branch, the number and the method match the request.
 */
export function readMessage(bytes: Buffer, branch: string): SipRead {
  // Skips empty lines, which peers send between messages as a keep-alive.
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

/** Returns the status of a response from its first line, `more` if that line is incomplete, or `garbage`. */
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
