/** Detects a meeting: a program uses a camera or a microphone. */
import type { Answer, Platform } from './platform.ts';

const limitMs = 10_000;

/**
 * Returns whether a meeting runs; updates of the agent wait for its end. Unknown counts as no meeting, because a PC with unreadable sound
 * would otherwise never be updated. A restart of the agent does not disturb a meeting.
 */
export async function isInMeeting(platform: Pick<Platform, 'sound' | 'cameras' | 'isHeldInRoom'>): Promise<boolean> {
  const signal = AbortSignal.timeout(limitMs);
  const sound = await known(platform.sound(signal));
  const cameras = await known(platform.cameras(signal));
  const isHeld = (cameras ?? []).some(({ usedBy }) => usedBy.known && usedBy.value.length > 0);
  if (isHeld || (sound?.sources ?? []).some(({ usedBy }) => usedBy.length > 0)) return true;
  return (await platform.isHeldInRoom?.(signal)) ?? false;
}

async function known<T>(asked: Promise<Answer<T>>): Promise<T | undefined> {
  const answer = await asked.catch(() => undefined);
  return answer?.known ? answer.value : undefined;
}
