/** The size limit that aedes does not have. This is the only file that touches private fields of aedes and mqtt-packet: both are pinned. */
import type { Client } from 'aedes';

/** Largest frame of a client that has not been admitted yet: a CONNECT with name, token and will. */
const limitBeforeConnackBytes = 4 * 1024;
/** Largest frame after that: a payload of 64 KiB with its topic. */
const limitBytes = 66 * 1024;

/** What was wrong with a frame. */
export type FrameFault = 'oversized' | 'malformed' | 'flood';

/** The first bytes of a frame: what it is, and how long. */
export type Frame = { cmd: string; length: number };

type Parser = {
  packet: Frame;
  _parseLength(): boolean;
  _emitError(error: Error): void;
  on(event: 'error', listener: (error: Error) => void): void;
};
type Guarded = Client & {
  _parser: Parser;
  connackSent: boolean;
  _drainTimer: NodeJS.Timeout | null;
  waitForDrain(done: (error: Error | null, client: Client) => void): void;
};

/** Who judges a frame, and who hears of a bad one. */
export type FrameOptions = {
  /** Asked for each frame; false = too many. */
  mayTake(frame: Frame): boolean;
  onFault(fault: FrameFault): void;
};

/**
 * Closes a client whose frame announces more than the limit, or that sends too many, and reports each frame that could not be read.
 * Guarantee: judged when the length field is read, so no byte of the body is kept, and a frame that arrives whole is judged too.
 */
export function guardFrames(client: Client, { mayTake, onFault }: FrameOptions): void {
  const { _parser: parser } = client as Guarded;
  const parseLength = parser._parseLength;
  parser._parseLength = () => {
    if (!parseLength.call(parser)) return false;
    const limit = (client as Guarded).connackSent ? limitBytes : limitBeforeConnackBytes;
    const fault = parser.packet.length > limit ? 'oversized' : mayTake(parser.packet) ? undefined : 'flood';
    if (fault) parser._emitError(new FrameRefused(fault));
    return fault === undefined;
  };
  parser.on('error', (error) => onFault(error instanceof FrameRefused ? error.fault : 'malformed'));
}

/**
 * Lets nobody wait for a subscriber: what it does not read is kept for it until the drain timeout, when aedes drops it.
 * A single PC that stops reading would else hold up `flows`, and so the acks of all.
 */
export function waitForNobody(client: Client): void {
  const guarded = client as Guarded;
  const startTimeout = guarded.waitForDrain;
  guarded.waitForDrain = (done) => {
    if (guarded._drainTimer === null) startTimeout.call(client, () => {});
    setImmediate(done, null, client);
  };
}

class FrameRefused extends Error {
  override name = 'FrameRefused';
  readonly fault: FrameFault;
  constructor(fault: FrameFault) {
    super(`a frame is refused: ${fault}`);
    this.fault = fault;
  }
}
