/** What requests to several routes may say, their addresses too. What does not fit is told in one line. */

import { groupOfScope, isId, isPcPath, siteStages } from '@sabha/contracts';
import type { FastifyRequest } from 'fastify';
import * as v from 'valibot';
import type { PcChoice } from '../../view/live-state.ts';

/** Largest body of a request, bytes. */
export const bodyLimitBytes = 4096;

/** Who acts, as it stands in the audit. */
export const by = v.pipe(
  v.string(),
  v.trim(),
  v.minLength(1),
  v.maxLength(80),
  v.check((name) => !/\p{Cc}|(?![\u200c\u200d])\p{Cf}/u.test(name), 'Invalid name: one line without hidden characters'),
);
/** An order that says all by its address. */
export const order = v.strictObject({ by });

/** True for '' = everywhere, a state, state/site. */
export const isScope = (text: string) => text === '' || isPath(text, 1) || isPath(text, 2);
/** Part of the tree down to a site. */
export const scope = v.pipe(v.string(), v.check(isScope, 'Invalid scope: "" for everywhere, a state, or state/site'));
/** The same, or a group of sites. */
export const scopeOrGroup = v.pipe(
  v.string(),
  v.check(
    (text) => isScope(text) || isId(groupOfScope(text) ?? ''),
    'Invalid scope: "" for everywhere, a state, state/site, or group:NAME',
  ),
);
/** One site. */
export const sitePath = v.custom<PcChoice>((text) => typeof text === 'string' && isPath(text, 2), 'Invalid site: state/site');

/** The same, or one PC. */
export const siteOrPc = v.pipe(
  v.string(),
  v.check((text) => isPath(text, 2) || isPcPath(text), 'Invalid place: state/site or state/site/pc'),
);

/** The number of an incident in an address. */
export const incidentId = v.pipe(v.string(), v.regex(/^[1-9]\d{0,14}$/, 'Invalid number of an incident'), v.transform(Number));

/** Which incidents: without it all, over or not. */
export const incidentsQuery = v.strictObject({ open: v.optional(v.picklist(['true', 'false'])) });
/** Which PCs are wanted one by one: nothing = none. */
export const pcsQuery = v.strictObject({
  pcs: v.optional(v.union([v.literal('all'), sitePath], 'Invalid choice of PCs: "all" or state/site')),
});
/** Which sites: nothing = all. */
export const sitesQuery = v.strictObject({
  stage: v.optional(v.picklist(siteStages)),
  state: v.optional(v.pipe(v.string(), v.check(isId, 'Invalid state'))),
});
/** The PCs of which site: nothing = all. */
export const siteQuery = v.strictObject({ site: v.optional(sitePath) });
/** How many hours back, a day without it. */
export const hoursQuery = v.strictObject({
  hours: v.optional(v.pipe(v.string(), v.regex(/^\d{1,3}$/), v.transform(Number), v.minValue(1), v.maxValue(35 * 24)), '24'),
});

/** An answer that is a table, kept under a name. */
export function csv(file: string) {
  return { type: 'text/csv', about: 'RFC 4180, UTF-8.', file };
}

type Place = { state?: string; site?: string; pc?: string };

/** The path that a request's address names, for the door. */
export function place({ params }: FastifyRequest): string {
  return placePath(params as Place);
}

/** The scope that the body of a request names. What is no scope is refused by the schema later; until then only the whole tree may ask. */
export function scopeOf({ body }: FastifyRequest): string {
  const { scope: asked } = (body ?? {}) as { scope?: unknown };
  return typeof asked === 'string' ? asked : '';
}

/** The path of the parts, '' for none. */
export function placePath({ state, site, pc }: Place): string {
  return [state, site, pc].filter((part) => part !== undefined).join('/');
}

function isPath(text: string, levels: number): boolean {
  return text.split('/').length === levels && text.split('/').every(isId);
}
