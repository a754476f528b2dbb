/**
 * Tests whether a desktop server answers at its socket, with a few bytes of the server's protocol. Running a program costs a hundred
 * times as much.
 */
import { connect } from 'node:net';

/** `silent`: the server accepted the request and does not answer. `closed`: no server listens, or the server hangs up. */
export type SocketState = 'answers' | 'silent' | 'closed';

/** The bytes that are sent to a socket, and the test for a complete response. */
type SocketRequest = { socket: string; words: Buffer; isAnswer(heard: Buffer): boolean };

/** `stalled`: the PulseAudio server answers, but the PipeWire behind it does not. */
export type SoundServerState = SocketState | 'stalled';

/** Limit of the received bytes. No valid response to these requests is as long. */
const heardLimitBytes = 65_536;
/** Error code of a connection attempt if the connection queue of a hanging server is full. */
const queueFull = 'EAGAIN';

/**
 * Requests the server info of the session's sound server.
 * The pipewire-pulse server answers from memory while PipeWire is stalled. So PipeWire is tested as well if the server info names it.
 * Guarantee: returns at the latest when the signal aborts.
 */
export async function testSoundServer(folder: string, signal: AbortSignal): Promise<SoundServerState> {
  let isOfPipeWire = false;
  const isAnswer = (heard: Buffer) => {
    isOfPipeWire = heard.includes('on PipeWire');
    return hasReplyTo(heard, asked.info);
  };
  const said = await knock({ socket: `${folder}/pulse/native`, words: askWhatItIs(), isAnswer }, signal);
  if (said !== 'answers' || !isOfPipeWire) return said;
  return (await testPipeWire(folder, signal)) === 'silent' ? 'stalled' : 'answers';
}

export function pipeWireSocket(folder: string): string {
  return `${folder}/pipewire-0`;
}

/** Sends a hello to PipeWire. A healthy PipeWire responds with its server info. */
export function testPipeWire(folder: string, signal: AbortSignal): Promise<SocketState> {
  return knock({ socket: pipeWireSocket(folder), words: hello(), isAnswer: (heard) => heard.length > 0 }, signal);
}

function knock({ socket, words, isAnswer }: SocketRequest, signal: AbortSignal): Promise<SocketState> {
  const { promise, resolve } = Promise.withResolvers<SocketState>();
  const open = connect(socket);
  const end = (what: SocketState) => {
    signal.removeEventListener('abort', giveUp);
    open.destroy();
    resolve(what);
  };
  const giveUp = () => end('silent');
  signal.addEventListener('abort', giveUp, { once: true });
  let heard = Buffer.alloc(0);
  open.on('data', (piece: Buffer) => {
    heard = Buffer.concat([heard, piece]);
    if (isAnswer(heard)) end('answers');
    else if (heard.length > heardLimitBytes) end('closed');
  });
  open.once('error', (error) => end('code' in error && error.code === queueFull ? 'silent' : 'closed'));
  open.once('close', () => end('closed'));
  if (signal.aborted) giveUp();
  else open.write(words);
  return promise;
}

/** The oldest version of the PulseAudio protocol that PulseAudio and PipeWire accept. Its requests are the simplest. */
const pulse = {
  version: 12,
  command: { auth: 8, name: 9, info: 20 },
  headBytes: 20,
  tagAt: 26,
  controlChannel: 0xff_ff_ff_ff,
  cookieBytes: 256,
};
/** Tag of each request, repeated in its response. */
const asked = { auth: 0, name: 1, info: 2 };

/** Builds the three requests. The authentication cookie is empty, because the server learns the user from the kernel. */
function askWhatItIs(): Buffer {
  const { version, command, cookieBytes } = pulse;
  const cookie = Buffer.concat([Buffer.from('x'), numbered(cookieBytes), Buffer.alloc(cookieBytes)]);
  return Buffer.concat([
    packet(number(command.auth), number(asked.auth), number(version), cookie),
    packet(number(command.name), number(asked.name), Buffer.from('tsabha-agent\0')),
    packet(number(command.info), number(asked.info)),
  ]);
}

function packet(...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(pulse.headBytes);
  head.writeUInt32BE(body.length, 0);
  head.writeUInt32BE(pulse.controlChannel, 4);
  return Buffer.concat([head, body]);
}

function number(value: number): Buffer {
  return Buffer.concat([Buffer.from('L'), numbered(value)]);
}

function numbered(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** True once the whole response with this tag has arrived. A refusal counts too, because it shows that the server runs. */
function hasReplyTo(heard: Buffer, tag: number): boolean {
  for (let at = 0; at + pulse.headBytes <= heard.length; at += pulse.headBytes + heard.readUInt32BE(at)) {
    const [tagAt, endAt] = [at + pulse.tagAt, at + pulse.headBytes + heard.readUInt32BE(at)];
    if (heard.length >= Math.max(tagAt + 4, endAt) && heard.readUInt32BE(tagAt) === tag) return true;
  }
  return false;
}

/** Builds the hello for PipeWire: object 0 (the core), method 1, with the protocol version as a structure of one padded integer. */
function hello(): Buffer {
  const type = { int: 4, struct: 14 };
  const body = [16, type.struct, 4, type.int, 3, 0];
  const head = [0, (1 << 24) | (4 * body.length), 0, 0];
  return Buffer.from(Uint32Array.from([...head, ...body]).buffer);
}
