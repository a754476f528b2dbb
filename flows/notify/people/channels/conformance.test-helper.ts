/** Conformance suite for `Channel` (flows/engine/records/notices.ts). The test of each channel runs it. */

import type { Person } from '@sabha/contracts';
import { afterEach, describe, expect, test } from 'vitest';
import type { Channel, RenderedMessage } from '../../../engine/records/notices.ts';
import { notice } from '../people.test-helper.ts';

/**
 * Faults of a provider:
 * - `busy` and `refuses`: refuses for now, or permanently
 * - `hangs`, `gone`, `drips`: no response, no connection, or one byte a second
 * - `locked`: rejects our credentials
 * - `floods`: names a wait, repeatedly
 * - `lies`: returns success with an error in the body
 */
export type Trouble = 'busy' | 'refuses' | 'hangs' | 'gone' | 'locked' | 'floods' | 'lies' | 'drips';

type Carried = 'key' | 'subject' | 'text';

export type ChannelRig = {
  channel: Channel;
  /** True if the channel has delivery reports, so that a sent message counts as accepted and not as delivered. */
  accepts?: boolean;
  copies?: boolean;
  /** Parts of a message that this channel carries; absent: all three. */
  carries?: readonly Carried[];
  /** Messages that the provider accepted, decoded. */
  taken(): Partial<Record<Carried, string>>[];
  close(): Promise<void>;
};

/** Runs the suite. `troubles`: the faults that the provider of this channel can have. */
export function conformance(person: Person, troubles: readonly Trouble[], open: (trouble?: Trouble) => Promise<ChannelRig>): void {
  describe('conformance of the channel', () => {
    let opened: ChannelRig | undefined;
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

    test('the channel sends a message to the provider once and unchanged', async () => {
      const rig = await start();
      expect(await rig.channel.send(message(), person, AbortSignal.timeout(5_000))).toEqual(tookBy(rig));
      expect(rig.taken()).toEqual([carriedOf(rig, message())]);
    });

    test('the channel sends Hindi, quotation marks and markup unchanged', async () => {
      const rig = await start();
      const hostile = message({ subject: 'माइक नहीं मिल रहा <b>', text: 'माइक $(reboot)"</script>\n.\nQUIT\n%0d%0a कॉन्फ़्रेंस रूम\n' });
      expect(await rig.channel.send(hostile, person, AbortSignal.timeout(5_000))).toEqual(tookBy(rig));
      expect(rig.taken()).toEqual([carriedOf(rig, hostile)]);
    });

    test.for(able('refuses'))('the channel returns refused with a reason if the provider permanently refuses: %s', async () => {
      const { channel, taken } = await start('refuses');
      expect(await channel.send(message(), person, AbortSignal.timeout(5_000))).toEqual({
        result: 'refused',
        reason: expect.stringMatching(/\S/),
      });
      expect(taken()).toEqual([]);
    });

    test.for(able('busy', 'gone'))('the channel returns retry with a reason if the provider has the fault: %s', async (trouble) => {
      const { channel, taken } = await start(trouble);
      expect(await channel.send(message(), person, AbortSignal.timeout(5_000))).toMatchObject({
        result: 'retry',
        reason: expect.stringMatching(/\S/),
      });
      expect(taken()).toEqual([]);
    });

    test.for(able('locked'))('the channel returns locked with a reason if the provider rejects the credentials: %s', async () => {
      const { channel } = await start('locked');
      const outcome = await channel.send(message(), person, AbortSignal.timeout(5_000));
      expect(outcome).toEqual({ result: 'locked', reason: expect.stringMatching(/\S/) });
    });

    test.for(able('floods'))('the channel returns the wait that the provider requests each time: %s', async () => {
      const { channel, taken } = await start('floods');
      for (let n = 0; n < 3; n++) {
        const outcome = await channel.send(message({ key: `${n}` }), person, AbortSignal.timeout(5_000));
        expect(outcome).toMatchObject({ result: 'retry', afterMs: expect.any(Number) });
      }
      expect(taken()).toEqual([]);
    });

    test.for(able('lies'))('the channel does not return delivered for a success response with an error in the body: %s', async () => {
      const { channel } = await start('lies');
      const { result } = await channel.send(message(), person, AbortSignal.timeout(5_000));
      expect(['retry', 'refused', 'locked']).toContain(result);
    });

    test.for(able('hangs', 'drips'))(
      'the channel ends the send by the abort signal and returns retry if no response comes: %s',
      async (trouble) => {
        const { channel } = await start(trouble);
        expect(await channel.send(message(), person, AbortSignal.timeout(100))).toMatchObject({ result: 'retry' });
      },
    );
  });
}

function tookBy({ accepts = false, copies = false }: ChannelRig) {
  if (accepts) return { result: 'accepted', id: expect.stringMatching(/\S/) };
  return { result: 'delivered', ...(copies && { copy: expect.stringMatching(/\S/) }) };
}

function carriedOf({ carries = ['key', 'subject', 'text'] }: ChannelRig, said: RenderedMessage) {
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
