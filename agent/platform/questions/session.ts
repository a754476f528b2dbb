/** Reads who is signed in at this PC, and the screen lock, from logind or from the sessions of Windows. */

import { readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../child.ts';
import { readNames, readText } from '../linux/files.ts';
import type { Native, RegistryValue } from '../native.ts';
import type { Answer, Query, System, WindowsSystem } from '../platform.ts';
import { readValue } from '../windows/attempt.ts';

/** `locked`: someone is signed in behind a lock screen or the login screen. */
export type UserSession = 'none' | 'open' | 'locked';

/** Reads the session at the PC. Unknown if the PC has no seat. On Linux it starts a program if someone is signed in. */
export const session: Query<UserSession> = {
  linux: async ({ root, env }, signal) => {
    const seat = await readText(join(root, 'run/systemd/seats/seat0'));
    if (seat === undefined) return { known: false, reason: 'this PC has no seat' };
    const active = said(seat, 'ACTIVE') ?? '';
    if (!(await isUser(root, active))) return { known: true, value: await withoutActive(root, said(seat, 'SESSIONS') ?? '') };
    const args = ['show-session', active, '--property=LockedHint', '--value'];
    const output = await runCommand({ program: 'loginctl', args, env: { ...env, LC_ALL: 'C' } }, signal);
    return output.ok ? lockOf(output.text.trim()) : unsaid;
  },
  windows: async ({ native }) => {
    const seen = await native().ask('consoleSession');
    if (!seen.known) return seen;
    const { user, isLocked } = seen.value;
    if (user === '') return { known: true, value: 'none' };
    if (isLocked === null) return { known: false, reason: 'Windows does not say whether the screen is locked' };
    return { known: true, value: isLocked ? 'locked' : 'open' };
  },
};

const unsaid: Answer<never> = { known: false, reason: 'logind does not say whether the screen is locked' };

function lockOf(hint: string): Answer<UserSession> {
  if (hint !== 'yes' && hint !== 'no') return unsaid;
  return { known: true, value: hint === 'yes' ? 'locked' : 'open' };
}

/** Reads the session while the login screen is active. Another user may be signed in, but not shown. */
async function withoutActive(root: string, ids: string): Promise<UserSession> {
  for (const id of ids.split(' ')) if (await isUser(root, id)) return 'locked';
  return 'none';
}

/**
 * Returns the uid of the user at this PC, or null if nobody is signed in. On Windows it returns the session number.
 * Among several users it is the one with the active session, or at a login screen the only signed-in one. Unknown without a seat.
 */
export const atConsole: Query<number | null> = {
  linux: async ({ root }) => {
    const seat = await readText(join(root, 'run/systemd/seats/seat0'));
    if (seat === undefined) return { known: false, reason: 'this PC has no seat' };
    const active = await userOf(root, said(seat, 'ACTIVE') ?? '');
    if (active !== null) return { known: true, value: active };
    const all = await Promise.all((said(seat, 'SESSIONS') ?? '').split(' ').map((id) => userOf(root, id)));
    const users = [...new Set(all.filter((uid) => uid !== null))];
    return { known: true, value: users.length === 1 ? (users[0] ?? null) : null };
  },
  windows: async ({ native }) => {
    const seen = await native().ask('consoleSession');
    if (!seen.known) return seen;
    const { id, user } = seen.value;
    return { known: true, value: user === '' ? null : id };
  },
};

async function userOf(root: string, id: string): Promise<number | null> {
  if (!(await isUser(root, id))) return null;
  const uid = said((await readText(join(root, 'run/systemd/sessions', id))) ?? '', 'UID') ?? '';
  return /^\d{1,10}$/.test(uid) ? Number(uid) : null;
}

/** Returns whether this session belongs to a user. A valid session id of logind has only letters, digits and underscores. */
async function isUser(root: string, id: string): Promise<boolean> {
  if (!/^\w{1,32}$/.test(id)) return false;
  const text = (await readText(join(root, 'run/systemd/sessions', id))) ?? '';
  return said(text, 'CLASS')?.startsWith('user') === true && said(text, 'STATE') !== 'closing';
}

/** Returns the desktop of the user at the PC if this process runs as that user. Other users cannot read its settings. */
async function ownDesktop(root: string): Promise<string | undefined> {
  const active = said((await readText(join(root, 'run/systemd/seats/seat0'))) ?? '', 'ACTIVE') ?? '';
  if (!(await isUser(root, active))) return undefined;
  const text = (await readText(join(root, 'run/systemd/sessions', active))) ?? '';
  return said(text, 'UID') === `${process.getuid?.()}` ? said(text, 'DESKTOP') : undefined;
}

function said(text: string, key: string): string | undefined {
  return new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1];
}

/** Returns whether the PC is set to sleep when it is idle. On GNOME this starts a program, so call it at most every ten minutes. */
export const sleepsWhenIdle: Query<boolean> = { linux: readSleeps, windows: readPlan };

/** Time limit of gsettings. Without it a hanging desktop would block the other checks. */
const limitMs = 1_000;
/** Folders with settings of logind. Settings of later folders take precedence. */
const folders = ['usr/lib/systemd/logind.conf.d', 'run/systemd/logind.conf.d', 'etc/systemd/logind.conf.d'];
const targets = ['sleep.target', 'suspend.target'];

async function readSleeps(system: System, signal: AbortSignal): Promise<Answer<boolean>> {
  const { root } = system;
  if ((await readNames(join(root, 'etc/systemd'))) === undefined) return { known: false, reason: 'no systemd here' };
  const masks = await Promise.all(targets.map((target) => readlink(join(root, 'etc/systemd/system', target)).catch(() => '')));
  if (masks.includes('/dev/null')) return { known: true, value: false };
  const texts = [await readText(join(root, 'etc/systemd/logind.conf'))];
  for (const folder of folders)
    for (const name of ((await readNames(join(root, folder))) ?? []).filter((one) => one.endsWith('.conf')))
      texts.push(await readText(join(root, folder, name)));
  const said = [...texts.join('\n').matchAll(/^\s*IdleAction\s*=\s*(\S+)/gm)].at(-1)?.[1] ?? 'ignore';
  const isOfSystem = /^(suspend|hibernate|hybrid-sleep|suspend-then-hibernate|sleep)$/.test(said);
  return { known: true, value: isOfSystem || (await desktopSleeps(system, signal)) };
}

/** Returns whether GNOME lets the PC sleep on mains. Its timeout is in seconds; 0 means never. */
async function desktopSleeps({ root, env }: System, signal: AbortSignal): Promise<boolean> {
  if (!/gnome|ubuntu/i.test((await ownDesktop(root)) ?? '')) return false;
  const args = ['list-recursively', 'org.gnome.settings-daemon.plugins.power'];
  const limited = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const output = await runCommand({ program: 'gsettings', args, env: { ...env, LC_ALL: 'C' } }, limited);
  return (
    output.ok && /sleep-inactive-ac-type '(suspend|hibernate)'/.test(output.text) && /sleep-inactive-ac-timeout [1-9]/.test(output.text)
  );
}

const power = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Power';
/** GUID of the power settings for sleep. They contain the seconds on mains until sleep, and until hibernation. */
const group = '238c9fa8-0aad-41ed-83f4-97be242c8f20';
const settings = ['29f6c1db-86da-48c5-9fdb-f2b67b1f44da', '9d7815a6-7ee4-497e-8888-515a05f02364'];

/** Registry key of power settings that an organisation has set by group policy. */
const rules = 'HKLM\\SOFTWARE\\Policies\\Microsoft\\Power\\PowerSettings';

const plans = `${power}\\User\\PowerSchemes`;
const activePlan = (native: Native) => readValue(native, plans, 'ActivePowerScheme');

/** Returns a power setting on mains: from the group policy, else from the active power plan, else from the defaults of Windows. */
export async function planned(native: Native, group: string, setting: string): Promise<RegistryValue | undefined> {
  const plan = await activePlan(native);
  const ruled = await readValue(native, `${rules}\\${setting}`, 'ACSettingIndex');
  const set = await readValue(native, `${plans}\\${plan}\\${group}\\${setting}`, 'ACSettingIndex');
  const defaults = `${power}\\PowerSettings\\${group}\\${setting}\\DefaultPowerSchemeValues\\${plan}`;
  return ruled ?? set ?? (await readValue(native, defaults, 'AcSettingIndex'));
}

async function readPlan({ native }: WindowsSystem): Promise<Answer<boolean>> {
  if ((await activePlan(native())) === undefined) return { known: false, reason: 'Windows reports no power plan' };
  const seconds = await Promise.all(settings.map((setting) => planned(native(), group, setting)));
  if (seconds.some((one) => typeof one === 'number' && one > 0)) return { known: true, value: true };
  return typeof seconds[0] === 'number' ? { known: true, value: false } : { known: false, reason: 'the power plan does not say it' };
}
