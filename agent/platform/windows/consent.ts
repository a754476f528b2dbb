/** The privacy settings of Windows: may programs use camera and microphone, and which program uses one now? */
import { win32 } from 'node:path';
import type { Native, RegistryKey } from '../native.ts';
import { fromFileTime } from '../native.ts';
import type { Answer } from '../platform.ts';
import { inEach, readValue, userHives, valueAt } from './attempt.ts';

/** Names of the capabilities in the registry. */
export type Capability = 'webcam' | 'microphone';
/** Whether programs may use a device. A missing registry key gives `unknown`, which does not block the device. */
export type Consent = 'allowed' | 'denied' | 'unknown';

const store = 'SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\CapabilityAccessManager\\ConsentStore';
const policy = { webcam: ['HKLM\\SOFTWARE\\Policies\\Microsoft\\Camera', 'AllowCamera'] } as const;
/** Registry key of programs that are not store packages, such as most meeting programs. */
const ordinary = 'NonPackaged';
/** A use that started before the end of the first minute after boot is a leftover of the previous boot. */
const bootMarginMs = 60_000;

/** Returns `denied` if the PC, an administrator, or every signed-in user denies programs the camera or microphone. */
export async function readConsent(native: Native, kind: Capability): Promise<Consent> {
  const place = `${store}\\${kind}`;
  if (kind === 'webcam' && (await readValue(native, ...policy.webcam)) === 0) return 'denied';
  const ofPc = wordOf(await readValue(native, `HKLM\\${place}`, 'Value'));
  if (ofPc === 'denied') return 'denied';
  const users = await userHives(native);
  const hives = users.known ? users.value : [];
  const words = (await inEach(native, hives, place)).map((keys, at) => {
    const said = ['', `\\${ordinary}`].map((below) => wordOf(valueAt(keys, `${hives[at]}\\${place}${below}`, 'Value')));
    return said.includes('denied') ? 'denied' : said.includes('allowed') ? 'allowed' : 'unknown';
  });
  const told = words.filter((word) => word !== 'unknown');
  if (told.length > 0 && told.every((word) => word === 'denied')) return 'denied';
  return told.length > 0 ? 'allowed' : ofPc;
}

function wordOf(value: unknown): Consent {
  return value === 'Deny' ? 'denied' : value === 'Allow' ? 'allowed' : 'unknown';
}

/**
 * Facts to judge a use record. `running`: programs by path or name, null if unknown. `bootedAt`: ms since 1970. `own`: the agent's
 * program. `root`: the Windows folder.
 */
export type UseContext = { running: readonly string[] | null; bootedAt: number; own: string; root: string };

/**
 * Returns the programs that use camera or microphone now, by Windows' records: paths, or names of packages.
 * Guarantee: an empty list is returned only if the records of all signed-in users were readable.
 * Records left by a crash or a power cut, parts of Windows and the agent are ignored.
 */
export async function readUses(native: Native, kind: Capability, context: UseContext): Promise<Answer<string[]>> {
  const users = await userHives(native);
  if (!users.known) return users;
  const all = await Promise.all(['HKLM', ...users.value].map((hive) => native.registry(`${hive}\\${store}\\${kind}`, 'below')));
  const uses = all.flatMap((keys) => (keys.known ? keys.value.flatMap((key) => useOf(key, kind) ?? []) : []));
  if (uses.length === 0) return { known: false, reason: 'Windows does not record which program uses it' };
  const now = uses.filter(({ since, isOver }) => !isOver && since > context.bootedAt + bootMarginMs);
  const value = [...new Set(now.map(({ program }) => program).filter((program) => isOfOthers(program, context)))];
  // Another signed-in user whose records are unreadable may have a meeting open in the background.
  if (value.length === 0 && all.some(({ known }) => !known))
    return { known: false, reason: 'programs of other users cannot be looked into' };
  return { known: true, value };
}

function useOf({ path, values }: RegistryKey, kind: Capability): { program: string; since: number; isOver: boolean } | undefined {
  const [start, stop] = [values.get('lastusedtimestart'), values.get('lastusedtimestop')];
  if (typeof start !== 'bigint' || typeof stop !== 'bigint') return undefined;
  const place = path.slice(path.toLowerCase().indexOf(`\\${kind}\\`) + kind.length + 2);
  const program = place.startsWith(`${ordinary}\\`) ? place.slice(ordinary.length + 1).replaceAll('#', '\\') : place;
  return { program, since: fromFileTime(start), isOver: stop !== 0n };
}

/** True for a program that is neither the agent nor part of Windows, and that runs. For a store package no process can be checked. */
function isOfOthers(program: string, { running, own, root }: UseContext): boolean {
  const isPath = /^[a-z]:\\/i.test(program);
  if (!isPath) return !ofWindows.test(program);
  const isIt = (one: string) => `\\${stepsIn(program)}`.endsWith(`\\${stepsIn(one)}`);
  return !isBelow(root, program) && !isIt(own) && (running === null || running.some(isIt));
}

/** Splits a path into its parts. A record contains # for each backslash, but a folder name may contain # as well. */
function stepsIn(path: string): string {
  return path.replaceAll('#', '\\').toLowerCase();
}

const ofWindows = /^(Microsoft\.Windows\.|Microsoft\.(BioEnrollment|LockApp|AAD\.BrokerPlugin)|windows\.)/i;

/** True if the program is below the Windows folder `root`. */
export function isBelow(root: string, program: string): boolean {
  return win32
    .normalize(program)
    .toLowerCase()
    .startsWith(`${win32.normalize(root).toLowerCase()}\\`);
}

/** Returns the package name without publisher prefix and publisher id, as in `MSTeams_8wekyb3d8bbwe`. */
export function programIn(use: string): string {
  return /^[a-z]:\\/i.test(use) ? use : (use.split('_')[0]?.split('.').at(-1) ?? use);
}
