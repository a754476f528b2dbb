import type { Check } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { handClock } from '../../checks/agent.test-helper.ts';
import type { Platform } from '../../platform/platform.ts';
import { createToasts } from './repair.ts';

const muted: Check = {
  component: 'microphone',
  device: 'expected-1',
  status: 'fault',
  fault: 'microphone.muted',
  reason: null,
  name: '<Desk>',
};
const missing: Check = { ...muted, fault: 'microphone.missing' };
const wrong: Check = { ...muted, fault: 'microphone.not_default' };

/** Simulates a desktop on which every notification button is pressed, or none works. */
function desktop(isPressed = true) {
  const done: string[] = [];
  const logs: string[] = [];
  const clock = handClock();
  let shown = 0;
  const act = (what: string) => async () => {
    done.push(what);
    return { done: true as const, steps: [] };
  };
  const note = (_: object, line: string) => void logs.push(line);
  const ask = async () => {
    shown += 1;
    return isPressed ? { known: true, value: true } : { known: false, reason: 'notify-send is not installed' };
  };
  const toasts = createToasts({
    clock,
    platform: { ask } as unknown as Pick<Platform, 'ask'>,
    mend: { fix: act('fix'), undo: act('undo') },
    log: { info: note, warn: note },
  });
  const says = async (...checks: Check[]) => {
    toasts.onKnown({ pc: 'a/b/c', checks, profile: { link: 'fibre', elevationM: 0, expected: {} }, place: undefined });
    await clock.pass(0);
    return shown;
  };
  return { clock, says, done, logs, toasts };
}

test('the session helper notifies once of a muted or unselected microphone, repairs it by the button, and ignores other faults', async () => {
  const { says, done, clock } = desktop();
  expect(await says(missing)).toBe(0);
  expect(await says(muted)).toBe(1);
  expect(await says(muted, missing)).toBe(1);
  expect(done).toEqual(['fix']);
  // A user who mutes again within ten minutes does so on purpose.
  expect([await says(), await says(muted), await says(wrong)]).toEqual([1, 1, 1]);
  await clock.pass(600_000);
  expect([await says(), await says(wrong)]).toEqual([1, 2]);
});

test('the session helper shows a notification with an undo button after a repair, and none after the undo', async () => {
  const { toasts, done, clock } = desktop();
  toasts.onRepaired({ what: 'undone', steps: [] });
  toasts.onRepaired({ what: 'fixed', steps: [{ did: 'unmuted', name: 'Desk' }] });
  await clock.pass(0);
  expect(done).toEqual(['undo']);
});
