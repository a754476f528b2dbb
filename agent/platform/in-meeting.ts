/** Is somebody in a meeting? A camera or a microphone that a program holds says so. */
import type { Answer, Platform } from './platform.ts';

const limitMs = 10_000;

/** What is not known is no meeting: a PC whose sound cannot be asked would never be updated, and the restart of an agent disturbs nobody. */
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
