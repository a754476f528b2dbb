/** One kind of packet at the reflector's socket, and what answers it. The list stands in reflector.ts. */
import type { RemoteInfo } from 'node:dgram';

/** A kind of packets. */
export type Answerer = {
  /** True where the packet has the shape of this kind; looks at no secret, since it is asked for every packet of every stranger. */
  takes(packet: Buffer): boolean;
  /** Guarantee of each: nothing is sent to anybody without a token, and nothing larger than what it answers to an address that has not proven that it receives. */
  answer(packet: Buffer, from: RemoteInfo, reply: (packet: Buffer) => void): void;
};
