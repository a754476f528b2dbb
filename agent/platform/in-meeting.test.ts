import { expect, test } from 'vitest';
import { isInMeeting } from './in-meeting.ts';
import type { Answer, Camera, SoundDevice, SoundState } from './platform.ts';

const device = (usedBy: string[]): SoundDevice => ({ id: 'a', name: 'a', muted: false, volume: 1, usedBy });
const known = <T>(value: T | null): Answer<T> =>
  value === null ? { known: false, reason: 'nobody is signed in' } : { known: true, value };
const platform = (microphone: string[] | null, speaker: string[], camera: string[] | null) => ({
  sound: async () =>
    known<SoundState>(microphone && { sources: [device(microphone)], sinks: [device(speaker)], defaultSource: null, defaultSink: null }),
  cameras: async () => known<Camera[]>(camera && [{ id: 'b', name: 'b', usedBy: known(camera) }]),
});

test.each([
  ['a microphone in use', platform(['zoom'], [], []), true],
  ['a camera in use', platform([], [], ['teams']), true],
  ['a camera in use where sound cannot be asked', platform(null, [], ['teams']), true],
  ['music only', platform([], ['vlc'], []), false],
  ['nothing in use', platform([], [], []), false],
  ['nothing known', platform(null, [], null), false],
])('the meeting reader detects by devices in use whether a meeting runs: %s', async (_what, seen, expected) => {
  expect(await isInMeeting(seen)).toBe(expected);
});

test('the meeting reader reports no meeting if reading the sound devices fails', async () => {
  expect(await isInMeeting({ sound: () => Promise.reject(new Error('gone')), cameras: async () => known<Camera[]>(null) })).toBe(false);
});
