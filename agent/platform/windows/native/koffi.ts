/** Where koffi lies, by which libraries of Windows are called. Guarantee: it is looked for when it is first asked for, and nowhere but on Windows. */
import { createRequire as requireFrom } from 'node:module';
import { dirname, join } from 'node:path';
import { codeOf, messageOf } from '@sabha/contracts';
import type { Answer } from '../../platform.ts';
import { shortText } from '../../text.ts';

/** An address in the memory of this process. */
export type Pointer = bigint;
/** A type of C, by its name or made by koffi. */
export type CType = string | { readonly made: unique symbol };
/** A function of a library. */
export type Call = (...args: unknown[]) => number;

/** What we use of koffi 3. */
export type Koffi = {
  load(library: string): { func(convention: string, name: string, result: CType, args: CType[]): Call };
  proto(convention: string, result: CType, args: CType[]): CType;
  call(pointer: Pointer, type: CType, ...args: unknown[]): number;
  pointer(to: CType): CType;
  out(type: CType): CType;
  inout(type: CType): CType;
  decode: {
    (at: Pointer, offset: number, type: 'void *'): Pointer;
    (at: Pointer, offset: number, type: 'int32'): number;
    string16(at: Pointer): string;
  };
};

/** Set where the agent was packed. */
declare const SABHA_VERSION: string | undefined;

/**
 * Both halves beside the program of Node, so that no update of the agent parts them; in a tree of sources among its packages.
 * Guarantee: what is installed takes none from a folder above its own, where Node would look too and where, up to the disk, anybody may put one.
 */
export function loadKoffi(program = process.execPath): Answer<Koffi> {
  const beside = requireFrom(join(dirname(program), 'koffi.cjs'));
  const places = [() => beside('./koffi'), () => beside('./node_modules/koffi')];
  if (typeof SABHA_VERSION !== 'string') places.push(() => requireFrom(import.meta.url)('koffi'));
  let reason = 'koffi is not there';
  for (const place of places) {
    try {
      return { known: true, value: place() };
    } catch (error) {
      if (codeOf(error) !== 'MODULE_NOT_FOUND') reason = shortText(`koffi: ${messageOf(error).split('\n')[0]}`);
    }
  }
  return { known: false, reason };
}

/** How Windows writes texts. */

/** The text before the first zero: behind it may lie anything. */
export function untilZero(text: string): string {
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

/** Texts one behind the other, each with its zero. */
export function textsOf(data: Buffer): string[] {
  return data
    .toString('utf16le')
    .split('\0')
    .filter((text) => text !== '');
}
