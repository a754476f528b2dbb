/** A call into Windows that fails is not known, with its reason. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@sabha/contracts';
import type { Calls, Native, RegistryKey, RegistryValue } from '../native.ts';
import type { Answer } from '../platform.ts';
import { shortText } from '../text.ts';

/** What `ask` answers; the reason where no call can be made, or this one fails. */
export function attempt<T>(calls: Answer<Calls>, ask: (calls: Calls) => T): Answer<T> {
  if (!calls.known) return calls;
  try {
    return { known: true, value: ask(calls.value) };
  } catch (error) {
    return { known: false, reason: shortText(messageOf(error)) };
  }
}

/** Of people, of their domain or of Microsoft's cloud; Windows's own users are none. */
const person = /^HKU\\S-1-(5-21|12-1)-[\d-]+$/;

/** The branches of the registry that belong to people. Those of others are closed to who is no administrator. */
export async function userHives(native: Native): Promise<Answer<string[]>> {
  const all = await native.registry('HKU', 'here');
  if (!all.known) return all;
  return { known: true, value: all.value.map(({ path }) => path).filter((path) => person.test(path)) };
}

/** The keys of one place in each of these branches, as far as they are open to us. */
export async function inEach(native: Native, hives: readonly string[], place: string): Promise<RegistryKey[][]> {
  const answers = await Promise.all(hives.map((hive) => native.registry(`${hive}\\${place}`, 'below')));
  return answers.map((answer) => (answer.known ? answer.value : []));
}

/** One value of a key; undefined where key or value are not there. */
export async function readValue(native: Native, path: string, name: string): Promise<RegistryValue | undefined> {
  const answer = await native.registry(path, 'here');
  return answer.known ? valueAt(answer.value, path, name) : undefined;
}

/** A value among keys that were read. */
export function valueAt(keys: readonly RegistryKey[], path: string, name: string): RegistryValue | undefined {
  return keys.find((key) => key.path.toLowerCase() === path.toLowerCase())?.values.get(name.toLowerCase());
}

/** `DISPLAY\SAM0D2C\4&29C712E5&0&UID214595`, from `\\?\DISPLAY#SAM0D2C#4&29c712e5&0&UID214595#{e6f07b5f-…}`. */
export function displayPlace(path: string): string | undefined {
  const [, model, place] = /^\\\\\?\\DISPLAY#([^#\\]+)#([^#\\]+)#/i.exec(path) ?? [];
  return model === undefined ? undefined : `DISPLAY\\${model}\\${place}`;
}

/** Empty where it says nothing. */
export async function readEdid(native: Native, path: string): Promise<Buffer> {
  const place = displayPlace(path);
  const enumerated = `HKLM\\SYSTEM\\CurrentControlSet\\Enum\\${place}\\Device Parameters`;
  const value = place === undefined ? undefined : await readValue(native, enumerated, 'EDID');
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}

/** When Windows last wrote down a blue screen, ms since 1970, null for never: it does so after the next start. Only administrators may look. */
export function lastDump(root: string): Answer<number | null> {
  const folder = join(root, 'Minidump');
  try {
    const small = statSync(folder, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(folder);
    const dumps = [...small.filter((name) => /\.dmp$/i.test(name)).map((name) => join(folder, name)), join(root, 'MEMORY.DMP')];
    const newest = Math.max(0, ...dumps.map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0));
    return { known: true, value: newest === 0 ? null : newest };
  } catch {
    return { known: false, reason: 'the marks of crashes are closed to us' };
  }
}
