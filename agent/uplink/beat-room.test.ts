import { type BeatKey, beatSeries, linkClasses, links, pcTopic } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { createBeatNumbers, createBeatSizeLimit } from './beat-sender.ts';

const keys = Object.keys(beatSeries) as BeatKey[];
const days = 2;
const envelopeBytes = 85;
const longName = 'himachal-pradesh/lahaul-and-spiti-office/conference-room-2';
/** Overhead of a beat: Ethernet, IP and TCP headers of the beat, its PUBACK and the TCP acknowledgement, plus MQTT and TLS. */
const aroundBytes = 3 * 66 + 29 + 26;

/** Returns the payload sizes of all beats of `days` days. Every number changes with every beat. */
function daysOf(link: (typeof linkClasses)[number], pc: string): { beats: number[]; numbers: number } {
  const room = createBeatSizeLimit(() => links[link], pcTopic(pc, 'beat').length);
  const picks = createBeatNumbers();
  const beats: number[] = [];
  let numbers = 0;
  for (let at = 0; at < (days * 86_400_000) / links[link].beatMs; at += 1) {
    const all = Object.fromEntries(keys.map((key, nth) => [key, 0.101 + ((at + nth) % 800) / 1_000]));
    const n = picks.pick(all, room.bytes() - envelopeBytes);
    const payloadBytes = envelopeBytes + JSON.stringify(n).length - 2;
    room.used(payloadBytes);
    picks.said(n);
    beats.push(payloadBytes);
    numbers += Object.keys(n).length;
  }
  return { beats, numbers };
}

test.each(linkClasses)(
  'on %s, beats with many changing numbers and a long PC name stay within their daily share of the data budget',
  (link) => {
    const { beats, numbers } = daysOf(link, longName);
    const wireBytes = beats.reduce((sum, bytes) => sum + bytes + pcTopic(longName, 'beat').length + aroundBytes, 0);
    expect(wireBytes).toBeLessThan((0.86 * links[link].budget.telemetryBytes * days) / 31);
    // The beats contain several numbers, so the size limit is not needlessly small.
    expect(numbers / beats.length).toBeGreaterThan(4);
  },
);
