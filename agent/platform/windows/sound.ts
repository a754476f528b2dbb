/** Microphones and speakers from one reading of Core Audio. */
import type { Endpoint, Native, Sound } from '../native.ts';
import type { Answer, Part, SoundDevice, SoundService, SoundState } from '../platform.ts';
import { programLabels } from '../programs.ts';
import { deviceName, shortId } from '../text.ts';
import { attempt } from './attempt.ts';
import { isBelow } from './consent.ts';

const states = { active: 1, disabled: 2, unplugged: 8 };
const audioService = 'Audiosrv';
const stopped = 1;
/** Mask for the state of an endpoint. The higher bits are internal to Windows. */
const stateBits = 0xf;

/** `root`: the Windows folder, whose programs are ignored. Unknown in a Remote Desktop session, which has the sound of the other PC. */
export async function readSound(native: Native, root: string): Promise<Answer<SoundState>> {
  const here = attempt(native.calls, (calls) => calls.isAtConsole());
  if (here.known && !here.value) return { known: false, reason: 'only the session at the PC knows its sound' };
  const seen = await native.ask('sound');
  return seen.known ? { known: true, value: soundFrom(seen.value, root) } : seen;
}

/** Converts the endpoints. Absent endpoints are left out. An empty socket is an unplugged microphone, but no speaker. */
function soundFrom({ endpoints, capture, render }: Sound, root: string): SoundState {
  const of = (flow: Endpoint['flow'], ...wanted: number[]) =>
    endpoints.filter((one) => one.flow === flow && wanted.includes(one.state & stateBits));
  const switchedOff = of('capture', states.disabled).map(partOf);
  return {
    sources: of('capture', states.active, states.unplugged).map((one) => deviceOf(one, root)),
    defaultSource: idOf(capture.console),
    defaultCallSource: idOf(capture.call),
    sinks: of('render', states.active).map((one) => deviceOf(one, root)),
    defaultSink: idOf(render.console),
    ...(switchedOff.length > 0 && { switchedOff }),
  };
}

function idOf(id: string | null): string | null {
  return id === null ? null : shortId(id);
}

function partOf({ id, name }: Endpoint): Part {
  return { id: shortId(id), name: deviceName(name, id) };
}

function deviceOf(one: Endpoint, root: string): SoundDevice {
  const [, vendor, product] = /VID_([0-9a-f]{4})&PID_([0-9a-f]{4})/i.exec(one.device ?? '') ?? [];
  return {
    ...partOf(one),
    muted: one.muted === true,
    volume: one.volume ?? 1,
    ...((one.state & stateBits) === states.active && (one.muted === null || one.volume === null) && { isUnread: true }),
    usedBy: programLabels((one.programs ?? []).filter((program) => !isBelow(root, program))),
    ...(vendor !== undefined && { model: `${vendor}:${product}`.toLowerCase() }),
    ...((one.state & stateBits) === states.unplugged && { isUnplugged: true }),
  };
}

/**
 * Reads whether the sound service answers, hangs or is stopped. Guarantee: a service that is missing or unreadable does not count as
 * down.
 */
export async function readSoundService(native: Native): Promise<Answer<SoundService>> {
  const seen = await native.ask('sound');
  if (!seen.known && seen.isHung) return { known: true, value: 'hung' };
  const state = await native.ask('service', audioService);
  if (state.known && state.value === stopped) return { known: true, value: 'down' };
  return seen.known ? { known: true, value: 'answers' } : seen;
}
