/** The frame size limit that aedes lacks. Only this file uses private fields of aedes and mqtt-packet, so both versions are pinned. */
import type { Client } from 'aedes';

/** Maximum frame before admission: a CONNECT with name, token and last will. */
const limitBeforeConnackBytes = 4 * 1024;
/** Maximum frame after admission: a payload of 64 KiB with its topic. */
const limitBytes = 66 * 1024;

export type FrameFault = 'oversized' | 'malformed' | 'flood';

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

export type FrameGuardOptions = {
  /** Called for each frame. Returns false if the frame exceeds the rate limit. */
  isWithinRate(frame: Frame): boolean;
  onFault(fault: FrameFault): void;
};

/**
 * Closes a client whose frame exceeds the size or rate limit, and reports each unreadable frame.
 * Guarantee: a frame is judged when its length field is read, even if it arrives as a whole. No byte of a refused body is stored.
 */
export function guardFrames(client: Client, { isWithinRate, onFault }: FrameGuardOptions): void {
  const { _parser: parser } = client as Guarded;
  const parseLength = parser._parseLength;
  parser._parseLength = () => {
    if (!parseLength.call(parser)) return false;
    const limit = (client as Guarded).connackSent ? limitBytes : limitBeforeConnackBytes;
    const fault = parser.packet.length > limit ? 'oversized' : isWithinRate(parser.packet) ? undefined : 'flood';
    if (fault) parser._emitError(new FrameRefused(fault));
    return fault === undefined;
  };
  parser.on('error', (error) => onFault(error instanceof FrameRefused ? error.fault : 'malformed'));
}

/**
 * Removes the back pressure of a subscriber: unread data is buffered until the drain timeout, when aedes closes the client. Otherwise one
 * PC that stops reading would block `flows`, and so the acks of all PCs.
 */
export function disableBackPressure(client: Client): void {
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
