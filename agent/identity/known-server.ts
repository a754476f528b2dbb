/**
 * Server that a package names in a file. A person who enrols with that package types no server name, and only the first half of the code.
 */

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readEnrolCode } from '@sabha/contracts';
import * as v from 'valibot';
import { UsageError } from './call.ts';

/** Name of the file, which is beside the Node.js executable of the package. */
export const knownCentreFile = 'centre.json';
/** `centre`: URL of the server; `pin`: fingerprint of its root certificate, as in an enrolment code. */
export type KnownCentre = { centre: string; pin: string };

const pin = v.pipe(v.string(), v.length(20));
const known = v.pipe(v.string(), v.parseJson(), v.object({ centre: v.pipe(v.string(), v.startsWith('https://')), pin }));

/** Returns undefined if the package names no server. Throws UsageError for a damaged file. */
export function knownCentre(execPath: string): KnownCentre | undefined {
  const file = join(dirname(execPath), knownCentreFile);
  if (!existsSync(file)) return undefined;
  const read = v.safeParse(known, readFileSync(file, 'utf8'));
  if (!read.success) throw new UsageError(`${file}: names no server; install the package again`);
  return read.output;
}

/** Returns the half of the code that the person typed, without the half that the package added. */
export function typedPart(code: string, centre: KnownCentre | undefined): string {
  return code.replace(`-${centre?.pin}`, '');
}

/** Adds the second half (the pin of the package) to half a code; returns other text unchanged. */
export function completeCode(text: string, centre: KnownCentre | undefined): string {
  const read = readEnrolCode(text, centre?.pin);
  return read.ok && !readEnrolCode(text).ok ? `${text}-${read.value.pin}` : text;
}

/** Host and port of the server; an IPv6 host has no brackets. */
export type ServerAddress = { host: string; port: number };

/** Port for a typed name without a port. */
export const defaultPort = 8_443;

/** Parses an address as people type it. A name without `https://` and port gets the default port. */
export function parseAddress(typed: string): ServerAddress | undefined {
  const text = typed.replaceAll(/\s/g, '').replaceAll(',', '.');
  const isBare = !text.includes('://');
  const url = text === '' ? null : URL.parse(isBare ? `https://${text}` : text);
  if (url?.protocol !== 'https:') return undefined;
  return { host: url.hostname.replaceAll(/[[\]]/g, ''), port: Number(url.port || (isBare ? defaultPort : 443)) };
}

export function serverUrl({ host, port }: ServerAddress): string {
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
