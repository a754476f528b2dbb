/** Where the registry keeps what a display says of itself. */
import type { Native } from '../native.ts';
import { readValue } from './hives.ts';

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
