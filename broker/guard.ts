/** The size limit that aedes does not have. This is the only file that touches private fields of aedes and mqtt-packet: both are pinned. */
import type { Client } from 'aedes';

/** Largest frame of a client that has not been admitted yet: a CONNECT with name, token and will. */
const limitBeforeConnackBytes = 4 * 1024;
/** Largest frame after that: a payload of 64 KiB with its topic. */
const limitBytes = 66 * 1024;

/** What was wrong with a frame. */
export type FrameFault = 'oversized' | 'malformed';

type Parser = {
  packet: { length: number };
  _parseLength(): boolean;
  _emitError(error: Error): void;
  on(event: 'error', listener: (error: Error) => void): void;
};
type Guarded = Client & { _parser: Parser; connackSent: boolean };

/**
 * Closes a client whose frame announces more than the limit, and reports each frame that could not be read.
 * Guarantee: judged when the length field is read, so no byte of the body is kept, and a frame that arrives whole is judged too.
 */
export function guardFrames(client: Client, onFault: (fault: FrameFault) => void): void {
  const { _parser: parser } = client as Guarded;
  const parseLength = parser._parseLength;
  parser._parseLength = () => {
    if (!parseLength.call(parser)) return false;
    const limit = (client as Guarded).connackSent ? limitBytes : limitBeforeConnackBytes;
    if (parser.packet.length <= limit) return true;
    parser._emitError(new OversizedFrame(parser.packet.length, limit));
    return false;
  };
  parser.on('error', (error) => onFault(error instanceof OversizedFrame ? 'oversized' : 'malformed'));
}

class OversizedFrame extends Error {
  constructor(length: number, limit: number) {
    super(`a frame of ${length} bytes, at most ${limit}`);
    this.name = 'OversizedFrame';
  }
}
