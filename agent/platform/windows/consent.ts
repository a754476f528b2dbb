/** What the privacy settings of Windows say: may programs have camera and microphone, and which of them has one now. */
import { win32 } from 'node:path';
import type { Native, RegistryKey } from '../native.ts';
import { fromFileTime } from '../native.ts';
import type { Answer } from '../platform.ts';
import { inEach, readValue, userHives, valueAt } from './attempt.ts';

/** As Windows calls them there. */
export type Capability = 'webcam' | 'microphone';
/** A key that is not there denies nothing. */
export type Consent = 'allowed' | 'denied' | 'unknown';

const store = 'SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\CapabilityAccessManager\\ConsentStore';
const policy = { webcam: ['HKLM\\SOFTWARE\\Policies\\Microsoft\\Camera', 'AllowCamera'] } as const;
/** Programs that come from no shop, such as all of the meeting. */
const ordinary = 'NonPackaged';
/** A start that was written down in the minute of the boot belongs to the boot before. */
const bootMarginMs = 60_000;

/** Denied where the PC, an administrator, or all who are signed in deny it to ordinary programs. */
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

/** What the uses are judged by: which programs run now, by path or name (null: not known), when this boot began (ms since 1970), our own program, the folder of Windows. */
export type UseContext = { running: readonly string[] | null; bootedAt: number; own: string; root: string };

/**
 * The programs that have camera or microphone now, as Windows writes it down: paths, or the names of packages.
 * Guarantee: nobody is an answer only where all who are signed in could be looked at; what a crash or a power cut left behind is none, nor is a
 * part of Windows itself (its frame server, its face recognition), nor are we.
 */
export async function readUses(native: Native, kind: Capability, context: UseContext): Promise<Answer<string[]>> {
  const users = await userHives(native);
  if (!users.known) return users;
  const all = await Promise.all(['HKLM', ...users.value].map((hive) => native.registry(`${hive}\\${store}\\${kind}`, 'below')));
  const uses = all.flatMap((keys) => (keys.known ? keys.value.flatMap((key) => useOf(key, kind) ?? []) : []));
  if (uses.length === 0) return { known: false, reason: 'Windows does not write down who uses it' };
  const now = uses.filter(({ since, isOver }) => !isOver && since > context.bootedAt + bootMarginMs);
  const value = [...new Set(now.map(({ program }) => program).filter((program) => isOfOthers(program, context)))];
  // Whoever is signed in behind the one at the PC may have left his meeting on.
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

/** Packages have no path by which a process could be found. */
function isOfOthers(program: string, { running, own, root }: UseContext): boolean {
  const isPath = /^[a-z]:\\/i.test(program);
  if (!isPath) return !ofWindows.test(program);
  const isIt = (one: string) => `\\${stepsIn(program)}`.endsWith(`\\${stepsIn(one)}`);
  return !isBelow(root, program) && !isIt(own) && (running === null || running.some(isIt));
}

/** A folder may have the # in its name that is written for each step. */
function stepsIn(path: string): string {
  return path.replaceAll('#', '\\').toLowerCase();
}

const ofWindows = /^(Microsoft\.Windows\.|Microsoft\.(BioEnrollment|LockApp|AAD\.BrokerPlugin)|windows\.)/i;

/** Is it a part of Windows? `root` is its folder. */
export function isBelow(root: string, program: string): boolean {
  return win32
    .normalize(program)
    .toLowerCase()
    .startsWith(`${win32.normalize(root).toLowerCase()}\\`);
}

/** `MSTeams_8wekyb3d8bbwe`: the name of a package before the mark of its maker, without the maker's own name. */
export function programIn(use: string): string {
  return /^[a-z]:\\/i.test(use) ? use : (use.split('_')[0]?.split('.').at(-1) ?? use);
}
