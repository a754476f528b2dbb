/** How long the payload of a beat may be, so that the beats of a month take no more than their share of its bytes. */
import { isThin, type LinkLimits, thinBeatBytes } from '#contracts';
import { tcpWireBytes } from '../link/net/meter.ts';

/** The rest is for births, events, readings and the time of the centre. */
const beatsShare = 0.85;
const monthMs = 31 * 86_400_000;
/** What MQTT and TLS put around topic and payload, and how long the PUBACK is. */
const publishBytes = 29;
const pubackBytes = 26;
/** The first beat of a session says everything there is. */
const spareAtMost = 1_000;

/**
 * Each beat of a month has the same. What one leaves is for the next ones, save on a thin link: there none has more than `thinBeatBytes`, which
 * is also the least anywhere.
 * Guarantee: where the topic has up to 70 B the beats of a month take no more than their share over IPv4, whatever there is to say.
 */
export function createBeatRoom(limits: () => LinkLimits, topicBytes: number) {
  let spare = spareAtMost;
  return {
    /** How long the next one may be. */
    bytes: (): number => (isThin(limits()) ? thinBeatBytes : Math.max(thinBeatBytes, spare)),
    /** So long it was. */
    used(payloadBytes: number): void {
      const left = Math.max(0, spare - payloadBytes);
      spare = Math.min(spareAtMost, left + payloadOf(limits(), topicBytes));
    },
  };
}

/** What is left for the payload of one beat. */
function payloadOf({ budget, beatMs }: LinkLimits, topicBytes: number): number {
  const beatBytes = (budget.telemetryBytes * beatsShare * beatMs) / monthMs;
  // The acknowledgement of the beat goes with its PUBACK.
  const frames = tcpWireBytes(0, 1) * 1.5;
  return beatBytes - frames - publishBytes - pubackBytes - topicBytes;
}
