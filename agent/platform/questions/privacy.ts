/** Detects whether a privacy key of the PC or a privacy setting blocks camera and microphone. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '@sabha/contracts';
import { runCommand } from '../child.ts';
import { readNames, readText } from '../linux/files.ts';
import type { Query, System } from '../platform.ts';
import { type Capability, readConsent } from '../windows/consent.ts';
import { type Ask, cachedQuery } from './seldom.ts';

/** The blocked devices of one kind: the built-in ones, all, or none (null). */
export type BlockedDevices = 'built-in' | 'all' | null;
/** A device counts as not blocked if no setting can be read, because the result only explains the fault of another check. */
export type Privacy = Record<'camera' | 'microphone', BlockedDevices>;

/** Time limit of gsettings. Without it a hanging desktop would delay the camera and microphone probes. */
const limitMs = 1_500;

/** Interval between two readings of all settings. A reading may start a program. */
const everyMs = 300_000;
/** Minimum interval between two readings after changes, because some desktops write their settings all day. */
const leastMs = 60_000;

/** Reads whether `kind` is blocked. It reads again if `kind` was blocked, after a change of a key or setting, and every five minutes. */
export function createPrivacyQuery(kind: keyof Privacy, clock: Pick<Clock, 'up'>): Ask<Privacy> {
  return cachedQuery(privacy, { everyMs, leastMs, clock, mark: touched, isKept: (taken) => taken[kind] === null });
}

/** Returns a text that changes with the privacy keys and with any desktop setting of the user. It starts no program. */
const touched: Query<string> = {
  linux: async ({ root, env }) => {
    const set = await stat(join(root, env['HOME'] ?? '', '.config/dconf/user')).catch(() => undefined);
    return { known: true, value: JSON.stringify([await keysOf(root), set?.mtimeMs]) };
  },
  windows: async ({ native }) => {
    return { known: true, value: JSON.stringify([await readConsent(native(), 'webcam'), await readConsent(native(), 'microphone')]) };
  },
};

export const privacy: Query<Privacy> = {
  linux: async (system, signal) => {
    const [keys, desktop] = [await keysOf(system.root), await desktopOf(system, signal)];
    const of = (kind: keyof Privacy): BlockedDevices => (desktop[kind] ? 'all' : keys[kind] ? 'built-in' : null);
    return { known: true, value: { camera: of('camera'), microphone: of('microphone') } };
  },
  windows: async ({ native }) => {
    const of = async (kind: Capability): Promise<BlockedDevices> => ((await readConsent(native(), kind)) === 'denied' ? 'all' : null);
    return { known: true, value: { camera: await of('webcam'), microphone: await of('microphone') } };
  },
};

type Switches = Record<keyof Privacy, boolean>;

/** Reads the privacy keys and shutters of Dell and Lenovo from their drivers. */
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

/** Reads the privacy settings of GNOME for the signed-in user. Other desktops have no such setting. */
async function desktopOf({ env, root }: System, signal: AbortSignal): Promise<Switches> {
  const session = env['XDG_RUNTIME_DIR'] ?? join(root, 'run/user', `${process.getuid?.()}`);
  if ((await readNames(session).catch(() => undefined)) === undefined) return { camera: false, microphone: false };
  const args = ['list-recursively', 'org.gnome.desktop.privacy'];
  const limited = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const output = await runCommand({ program: 'gsettings', args, env: { ...env, LC_ALL: 'C' } }, limited);
  const isOff = (kind: string) => output.ok && new RegExp(`^\\S+ disable-${kind} true$`, 'm').test(output.text);
  return { camera: isOff('camera'), microphone: isOff('microphone') };
}
