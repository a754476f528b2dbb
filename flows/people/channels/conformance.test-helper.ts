/** What every channel promises (`Channel` in flows/records/notices.ts), as one suite that each channel's test runs. */
import { afterEach, describe, expect, test } from 'vitest';
import type { Person } from '#contracts';
import type { Channel, RenderedMessage } from '../../records/notices.ts';
import { notice } from '../people.test-helper.ts';

/** What can be wrong at the other side: it says "later", "never", nothing at all, or it is not there. */
export type Trouble = 'busy' | 'refuses' | 'hangs' | 'gone';

/** One channel with its other side. */
export type Rig = {
  channel: Channel;
  /** What the other side took, decoded. */
  taken(): { key: string; subject: string; text: string }[];
  close(): Promise<void>;
};

/** Runs the suite; `troubles` are those that this channel's other side can be in. */
export function conformance(person: Person, troubles: readonly Trouble[], open: (trouble?: Trouble) => Promise<Rig>): void {
  describe('what every channel promises', () => {
    let rig: Rig | undefined;
    /** The troubles that the other side of this channel can have. */
    const able = (...wanted: Trouble[]) => wanted.filter((one) => troubles.includes(one));
    const start = async (trouble?: Trouble) => {
      rig = await open(trouble);
      return rig;
    };
    afterEach(async () => {
      rig?.channel.close();
      await rig?.close();
      rig = undefined;
    });

    test('delivered means that the other side took exactly this message, once', async () => {
      const { channel, taken } = await start();
      expect(await channel.send(message(), person, AbortSignal.timeout(5_000))).toEqual({ result: 'delivered' });
      const { key, subject, text } = message();
      expect(taken()).toEqual([{ key, subject, text }]);
    });

    test('Hindi, quotes and markup arrive as they were written', async () => {
      const { channel, taken } = await start();
      const hostile = message({ subject: 'माइक नहीं मिल रहा <b>', text: 'माइक $(reboot)"</script>\n.\nQUIT\n%0d%0a कॉन्फ़्रेंस रूम\n' });
      expect(await channel.send(hostile, person, AbortSignal.timeout(5_000))).toEqual({ result: 'delivered' });
      expect(taken()).toEqual([{ key: hostile.key, subject: hostile.subject, text: hostile.text }]);
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

    test.for(able('hangs'))('%s: no answer, the signal ends the send, and it is to be tried again', async () => {
      const { channel } = await start('hangs');
      expect(await channel.send(message(), person, AbortSignal.timeout(100))).toMatchObject({ result: 'retry' });
    });
  });
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
