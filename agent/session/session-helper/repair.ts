/** Repair of the sound by a key in the room: one key unmutes and selects the expected microphone and speaker, another key undoes that. */

import { connect } from 'node:net';
import {
  type Check,
  type Clock,
  coreReasonText,
  faultOf,
  isLanguage,
  type Language,
  messageOf,
  type Profile,
  parseJsonAs,
  type Words,
} from '@sabha/contracts';
import * as v from 'valibot';
import type { OrderResult, Platform, SoundChange, SoundState } from '../../platform/platform.ts';
import { toast } from '../../platform/questions/toast.ts';
import { shortText } from '../../platform/text.ts';
import { assignedDevices } from '../../probes/room/expected.ts';
import { chosenFirst } from '../../probes/room/sound-device.ts';
import type { Log } from '../../uplink/store/log.ts';
import type { RoomFacts } from '../card/statement.ts';
import { type ListenOptions, readLines, sendLine } from './ipc-server.ts';
import { type KeyResult, keyResult, type RepairReport } from './messages.ts';

export type RepairOptions = {
  platform: Pick<Platform, 'sound' | 'changeSound'>;
  /** Expected equipment; undefined until `run` has sent it. */
  profile(): Profile | undefined;
  onRepaired(mended: RepairReport): void;
};
export type Repair = Record<'fix' | 'undo', (signal: AbortSignal) => Promise<KeyResult>>;

/** A change of a device, and its reverse `back`, absent if no device was selected before. `isMade`: the sound server accepted the change. */
type RepairStep = { name: string; to: SoundChange; back?: Pick<RepairStep, 'name' | 'to'>; isMade?: true };

/** Guarantee: the repair changes only devices with a fault, and reports each change. `undo` reverses the changes, last one first. */
export function createRepair({ platform, profile, onRepaired }: RepairOptions): Repair {
  let before: RepairStep[] = [];

  async function applySteps(what: RepairReport['what'], steps: RepairStep[], signal: AbortSignal): Promise<KeyResult> {
    const told: RepairReport['steps'] = [];
    let order: OrderResult = { done: true };
    for (const step of steps) {
      const { name, to } = step;
      order = await platform.changeSound(to, signal).catch((error: unknown) => ({ done: false, reason: shortText(messageOf(error)) }));
      if (!order.done) break;
      step.isMade = true;
      told.push({ did: changeKind(to), name: name.slice(0, 256) });
    }
    if (told.length > 0) onRepaired({ what, steps: told });
    return order.done ? { done: true, steps: told } : { ...order, ...(told.length > 0 && { steps: told }) };
  }

  return {
    async fix(signal) {
      const wanted = profile();
      if (wanted === undefined) return { done: false, reason: 'the equipment of this room is not known yet' };
      const sound = await platform.sound(signal);
      if (!sound.known) return { done: false, reason: sound.reason };
      const steps = (['microphone', 'speaker'] as const).flatMap((kind) => repairSteps(kind, wanted, sound.value));
      // An incomplete repair can be undone too.
      if (steps.length > 0) before = steps;
      return applySteps('fixed', steps, signal);
    },
    async undo(signal) {
      if (before.length === 0) return { done: false, reason: 'nothing was changed since the start' };
      // A refused change, such as a selection on Windows, needs no undo.
      const steps = before.toReversed().flatMap(({ back, isMade }) => (back && isMade ? back : []));
      const result = await applySteps('undone', steps, signal);
      if (result.done) before = [];
      return result;
    },
  };
}

function changeKind(change: SoundChange): 'muted' | 'unmuted' | 'chosen' {
  if (!('muted' in change)) return 'chosen';
  return change.muted ? 'muted' : 'unmuted';
}

/** Returns the changes for one kind of device: unmute each expected device, and select the first one if none of them is the default. */
function repairSteps(kind: 'microphone' | 'speaker', { expected }: Profile, sound: SoundState): RepairStep[] {
  const [devices, chosen] = kind === 'microphone' ? [sound.sources, sound.defaultSource] : [sound.sinks, sound.defaultSink];
  const ours = assignedDevices(expected[kind] ?? [], chosenFirst({ devices, chosen }));
  const steps: RepairStep[] = ours
    .filter(({ muted }) => muted)
    .map(({ id, name }) => ({ name, to: { kind, id, muted: false }, back: { name, to: { kind, id, muted: true } } }));
  const [first] = ours;
  if (first === undefined || ours.some(({ id }) => id === chosen)) return steps;
  const other = devices.find((one) => one.id === chosen);
  const back = other && { name: other.name, to: { kind, id: other.id, chosen: true as const } };
  return [...steps, { name: first.name, to: { kind, id: first.id, chosen: true }, ...(back && { back }) }];
}

const askLimitMs = 10_000;
const question = v.object({ key: v.picklist(['fix', 'undo']) });

/** Handles key presses at a socket, one per connection, in the language of the site. Only the user can reach the socket's folder. */
export function serveRepairKey(mend: Repair, language: () => Language | undefined): ListenOptions['onSocket'] {
  return (socket) => {
    const end = () => void socket.destroy();
    socket.on('error', end).setTimeout(askLimitMs, end);
    readLines(socket, (text) => {
      const asked = parseJsonAs(question, text);
      if (asked === undefined) return end();
      void mend[asked.key](AbortSignal.timeout(askLimitMs))
        .catch((error: unknown): KeyResult => ({ done: false, reason: messageOf(error) }))
        .then((answer) => {
          sendLine(socket, { ...answer, language: language() });
          socket.destroySoon();
        });
    });
  };
}

/**
 * Returns the text for the person who pressed the key: each change on a line, and the reason of a failure. `otherwise`: the language if
 * the result names none.
 */
export function repairText(answer: KeyResult, otherwise: Language): string {
  const { language = otherwise } = answer;
  const lines = answer.steps?.map(({ did, name }) => `${phrases[did][language]}: ${name}`) ?? [];
  if (!answer.done) lines.push(coreReasonText(answer.reason, language));
  return lines.join('\n') || phrases.nothingToMend[language];
}

export async function requestRepair(address: string, key: 'fix' | 'undo'): Promise<KeyResult> {
  const socket = connect(address);
  const answer = Promise.withResolvers<KeyResult>();
  const end = (reason: string) => answer.resolve({ done: false, reason });
  socket.setTimeout(2 * askLimitMs, () => end('the session helper does not answer'));
  socket
    .once('error', () => end('no session helper runs for this user: sign out and in again'))
    .once('close', () => end('the session helper ended'));
  readLines(socket, (text) => answer.resolve(parseJsonAs(keyResult, text) ?? { done: false, reason: 'the answer cannot be read' }));
  sendLine(socket, { key });
  return answer.promise.finally(() => socket.destroy());
}

export const phrases = {
  mendNow: { en: 'Fix it', hi: 'ठीक करें' },
  takeBack: { en: 'Undo', hi: 'पहले जैसा करें' },
  unmuted: { en: 'unmuted', hi: 'आवाज़ चालू की' },
  muted: { en: 'muted', hi: 'म्यूट किया' },
  chosen: { en: 'chosen', hi: 'चुना गया' },
  nothingToMend: { en: 'nothing to fix', hi: 'ठीक करने को कुछ नहीं है' },
  mended: { en: 'Fixed', hi: 'ठीक किया गया' },
} as const satisfies Record<string, Words>;

export type ToastsOptions = { clock: Pick<Clock, 'up'>; platform: Pick<Platform, 'ask'>; mend: Repair; log: Log };

/** Faults that the repair key can repair and that a user does not notice without a notification. */
const told = ['microphone.muted', 'microphone.not_default', 'microphone.monitor_chosen'];
/** Minimum interval of notifications. A user who mutes again within this time does so on purpose. */
const toastEveryMs = 600_000;
/** Time limit for the user to close or answer a notification. */
const limitMs = 300_000;

/** Shows a notification when such a fault begins, at most once in ten minutes. */
export function createToasts({ clock, platform, mend, log }: ToastsOptions) {
  let language: Language = 'en';
  let standing: readonly Check[] = [];
  let shownUp = Number.NEGATIVE_INFINITY;

  async function show(title: string, text: string, { action, act }: { action: keyof typeof phrases; act: keyof Repair }): Promise<void> {
    const question = toast({ title, text, action: phrases[action][language] });
    const answer = await platform
      .ask(question, AbortSignal.timeout(limitMs))
      .catch((error) => ({ known: false as const, reason: messageOf(error) }));
    if (!answer.known) return log.info({}, `no notification was shown: ${answer.reason}`);
    const result = answer.value ? await mend[act](AbortSignal.timeout(limitMs)) : undefined;
    if (result?.done === false) log.warn({}, `the fix failed: ${result.reason}`);
  }

  return {
    onKnown({ checks, profile }: RoomFacts): void {
      language = profile.languages?.find(isLanguage) ?? 'en';
      const before = standing;
      standing = checks.filter(({ fault }) => fault !== null && told.includes(fault));
      const fresh = standing.find(({ fault }) => !before.some((one) => one.fault === fault));
      if (fresh === undefined || clock.up() - shownUp < toastEveryMs) return;
      shownUp = clock.up();
      void show(faultOf(fresh.fault ?? '')?.title[language] ?? '', fresh.name ?? '', { action: 'mendNow', act: 'fix' });
    },
    onRepaired({ what, steps }: RepairReport): void {
      const names = [...new Set(steps.map(({ name }) => name))].join(', ');
      if (what === 'fixed') void show(phrases.mended[language], names, { action: 'takeBack', act: 'undo' });
    },
  };
}
