/** Runs one quality round: sends probes to the reflector and collects the echoes (contracts/stamp.ts). */
import { type Ack, type Clock, readReply, stampBytes, writeProbe } from '@sabha/contracts';
import type { ProbeEcho, Round } from '../analysis/quality.ts';
import { udpWireBytes, udpWireBytesAt } from '../net/meter.ts';
import type { OpenUdp } from '../net/udp.ts';

export type RoundOptions = {
  clock: Clock;
  open: OpenUdp;
  grant: Grant;
  /** Distinguishes this round from others that use the same token; 16 bits. */
  session: number;
  probes: number;
  paceMs: number;
  /** Counts wire bytes: the whole round when the socket opens, and later each unexpected packet. Absent without a data budget. */
  used?(wireBytes: number): void;
};

/** Extra probes at the end show in which direction earlier probes were lost. The wider spacing outlasts a burst of loss. */
const tail = { probes: 3, gapMs: 150 };
const responseWait = { leastMs: 1_000, mostMs: 4_000, roundTrips: 3 };

/** Returns the wire bytes of a round with this many probes, in both directions and without loss. */
export function roundWireBytes(probes: number, packetWireBytes: number = udpWireBytes(stampBytes)): number {
  return 2 * (probes + tail.probes) * packetWireBytes;
}

/** Resolves with the round, or with the reason as text if no socket opens. Never rejects. */
export async function stampRound({
  clock,
  open,
  grant,
  session,
  probes,
  paceMs,
  used = () => undefined,
}: RoundOptions): Promise<Round | string> {
  const offsetMs = clock.now() - clock.up();
  const time = () => offsetMs + clock.up();
  const total = probes + tail.probes;
  const sentAt: number[] = [];
  const echoes = new Map<number, ProbeEcho>();
  let came = 0;
  const all = Promise.withResolvers<void>();
  const udp = await open(grant.port, (packet) => {
    const arrivedAt = time();
    came += 1;
    if (came > total && typeof udp !== 'string') used(udpWireBytesAt(udp.localAddress, packet.length));
    const reply = readReply(packet);
    const sent = reply?.session === session ? sentAt[reply.probe.seq] : undefined;
    if (reply === undefined || sent === undefined || echoes.has(reply.probe.seq)) return;
    const { seq: reflectorSeq, receivedAt, sentAt: repliedAt, probe } = reply;
    echoes.set(probe.seq, { seq: probe.seq, reflectorSeq, sentAt: sent, receivedAt, repliedAt, arrivedAt });
    if (echoes.size === total) all.resolve();
  });
  if (typeof udp === 'string') return udp;
  used(roundWireBytes(probes, udpWireBytesAt(udp.localAddress, stampBytes)));
  const startUp = clock.up();
  for (let seq = 0; seq < total; seq += 1) {
    const dueMs = seq * paceMs + Math.max(0, seq - probes + 1) * tail.gapMs;
    await pause(clock, startUp + dueMs - clock.up());
    const now = time();
    sentAt.push(now);
    udp.send(writeProbe({ seq, sentAt: now, session, token: grant.token }));
  }
  await Promise.race([all.promise, pause(clock, responseWaitMs([...echoes.values()]))]);
  udp.close();
  return { sent: total, echoes: [...echoes.values()] };
}

/** Returns three times the slowest round trip so far. A meeting treats later packets as lost too. */
function responseWaitMs(echoes: readonly ProbeEcho[]): number {
  if (echoes.length === 0) return responseWait.mostMs;
  const slowestMs = echoes.reduce((most, { sentAt, arrivedAt }) => Math.max(most, arrivedAt - sentAt), 0);
  return Math.min(responseWait.mostMs, Math.max(responseWait.leastMs, responseWait.roundTrips * slowestMs));
}

/** Waits; returns at once for a probe that is already late. */
function pause(clock: Clock, ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => void clock.after(ms, resolve));
}

/** Permission to use the reflector: its port, and a token valid until `endsUp` by the monotonic clock `clock.up()`. */
export type Grant = { port: number; token: Buffer; endsUp: number };

/**
 * Reads from an ack whether this PC measures the link; undefined if the ack does not say. `measures` without a grant: the server has no
 * reflector.
 */
export function grantOf({ measure, reflector, at }: Ack, up: number): { measures: boolean; grant: Grant | undefined } | undefined {
  if (measure === undefined) return undefined;
  if (!measure || reflector === undefined) return { measures: measure, grant: undefined };
  // Both times are by the clock of the server, so a wrong clock of this PC does not shorten the grant.
  const leftMs = reflector.endsAt - at;
  return { measures: true, grant: { port: reflector.port, token: Buffer.from(reflector.token, 'base64url'), endsUp: up + leftMs } };
}
