/** Does a server of the desktop answer at its socket? A few words of its own protocol: to run a program for each such question costs a hundred times as much. */
import { connect } from 'node:net';

/** `silent`: it took the words and says nothing. `closed`: nobody is there, or nobody who talks to us. */
export type Knock = 'answers' | 'silent' | 'closed';

/** What is said to whoever listens there, and whether what came back is the answer. */
type Greeting = { socket: string; words: Buffer; isAnswer(heard: Buffer): boolean };

/** `stalled`: the PulseAudio server answers, and PipeWire, for which it speaks, does not. */
export type SoundKnock = Knock | 'stalled';

/** More than any answer to these words. */
const heardLimitBytes = 65_536;
/** What the system says where the queue of a server that stands still is full. */
const queueFull = 'EAGAIN';

/**
 * Asks the sound server of the session in this folder for its server info. pipewire-pulse answers from memory while PipeWire
 * stands still, so PipeWire itself is asked too where the server names it.
 * Guarantee: it answers when the signal aborts, at the latest.
 */
export async function knockSound(folder: string, signal: AbortSignal): Promise<SoundKnock> {
  let isOfPipeWire = false;
  const isAnswer = (heard: Buffer) => {
    isOfPipeWire = heard.includes('on PipeWire');
    return hasReplyTo(heard, asked.info);
  };
  const said = await knock({ socket: `${folder}/pulse/native`, words: askWhatItIs(), isAnswer }, signal);
  if (said !== 'answers' || !isOfPipeWire) return said;
  return (await knockPipeWire(folder, signal)) === 'silent' ? 'stalled' : 'answers';
}

/** Where PipeWire listens, if it runs in the session that has this folder. */
export function pipeWireSocket(folder: string): string {
  return `${folder}/pipewire-0`;
}

/** Says hello to PipeWire, which then tells who it is. */
export function knockPipeWire(folder: string, signal: AbortSignal): Promise<Knock> {
  return knock({ socket: pipeWireSocket(folder), words: hello(), isAnswer: (heard) => heard.length > 0 }, signal);
}

function knock({ socket, words, isAnswer }: Greeting, signal: AbortSignal): Promise<Knock> {
  const { promise, resolve } = Promise.withResolvers<Knock>();
  const open = connect(socket);
  const end = (what: Knock) => {
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

/** The protocol of PulseAudio in the oldest form that both servers take, in which a client tells its name as one word. */
const pulse = {
  version: 12,
  command: { auth: 8, name: 9, info: 20 },
  headBytes: 20,
  tagAt: 26,
  controlChannel: 0xff_ff_ff_ff,
  cookieBytes: 256,
};
/** By which number each answer is known. */
const asked = { auth: 0, name: 1, info: 2 };

/** An empty cookie: the server believes the kernel, which tells it the user. */
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

/** True once the whole response with this tag has arrived. A refusal counts: whoever refuses is awake. */
function hasReplyTo(heard: Buffer, tag: number): boolean {
  for (let at = 0; at + pulse.headBytes <= heard.length; at += pulse.headBytes + heard.readUInt32BE(at)) {
    const [tagAt, endAt] = [at + pulse.tagAt, at + pulse.headBytes + heard.readUInt32BE(at)];
    if (heard.length >= Math.max(tagAt + 4, endAt) && heard.readUInt32BE(tagAt) === tag) return true;
  }
  return false;
}

/** The core (object 0) is told the version of the protocol (method 1): a structure that holds one whole number, and its filling. */
function hello(): Buffer {
  const type = { int: 4, struct: 14 };
  const body = [16, type.struct, 4, type.int, 3, 0];
  const head = [0, (1 << 24) | (4 * body.length), 0, 0];
  return Buffer.from(Uint32Array.from([...head, ...body]).buffer);
}
