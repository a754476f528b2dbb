/** A storm of alerts through one channel, over a real outbox and by a clock passed in: what every channel with limits of its own promises. */

import type { Person } from '@sabha/contracts';
import { expect, onTestFinished, test } from 'vitest';
import { ofTier } from '../../../../test/figures.ts';
import type { Channel, OutboxRow } from '../../../engine/records/notices.ts';
import { createOutbox } from '../outbox.ts';
import { notice, row, type TestClock, technician, testClock } from '../people.test-helper.ts';
import { createRoster } from '../roster.ts';

/** What the other side lets through: the least time between two messages, to anybody and to one person. */
export type Limits = { everyMs: number; apartMs: number };
/** What the other side took, when. */
export type Arrived = { at: number; to: string };
/** A channel, and what its other side took. */
export type Stormed = { name: string; limits: Limits; open(clock: TestClock): { channel: Channel; arrived: Arrived[] } };

const alerts = ofTier(140, 700);
const persons = 30;
const passMs = 5 * 60_000;

/** Runs the test; the addresses of the persons are numbers of phones. */
export function storm({ name, limits, open }: Stormed): void {
  test('hundreds of alerts in a minute: within the limits of the other side, each once, what is critical first', async () => {
    const clock = testClock();
    const { channel, arrived } = open(clock);
    const numberOf = (n: number) => `91941900${String(1_000 + n)}`;
    const all = Array.from(
      { length: persons },
      (_, n): Person => ({ ...technician, id: `p${n}`, addresses: { [name]: `+${numberOf(n)}` } }),
    );
    const sent: { person: string; critical: boolean; key: string }[] = [];
    const watched: Channel = {
      ...channel,
      send(message, person, signal) {
        sent.push({ person: person.id, critical: message.severity === 'critical', key: message.key });
        return channel.send(message, person, signal);
      },
    };
    const outbox = createOutbox({
      clock,
      random: () => 0.5,
      commit: async () => {},
      channels: new Map([[name, { channel: watched, reaches: () => true, single: true }]]),
      roster: createRoster(all),
      isOver: () => false,
      onOutcome() {},
    });
    onTestFinished(() => outbox.stop());
    void outbox.run();
    outbox.add(Array.from({ length: alerts }, (_, n) => alertOf(name, n)));
    await clock.pass(passMs);
    expect(arrived).toHaveLength(alerts);
    expect(new Set(sent.map(({ key }) => key)).size).toBe(alerts);
    expect(leastGapMs(arrived)).toBeGreaterThanOrEqual(Math.floor(limits.everyMs));
    for (let n = 0; n < persons; n++) {
      expect(leastGapMs(arrived.filter(({ to }) => to === numberOf(n)))).toBeGreaterThanOrEqual(limits.apartMs);
      const order = sent.filter(({ person }) => person === `p${n}`).map(({ critical }) => critical);
      expect(order).toEqual(order.toSorted((a, b) => Number(b) - Number(a)));
    }
  });
}

/** One in seven is critical, and comes after the others. */
function alertOf(channel: string, n: number): OutboxRow {
  const severity = n % 7 === 6 ? ('critical' as const) : ('minor' as const);
  const about = notice({ incident: n + 1, severity, scope: `ladakh/leh/pc-${n}`, room: { en: `Room ${n}.`, hi: '' } });
  return row({ channel, transition: n, person: `p${n % persons}`, notice: about });
}

function leastGapMs(arrived: readonly Arrived[]): number {
  return arrived.slice(1).reduce((least, { at }, n) => Math.min(least, at - (arrived[n]?.at ?? 0)), Number.POSITIVE_INFINITY);
}
