/** The centre for whose offices a package was made: who types a code there need neither type its name nor the half of the code by which it is known. */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readEnrolCode } from '@sabha/contracts';
import * as v from 'valibot';
import { WrongCall } from './call.ts';

/** Its file, beside the Node that came in the package. */
export const knownCentreFile = 'centre.json';
/** `centre`: its address; `pin`: of its root certificate, as in a code. */
export type KnownCentre = { centre: string; pin: string };

const pin = v.pipe(v.string(), v.length(20));
const known = v.pipe(v.string(), v.parseJson(), v.object({ centre: v.pipe(v.string(), v.startsWith('https://')), pin }));

/** Undefined where the package is of no centre. Throws WrongCall. */
export function knownCentre(execPath: string): KnownCentre | undefined {
  const file = join(dirname(execPath), knownCentreFile);
  if (!existsSync(file)) return undefined;
  const read = v.safeParse(known, readFileSync(file, 'utf8'));
  if (!read.success) throw new WrongCall(`${file}: says no centre; install the package once more`);
  return read.output;
}

/** What was typed of a whole code: nobody knows the half that the package brought. */
export function typedOf(code: string, centre: KnownCentre | undefined): string {
  return code.replace(`-${centre?.pin}`, '');
}

/** Of the first half of a code the whole; anything else is as it was typed. */
export function wholeCode(text: string, centre: KnownCentre | undefined): string {
  const read = readEnrolCode(text, centre?.pin);
  return read.ok && !readEnrolCode(text).ok ? `${text}-${read.value.pin}` : text;
}

/** Where a centre is, as people type it and as a call takes it. */

/** Host and port; an IPv6 address without its brackets. */
export type Place = { host: string; port: number };

/** Of a name without one. */
export const usualPort = 8_443;

/** A place as people type it: a bare name is that of the usual port. */
export function placeOf(typed: string): Place | undefined {
  const text = typed.replaceAll(/\s/g, '').replaceAll(',', '.');
  const isBare = !text.includes('://');
  const url = text === '' ? null : URL.parse(isBare ? `https://${text}` : text);
  if (url?.protocol !== 'https:') return undefined;
  return { host: url.hostname.replaceAll(/[[\]]/g, ''), port: Number(url.port || (isBare ? usualPort : 443)) };
}

/** The same as a call takes it. */
export function addressOf({ host, port }: Place): string {
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
