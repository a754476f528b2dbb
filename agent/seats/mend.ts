/** One key in the room: the microphone and the speaker that the room should have are opened and chosen, and that can be taken back. */
import type { Profile } from '#contracts';
import type { Platform, SoundChange, SoundState } from '../platform/platform.ts';
import { fits } from '../probes/room/expected.ts';
import type { KeyResult, Mended } from './messages.ts';

/** What can be changed, and who is told of it. */
export type MendOptions = {
  platform: Pick<Platform, 'sound' | 'changeSound'>;
  /** What is expected here; undefined until `run` has said it. */
  profile(): Profile | undefined;
  onMended(mended: Mended): void;
};
/** The key, and its way back. */
export type Mend = Record<'fix' | 'undo', (signal: AbortSignal) => Promise<KeyResult>>;

/** A change by the name of its device, and what takes it back: absent where nothing had been chosen before. */
type Step = { name: string; to: SoundChange; back?: Omit<Step, 'back'> };

/** Guarantee: it changes only what is wrong, tells each change, and `undo` makes what it changed as it was before, the last first. */
export function createMend({ platform, profile, onMended }: MendOptions): Mend {
  let before: Step[] = [];

  async function take(what: Mended['what'], steps: Step[], signal: AbortSignal): Promise<KeyResult> {
    for (const { to } of steps) {
      const order = await platform.changeSound(to, signal);
      if (!order.done) return order;
    }
    const told = steps.map(({ name, to }) => ({ did: didOf(to), name: name.slice(0, 256) }));
    if (told.length > 0) onMended({ what, steps: told });
    return { done: true, steps: told };
  }

  return {
    async fix(signal) {
      const wanted = profile();
      if (wanted === undefined) return { done: false, reason: 'nobody has said yet what this room should have' };
      const sound = await platform.sound(signal);
      if (!sound.known) return { done: false, reason: sound.reason };
      const steps = (['microphone', 'speaker'] as const).flatMap((kind) => stepsOf(kind, wanted, sound.value));
      // What was begun is taken back too, where it did not come to its end.
      if (steps.length > 0) before = steps;
      return take('fixed', steps, signal);
    },
    async undo(signal) {
      if (before.length === 0) return { done: false, reason: 'nothing was changed since the start' };
      const steps = before.toReversed().flatMap(({ back }) => back ?? []);
      const result = await take('undone', steps, signal);
      if (result.done) before = [];
      return result;
    },
  };
}

function didOf(change: SoundChange): 'muted' | 'unmuted' | 'chosen' {
  if (!('muted' in change)) return 'chosen';
  return change.muted ? 'muted' : 'unmuted';
}

/** Of several that will do the one that is chosen is opened, else the first is opened and chosen. */
function stepsOf(kind: 'microphone' | 'speaker', { expected }: Profile, sound: SoundState): Step[] {
  const [devices, chosen] = kind === 'microphone' ? [sound.sources, sound.defaultSource] : [sound.sinks, sound.defaultSink];
  const ours = devices.filter((device) => expected[kind]?.some((one) => fits(one, device)));
  const device = ours.find(({ id }) => id === chosen) ?? ours[0];
  if (device === undefined) return [];
  const { id, name } = device;
  const steps: Step[] = [];
  if (device.muted) steps.push({ name, to: { kind, id, muted: false }, back: { name, to: { kind, id, muted: true } } });
  const other = devices.find((one) => one.id === chosen);
  const back = other && { name: other.name, to: { kind, id: other.id, chosen: true as const } };
  if (id !== chosen) steps.push({ name, to: { kind, id, chosen: true }, ...(back && { back }) });
  return steps;
}
