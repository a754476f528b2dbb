/** Loads the package koffi, which calls libraries of Windows. Guarantee: koffi is loaded at first use, and only on Windows. */
import { createRequire as requireFrom } from 'node:module';
import { dirname, join } from 'node:path';
import { codeOf, messageOf } from '@sabha/contracts';
import type { Answer } from '../../platform.ts';
import { shortText } from '../../text.ts';

export type Pointer = bigint;
/** A C type, by its name or created by koffi. */
export type CType = string | { readonly made: unique symbol };
export type NativeFunction = (...args: unknown[]) => number;

/** The functions of koffi 3 that the agent uses. */
export type Koffi = {
  load(library: string): { func(convention: string, name: string, result: CType, args: CType[]): NativeFunction };
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

/** Version of the agent; defined if the agent is packed. */
declare const SABHA_VERSION: string | undefined;

/**
 * Loads both files of koffi from the folder of node.exe, so that an update of the agent replaces them together. An agent that runs from
 * source loads koffi from node_modules.
 * Guarantee: an installed agent loads no koffi from a parent folder. Node would search there, and any user may be able to write there.
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

/** Returns the text before the first zero character, because the characters after it have no meaning. */
export function untilZero(text: string): string {
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

/** Returns the zero-terminated texts of a buffer. */
export function textsOf(data: Buffer): string[] {
  return data
    .toString('utf16le')
    .split('\0')
    .filter((text) => text !== '');
}
