import type { Profile } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { Answer, SoundChange, SoundDevice, SoundState } from '../../platform/platform.ts';
import type { RepairReport } from './messages.ts';
import { createRepair } from './repair.ts';

const signal = new AbortController().signal;
const device = (id: string, muted = false): SoundDevice => ({ id, name: `The ${id}`, muted, volume: 1, usedBy: [] });
const expected: Profile['expected'] = { microphone: [{ match: 'table' }, { match: 'wall' }], speaker: [{}] };

/** `fails`: each change throws. `chooses`: false if no default can be selected, as on Windows. `isLate`: changes are not visible yet. */
type RepairRoom = { broken?: string; fails?: boolean; chooses?: boolean; isLate?: boolean; wants?: Profile['expected'] | null };

/** Simulates a sound server that makes every change except on the device `broken`. */
function pc(state: Partial<SoundState>, { broken, fails = false, chooses = true, isLate = false, wants = expected }: RepairRoom = {}) {
  const sound: SoundState = { sources: [], defaultSource: null, sinks: [], defaultSink: null, ...state };
  const first = structuredClone(sound);
  const told: RepairReport[] = [];
  const done: string[] = [];
  const apply = (change: SoundChange) => {
    const [devices, chosen] =
      change.kind === 'microphone' ? ([sound.sources, 'defaultSource'] as const) : ([sound.sinks, 'defaultSink'] as const);
    if ('chosen' in change) sound[chosen] = change.id;
    else for (const one of devices.filter(({ id }) => id === change.id)) one.muted = change.muted;
  };
  const changeSound = async (change: SoundChange) => {
    if (change.id === broken && fails) throw new Error('pactl failed');
    if (change.id === broken) return { done: false, reason: 'pactl failed' } as const;
    if ('chosen' in change && !chooses) return { done: false, reason: 'only its user may' } as const;
    apply(change);
    done.push('muted' in change ? `${change.id} ${change.muted ? 'off' : 'on'}` : `${change.id} chosen`);
    return { done: true } as const;
  };
  const mend = createRepair({
    platform: {
      sound: async (): Promise<Answer<SoundState>> => ({ known: true, value: structuredClone(isLate ? first : sound) }),
      changeSound,
    },
    profile: () => (wants === null ? undefined : { link: 'fibre', elevationM: 0, expected: wants }),
    onRepaired: (one) => void told.push(one),
  });
  return { sound, told, done, mend };
}

test('the repair unmutes and selects expected devices, reports each change, and restores the previous state on undo', async () => {
  const before = {
    sources: [device('table', true), device('headset')],
    defaultSource: 'headset',
    sinks: [device('bar', true)],
    defaultSink: 'bar',
  };
  const { sound, told, done, mend } = pc(structuredClone(before));
  const steps = [
    { did: 'unmuted', name: 'The table' },
    { did: 'chosen', name: 'The table' },
    { did: 'unmuted', name: 'The bar' },
  ];
  expect(await mend.fix(signal)).toEqual({ done: true, steps });
  expect(sound).toMatchObject({ sources: [{ muted: false }, {}], defaultSource: 'table', sinks: [{ muted: false }] });
  expect(await mend.fix(signal)).toEqual({ done: true, steps: [] });
  expect(await mend.undo(signal)).toMatchObject({
    done: true,
    steps: [{ did: 'muted' }, { did: 'chosen', name: 'The headset' }, { did: 'muted' }],
  });
  expect(sound).toEqual(before);
  expect(done).toEqual(['table on', 'table chosen', 'bar on', 'bar off', 'headset chosen', 'table off']);
  expect(told.map(({ what }) => what)).toEqual(['fixed', 'undone']);
  expect(await mend.undo(signal)).toEqual({ done: false, reason: 'nothing was changed since the start' });
});

test('the repair unmutes only the selected one of several expected devices, and leaves unexpected and working ones unchanged', async () => {
  const sources = [device('table'), device('wall', true), device('headset', true)];
  const { mend, done } = pc({ sources, defaultSource: 'wall', sinks: [device('bar')], defaultSink: 'bar' });
  await mend.fix(signal);
  expect(done).toEqual(['wall on']);
  const other = pc({ sources: [device('headset', true)], defaultSource: 'headset' });
  expect([await other.mend.fix(signal), other.done, other.told]).toEqual([{ done: true, steps: [] }, [], []]);
  const none = pc({ sources: [device('table', true)] }, { wants: { microphone: [] } });
  expect(await none.mend.fix(signal)).toEqual({ done: true, steps: [] });
});

test('the repair reports the reason of a failure and keeps the changes made before it', async () => {
  const { mend, sound } = pc(
    { sources: [device('table', true)], defaultSource: 'table', sinks: [device('bar', true)], defaultSink: 'bar' },
    { broken: 'bar' },
  );
  expect(await mend.fix(signal)).toMatchObject({ done: false, reason: 'pactl failed' });
  expect(sound.sources[0]?.muted).toBe(false);
  const early = pc({}, { wants: null });
  expect(await early.mend.fix(signal)).toEqual({ done: false, reason: 'the equipment of this room is not known yet' });
});

test('the repair mutes the microphone again on undo, even if the selection of the default was refused', async () => {
  const sources = [device('table', true), device('headset')];
  const { mend, sound, done } = pc({ sources, defaultSource: 'headset' }, { chooses: false });
  const steps = [{ did: 'unmuted', name: 'The table' }];
  expect(await mend.fix(signal)).toEqual({ done: false, reason: 'only its user may', steps });
  expect(await mend.undo(signal)).toEqual({ done: true, steps: [{ did: 'muted', name: 'The table' }] });
  expect([sound.sources[0]?.muted, done]).toEqual([true, ['table on', 'table off']]);
});
