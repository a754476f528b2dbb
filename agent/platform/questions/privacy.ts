/** Does a switch of the PC, or the privacy setting of its system, take camera and microphone away from programs? */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@sabha/contracts';
import { runCommand } from '../child.ts';
import { readNames, readText } from '../linux/files.ts';
import type { Question, System } from '../platform.ts';
import { type Capability, readConsent } from '../windows/consent.ts';
import { type Ask, asksSeldom } from './seldom.ts';

/** Which devices are taken away: those that are built in, or all. */
export type Blocked = 'built-in' | 'all' | null;
/** Of what no place tells nothing is taken away: this only explains what is wrong otherwise. */
export type Privacy = Record<'camera' | 'microphone', Blocked>;

/** A desktop that hangs keeps nobody from asking camera and microphone themselves. */
const limitMs = 1_500;

/** It may start a program, and nobody changes it in a meeting. */
const everyMs = 300_000;
/** A desktop whose settings are written all day, as by its windows, starts it no more often than that. */
const leastMs = 60_000;

/** Asks whether `kind` is taken away: anew where it was, where a switch or a setting was touched since, and every few minutes. */
export function asksPrivacy(kind: keyof Privacy, clock: Pick<Clock, 'up'>): Ask<Privacy> {
  return asksSeldom(privacy, { everyMs, leastMs, clock, mark: touched, isKept: (taken) => taken[kind] === null });
}

/** Is another one when something of it was changed, and costs no program: the switches, and when the user last set anything on his desktop. */
const touched: Question<string> = {
  linux: async ({ root, env }) => {
    const set = await stat(join(root, env['HOME'] ?? '', '.config/dconf/user')).catch(() => undefined);
    return { known: true, value: JSON.stringify([await keysOf(root), set?.mtimeMs]) };
  },
  windows: async ({ native }) => {
    return { known: true, value: JSON.stringify([await readConsent(native(), 'webcam'), await readConsent(native(), 'microphone')]) };
  },
};

/** May start a program. */
export const privacy: Question<Privacy> = {
  linux: async (system, signal) => {
    const [keys, desktop] = [await keysOf(system.root), await desktopOf(system, signal)];
    const of = (kind: keyof Privacy): Blocked => (desktop[kind] ? 'all' : keys[kind] ? 'built-in' : null);
    return { known: true, value: { camera: of('camera'), microphone: of('microphone') } };
  },
  windows: async ({ native }) => {
    const of = async (kind: Capability): Promise<Blocked> => ((await readConsent(native(), kind)) === 'denied' ? 'all' : null);
    return { known: true, value: { camera: await of('webcam'), microphone: await of('microphone') } };
  },
};

type Switches = Record<keyof Privacy, boolean>;

/** The keys and shutters of Dell and Lenovo, as their drivers show them. */
async function keysOf(root: string): Promise<Switches> {
  const dell = await readEach(join(root, 'sys/bus/wmi/devices'), /^6932965F-/i, 'dell_privacy_current_state');
  const lenovo = await readEach(join(root, 'sys/bus/platform/devices'), /^VPC2004:/, 'camera_power');
  return {
    camera: dell.some((said) => said.includes('[Camera Shutter] [muted]')) || lenovo.includes('0'),
    microphone: dell.some((said) => said.includes('[Microphone] [muted]')),
  };
}

async function readEach(folder: string, pattern: RegExp, file: string): Promise<string[]> {
  const names = ((await readNames(folder)) ?? []).filter((name) => pattern.test(name));
  return (await Promise.all(names.map((name) => readText(join(folder, name, file))))).filter((said) => said !== undefined);
}

/** GNOME's, which other desktops do not heed and so do not set; only the signed-in user has one. */
async function desktopOf({ env, root }: System, signal: AbortSignal): Promise<Switches> {
  const session = env['XDG_RUNTIME_DIR'] ?? join(root, 'run/user', `${process.getuid?.()}`);
  if ((await readNames(session).catch(() => undefined)) === undefined) return { camera: false, microphone: false };
  const args = ['list-recursively', 'org.gnome.desktop.privacy'];
  const limited = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const output = await runCommand({ program: 'gsettings', args, env: { ...env, LC_ALL: 'C' } }, limited);
  const isOff = (kind: string) => output.ok && new RegExp(`^\\S+ disable-${kind} true$`, 'm').test(output.text);
  return { camera: isOff('camera'), microphone: isOff('microphone') };
}
