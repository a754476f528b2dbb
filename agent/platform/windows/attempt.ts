/** Helpers for calls into Windows. A failed call gives an unknown answer with the reason. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@sabha/contracts';
import type { KernelCalls, Native, RegistryKey, RegistryValue } from '../native.ts';
import type { Answer } from '../platform.ts';
import { shortText } from '../text.ts';

/** Returns the result of `ask`, or the reason why Windows cannot be called or why `ask` failed. */
export function attempt<T>(calls: Answer<KernelCalls>, ask: (calls: KernelCalls) => T): Answer<T> {
  if (!calls.known) return calls;
  try {
    return { known: true, value: ask(calls.value) };
  } catch (error) {
    return { known: false, reason: shortText(messageOf(error)) };
  }
}

/** Matches the registry hives of local, domain and cloud users by their SIDs. System accounts of Windows do not match. */
const person = /^HKU\\S-1-(5-21|12-1)-[\d-]+$/;

/** Returns the registry hives of signed-in users. Only an administrator can read the hives of other users. */
export async function userHives(native: Native): Promise<Answer<string[]>> {
  const all = await native.registry('HKU', 'here');
  if (!all.known) return all;
  return { known: true, value: all.value.map(({ path }) => path).filter((path) => person.test(path)) };
}

/** Returns the readable keys below `place`, separately for each hive. */
export async function inEach(native: Native, hives: readonly string[], place: string): Promise<RegistryKey[][]> {
  const answers = await Promise.all(hives.map((hive) => native.registry(`${hive}\\${place}`, 'below')));
  return answers.map((answer) => (answer.known ? answer.value : []));
}

/** Returns one value of a key; undefined if the key or the value is missing. */
export async function readValue(native: Native, path: string, name: string): Promise<RegistryValue | undefined> {
  const answer = await native.registry(path, 'here');
  return answer.known ? valueAt(answer.value, path, name) : undefined;
}

export function valueAt(keys: readonly RegistryKey[], path: string, name: string): RegistryValue | undefined {
  return keys.find((key) => key.path.toLowerCase() === path.toLowerCase())?.values.get(name.toLowerCase());
}

/** Converts `\\?\DISPLAY#SAM0D2C#4&29c712e5&0&UID214595#{e6f07b5f-…}` to `DISPLAY\SAM0D2C\4&29C712E5&0&UID214595`. */
export function displayPlace(path: string): string | undefined {
  const [, model, place] = /^\\\\\?\\DISPLAY#([^#\\]+)#([^#\\]+)#/i.exec(path) ?? [];
  return model === undefined ? undefined : `DISPLAY\\${model}\\${place}`;
}

/** Returns the EDID of a display; empty if there is none. */
export async function readEdid(native: Native, path: string): Promise<Buffer> {
  const place = displayPlace(path);
  const enumerated = `HKLM\\SYSTEM\\CurrentControlSet\\Enum\\${place}\\Device Parameters`;
  const value = place === undefined ? undefined : await readValue(native, enumerated, 'EDID');
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}

/**
 * Returns the time of the newest crash dump in ms since 1970; null without one. Windows writes a crash dump at the start after the
 * crash, and only administrators may read it.
 */
export function lastDump(root: string): Answer<number | null> {
  const folder = join(root, 'Minidump');
  try {
    const small = statSync(folder, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(folder);
    const dumps = [...small.filter((name) => /\.dmp$/i.test(name)).map((name) => join(folder, name)), join(root, 'MEMORY.DMP')];
    const newest = Math.max(0, ...dumps.map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0));
    return { known: true, value: newest === 0 ? null : newest };
  } catch {
    return { known: false, reason: 'the agent may not read the crash records' };
  }
}
