/** What every channel promises (`Channel` in flows/engine/records/notices.ts), as one suite that each channel's test runs. */

import type { Person } from '@sabha/contracts';
import { afterEach, describe, expect, test } from 'vitest';
import type { Channel, RenderedMessage } from '../../../engine/records/notices.ts';
import { notice } from '../people.test-helper.ts';

/**
 * What can be wrong at the other side: it says "later", "never", nothing at all, or it is not there; it lets us not in; it names a wait, again and again;
 * it says yes with a no inside; it answers one byte a second.
 */
export type Trouble = 'busy' | 'refuses' | 'hangs' | 'gone' | 'locked' | 'floods' | 'lies' | 'drips';

type Carried = 'key' | 'subject' | 'text';

/** One channel with its other side. */
export type Rig = {
  channel: Channel;
  /** It says later whether it arrived: what is taken is accepted. */
  accepts?: boolean;
  /** What it took stands there, and can be changed. */
  copies?: boolean;
  /** What of a message this channel carries; absent: all three. */
  carries?: readonly Carried[];
  /** What the other side took, decoded. */
  taken(): Partial<Record<Carried, string>>[];
  close(): Promise<void>;
};

/** Runs the suite; `troubles` are those that this channel's other side can be in. */
export function conformance(person: Person, troubles: readonly Trouble[], open: (trouble?: Trouble) => Promise<Rig>): void {
  describe('what every channel promises', () => {
    let opened: Rig | undefined;
    /** The troubles that the other side of this channel can have. */
    const able = (...wanted: Trouble[]) => wanted.filter((one) => troubles.includes(one));
    const start = async (trouble?: Trouble) => {
      opened = await open(trouble);
      return opened;
    };
    afterEach(async () => {
      opened?.channel.close?.();
      await opened?.close();
      opened = undefined;
    });

    test('delivered means that the other side took exactly this message, once', async () => {
      const rig = await start();
      expect(await rig.channel.send(message(), person, AbortSignal.timeout(5_000))).toEqual(tookBy(rig));
      expect(rig.taken()).toEqual([carriedOf(rig, message())]);
    });

    test('Hindi, quotes and markup arrive as they were written', async () => {
      const rig = await start();
      const hostile = message({ subject: 'माइक नहीं मिल रहा <b>', text: 'माइक $(reboot)"</script>\n.\nQUIT\n%0d%0a कॉन्फ़्रेंस रूम\n' });
      expect(await rig.channel.send(hostile, person, AbortSignal.timeout(5_000))).toEqual(tookBy(rig));
      expect(rig.taken()).toEqual([carriedOf(rig, hostile)]);
    });

    test.for(able('refuses'))('%s: a lasting no is refused, with its reason', async () => {
      const { channel, taken } = await start('refuses');
      expect(await channel.send(message(), person, AbortSignal.timeout(5_000))).toEqual({
        result: 'refused',
        reason: expect.stringMatching(/\S/),
      });
      expect(taken()).toEqual([]);
    });

    test.for(able('busy', 'gone'))('%s: retry, with its reason', async (trouble) => {
      const { channel, taken } = await start(trouble);
      expect(await channel.send(message(), person, AbortSignal.timeout(5_000))).toMatchObject({
        result: 'retry',
        reason: expect.stringMatching(/\S/),
      });
      expect(taken()).toEqual([]);
    });

    test.for(able('locked'))('%s: our login is refused, with its reason', async () => {
      const { channel } = await start('locked');
      const outcome = await channel.send(message(), person, AbortSignal.timeout(5_000));
      expect(outcome).toEqual({ result: 'locked', reason: expect.stringMatching(/\S/) });
    });

    test.for(able('floods'))('%s: a wait that is asked for again and again is named each time', async () => {
      const { channel, taken } = await start('floods');
      for (let n = 0; n < 3; n++) {
        const outcome = await channel.send(message({ key: `${n}` }), person, AbortSignal.timeout(5_000));
        expect(outcome).toMatchObject({ result: 'retry', afterMs: expect.any(Number) });
      }
      expect(taken()).toEqual([]);
    });

    test.for(able('lies'))('%s: a yes with a no inside is no delivery', async () => {
      const { channel } = await start('lies');
      const { result } = await channel.send(message(), person, AbortSignal.timeout(5_000));
      expect(['retry', 'refused', 'locked']).toContain(result);
    });

    test.for(able('hangs', 'drips'))('%s: no answer, the signal ends the send, and it is to be tried again', async (trouble) => {
      const { channel } = await start(trouble);
      expect(await channel.send(message(), person, AbortSignal.timeout(100))).toMatchObject({ result: 'retry' });
    });
  });
}

function tookBy({ accepts = false, copies = false }: Rig) {
  if (accepts) return { result: 'accepted', id: expect.stringMatching(/\S/) };
  return { result: 'delivered', ...(copies && { copy: expect.stringMatching(/\S/) }) };
}

function carriedOf({ carries = ['key', 'subject', 'text'] }: Rig, said: RenderedMessage) {
  return Object.fromEntries(carries.map((one) => [one, said[one]]));
}

export function message(changes: Partial<RenderedMessage> = {}): RenderedMessage {
  return {
    key: '1/x/asha',
    subject: 'Critical: Microphone not found',
    text: 'one\ntwo\n',
    language: 'en',
    severity: 'critical',
    notice: notice(),
    ...changes,
  };
}
