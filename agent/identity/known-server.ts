/** Server named by a package. A person who enrols with that package types neither its name nor the second half of the code. */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readEnrolCode } from '@sabha/contracts';
import * as v from 'valibot';
import { UsageError } from './call.ts';

/** Name of its file, beside the Node executable of the package. */
export const knownCentreFile = 'centre.json';
/** `centre`: its URL; `pin`: fingerprint of its root certificate, as in a code. */
export type KnownCentre = { centre: string; pin: string };

const pin = v.pipe(v.string(), v.length(20));
const known = v.pipe(v.string(), v.parseJson(), v.object({ centre: v.pipe(v.string(), v.startsWith('https://')), pin }));

/** Returns undefined if the package names no server. Throws UsageError. */
export function knownCentre(execPath: string): KnownCentre | undefined {
  const file = join(dirname(execPath), knownCentreFile);
  if (!existsSync(file)) return undefined;
  const read = v.safeParse(known, readFileSync(file, 'utf8'));
  if (!read.success) throw new UsageError(`${file}: names no server; install the package again`);
  return read.output;
}

/** Returns the part of a code that the person typed, without the half that the package supplied. */
export function typedPart(code: string, centre: KnownCentre | undefined): string {
  return code.replace(`-${centre?.pin}`, '');
}

/** Completes the first half of a code; returns other text unchanged. */
export function completeCode(text: string, centre: KnownCentre | undefined): string {
  const read = readEnrolCode(text, centre?.pin);
  return read.ok && !readEnrolCode(text).ok ? `${text}-${read.value.pin}` : text;
}

/** Host and port; an IPv6 address without brackets. */
export type ServerAddress = { host: string; port: number };

/** Default port for a name without one. */
export const defaultPort = 8_443;

/** Parses an address as people type it; a bare name gets the default port. */
export function parseAddress(typed: string): ServerAddress | undefined {
  const text = typed.replaceAll(/\s/g, '').replaceAll(',', '.');
  const isBare = !text.includes('://');
  const url = text === '' ? null : URL.parse(isBare ? `https://${text}` : text);
  if (url?.protocol !== 'https:') return undefined;
  return { host: url.hostname.replaceAll(/[[\]]/g, ''), port: Number(url.port || (isBare ? defaultPort : 443)) };
}

/** Returns the address as a URL. */
export function serverUrl({ host, port }: ServerAddress): string {
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
