/** Load test: 700 alerts in a minute for 30 persons, over channels with a rate limit. */
import type { Person } from '@sabha/contracts';
import { expect } from 'vitest';
import type { Channel, OpenChannel, OutboxRow } from '../../../engine/records/notices.ts';
import type { Op } from '../../../engine/records/ops.ts';
import { outboxOver } from '../outbox.test-helper.ts';
import { notice, row, type TestClock, technician } from '../people.test-helper.ts';
import { createRoster } from '../roster.ts';

export const alerts = 700;
const persons = 30;
export const minuteMs = 60_000;

/** Every seventh alert is critical. */
export function rowsOn(channel: string): OutboxRow[] {
  return Array.from({ length: alerts }, (_, n) => {
    const severity = n % 7 === 6 ? ('critical' as const) : ('minor' as const);
    const about = notice({ incident: n + 1, severity, scope: `ladakh/leh/pc-${n}`, room: { en: `Room ${n}.`, hi: '' } });
    return row({ channel, transition: n, person: `p${n % persons}`, notice: about });
  });
}

/** An outbox over these channels; records the delivery of each alert. */
export function stormOver(clock: TestClock, channels: Record<string, OpenChannel>) {
  const told: { at: number; key: string; channel: string; critical: boolean }[] = [];
  const commit = async (ops: Op[]) => {
    for (const op of ops) {
      if (op.op !== 'outbox-set' || op.row.state !== 'delivered') continue;
      const { key, channel, notice: about } = op.row;
      told.push({ at: clock.up(), key, channel, critical: about.severity === 'critical' });
    }
  };
  const all = Array.from({ length: persons }, (_, n): Person => ({ ...technician, id: `p${n}`, email: `p${n}@office.test` }));
  const { outbox } = outboxOver(channels, { clock, commit, roster: createRoster(all) });
  const lastOf = (critical: boolean, channel: string) =>
    Math.max(...told.filter((one) => one.channel === channel && one.critical === critical).map(({ at }) => at));
  return { outbox, told, lastOf };
}

/** A mail server with a limit of mails in any minute, like that of an Exchange Online mailbox. */
export function mailLimit(clock: TestClock, perMinute: number) {
  const taken: { at: number; to: string }[] = [];
  let turnedAway = 0;
  return {
    take(to: string): boolean {
      const isFree = taken.filter(({ at }) => at > clock.up() - minuteMs).length < perMinute;
      if (isFree) taken.push({ at: clock.up(), to });
      else turnedAway += 1;
      return isFree;
    },
    taken,
    turnedAway: () => turnedAway,
  };
}

type Stormed = { clock: TestClock; channel: Channel; limit: ReturnType<typeof mailLimit> };

/**
 * At 30 mails a minute, one leaves every 2 s. The first one to each person is critical; the late rows then share one mail for each person.
 */
export async function mailStorm({ clock, channel, limit }: Stormed): Promise<void> {
  const everyMs = 2_000;
  const { outbox, told, lastOf } = stormOver(clock, { email: { channel, reaches: () => true } });
  outbox.add(rowsOn('email'));
  for (let turn = 0; turn <= 300 && outbox.waiting() > 0; turn += 1) {
    await clock.pass(turn === 0 ? 0 : everyMs);
  }
  expect(limit.turnedAway()).toBe(0);
  expect(told).toHaveLength(alerts);
  expect(new Set(told.map(({ key }) => key)).size).toBe(alerts);
  expect(new Set(limit.taken.slice(0, persons).map(({ to }) => to)).size).toBe(persons);
  // A row in transit when the others became late is sent alone.
  expect(lastOf(true, 'email')).toBeLessThanOrEqual(2 * minuteMs + 3 * everyMs);
  expect(lastOf(false, 'email')).toBeLessThanOrEqual(6 * minuteMs + 3 * everyMs);
}
