/** Who sits at this PC, and whether the screen is locked: by logind, or by the sessions of Windows. */
import { join } from 'node:path';
import { runCommand } from '../child.ts';
import { readText } from '../linux/files.ts';
import type { Answer, Question } from '../platform.ts';

/** `locked`: somebody is signed in, behind a lock or behind the login screen. */
export type Session = 'none' | 'open' | 'locked';

/** Starts a program where somebody is signed in. Not known where the PC has no seat. */
export const session: Question<Session> = {
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

function lockOf(hint: string): Answer<Session> {
  if (hint !== 'yes' && hint !== 'no') return unsaid;
  return { known: true, value: hint === 'yes' ? 'locked' : 'open' };
}

/** The login screen is shown; somebody may be signed in behind it. */
async function withoutActive(root: string, ids: string): Promise<Session> {
  for (const id of ids.split(' ')) if (await isUser(root, id)) return 'locked';
  return 'none';
}

/**
 * Who sits at this PC, as a number of the system; null where nobody is signed in there. Of several it is the one whose session is shown, and
 * behind a login screen the one who alone is signed in. Not known where the PC has no seat. On Windows it is the number of his session.
 */
export const atConsole: Question<number | null> = {
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

/** What is no plain number or word is no session of logind. */
async function isUser(root: string, id: string): Promise<boolean> {
  if (!/^\w{1,32}$/.test(id)) return false;
  const text = (await readText(join(root, 'run/systemd/sessions', id))) ?? '';
  return said(text, 'CLASS')?.startsWith('user') === true && said(text, 'STATE') !== 'closing';
}

/** Which desktop the user at the PC has, where that is the user of this process: only then can its settings be read. */
export async function ownDesktop(root: string): Promise<string | undefined> {
  const active = said((await readText(join(root, 'run/systemd/seats/seat0'))) ?? '', 'ACTIVE') ?? '';
  if (!(await isUser(root, active))) return undefined;
  const text = (await readText(join(root, 'run/systemd/sessions', active))) ?? '';
  return said(text, 'UID') === `${process.getuid?.()}` ? said(text, 'DESKTOP') : undefined;
}

function said(text: string, key: string): string | undefined {
  return new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1];
}
