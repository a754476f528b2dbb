import { expect, test } from 'vitest';
import { compareRuns } from './replay.ts';
import type { ReplayedNotification, ReplayResult } from './run.ts';

const told = (key: string, at: number, change: Partial<ReplayedNotification> = {}): ReplayedNotification => {
  const [, channel = '', person = ''] = key.split('/');
  return { key, channel, person, at, incident: 1, kind: 'raised', severity: 'major', digest: false, ...change };
};
const played = (all: ReplayedNotification[]): ReplayResult => ({ sentNotifications: all, steps: 3, unfinished: 0 });
const name = (en: string) => ({ en, hi: en });
const place = { site: name('Leh'), room: name('Hall'), timeZone: 'Asia/Kolkata' };
const about = [1, 2].map((id) => ({ id, scope: 'ladakh/leh/vc-1', openedAt: 0, fault: 'microphone.missing', place }));
const compared = (before: ReplayedNotification[], after: ReplayedNotification[], sent: string[] = []) =>
  compareRuns({ before: played(before), after: played(after), sent, about, span: { from: 1_000, to: 100_000 } });

test('the comparison of two replays counts more and fewer messages by person, and ignores messages before the span', () => {
  const found = compared(
    [told('1/email/asha', 2_000), told('1/email/ravi', 2_000), told('9/email/asha', 500)],
    [told('1/email/asha', 2_000), told('1/email/meera', 2_000)],
    ['1/email/asha', '5/email/asha'],
  );
  expect(found).toMatchObject({ before: 2, after: 2, more: 1, fewer: 1, missedCount: 0, laterCount: 0 });
  expect(found.log).toEqual({ sent: 2, reproduced: 1 });
  expect(found.people).toEqual([
    { person: 'meera', more: 1, fewer: 0 },
    { person: 'ravi', more: 0, fewer: 1 },
  ]);
});

test('an alert without a recipient in the replay is missed, and an alert that is at least two seconds later is listed with its delay', () => {
  const found = compared(
    [told('1/email/asha', 2_000), told('2/email/asha', 3_000, { incident: 2 })],
    [told('2/email/asha', 63_000, { incident: 2 })],
  );
  expect(found.missed).toEqual([{ incident: 1, scope: 'ladakh/leh/vc-1', where: 'Leh, Hall', fault: 'microphone.missing', at: 2_000 }]);
  expect(found.later).toMatchObject([{ incident: 2, at: 3_000, byMs: 60_000 }]);
  expect(compared([told('1/email/asha', 2_000)], [told('1/email/asha', 3_500)]).laterCount).toBe(0);
  expect(compared([told('1/email/asha', 2_000, { kind: 'cleared' })], []).missedCount).toBe(0);
});

test('the comparison of two replays counts a morning digest as one message per person', () => {
  const morning = { digest: true };
  expect(compared([], [told('1/email/asha', 5_000, morning), told('2/email/asha', 6_000, { ...morning, incident: 2 })])).toMatchObject({
    after: 1,
    more: 2,
  });
});
