/** The registry by `reg.exe`, where no library can be called: slower, and without the times of keys. */
import type { Native, RegistryKey, RegistryValue, RunProgram } from '../../native.ts';
import type { Answer } from '../../platform.ts';
import { shortText } from '../../text.ts';

const limitMs = 5_000;
const roots: Readonly<Record<string, string>> = { HKEY_LOCAL_MACHINE: 'HKLM', HKEY_USERS: 'HKU' };

/** Guarantee: whatever language the program speaks, a key is not there only where the one above it was read without it. */
export function registryByProgram(run: RunProgram): Native['registry'] {
  const query: Native['registry'] = async (path, depth) => {
    const output = await run('reg.exe', ['query', path, ...(depth === 'below' ? ['/s'] : [])], AbortSignal.timeout(limitMs));
    if (output.ok) return { known: true, value: readQuery(output.text, path) };
    if (output.why === 'failed' && (await isAbsent(path))) return { known: true, value: [] };
    return { known: false, reason: shortText(`reg.exe ${output.why}: ${output.text}`) };
  };
  const isAbsent = async (path: string): Promise<boolean> => {
    const above = path.slice(0, path.lastIndexOf('\\'));
    if (!above.includes('\\') && above !== 'HKU') return false;
    const found: Answer<RegistryKey[]> = await query(above, 'here');
    return found.known && !found.value.some((key) => key.path.toLowerCase() === path.toLowerCase());
  };
  return query;
}

/** `asked`: a key without values is not printed where nothing lies below it. */
export function readQuery(text: string, asked: string): RegistryKey[] {
  const keys = new Map<string, RegistryKey>();
  const add = (path: string): RegistryKey => {
    const key = keys.get(path.toLowerCase()) ?? { path, values: new Map(), changedAt: null };
    keys.set(path.toLowerCase(), key);
    return key;
  };
  let key = add(asked);
  for (const line of text.split(/\r?\n/)) {
    const [, root, rest = ''] = /^(HKEY_[A-Z_]+)(\\.*)?$/.exec(line) ?? [];
    if (root !== undefined) key = add(`${roots[root] ?? root}${rest}`);
    const [, name = '', kind, data = ''] = /^ {4}(.+?) {4}REG_([A-Z_]+)(?: {4}(.*))?$/.exec(line) ?? [];
    const value = kind === undefined ? undefined : valueIn(kind, data);
    if (value !== undefined) key.values.set(name.toLowerCase(), value);
  }
  return [...keys.values()];
}

/** Undefined where it cannot be read: Wine prints `(null)` for a number of 64 bits. */
function valueIn(kind: string, data: string): RegistryValue | undefined {
  const isNumber = /^0x[0-9a-f]{1,16}$/i.test(data);
  if (kind === 'DWORD') return isNumber ? Number(data) : undefined;
  if (kind === 'QWORD') return isNumber ? BigInt(data) : undefined;
  if (kind === 'BINARY') return Buffer.from(data, 'hex');
  return kind === 'MULTI_SZ' ? data.split('\\0').filter((text) => text !== '') : data;
}
