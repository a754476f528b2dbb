/** What a request may say. One schema for each; what does not fit is told in one line. */
import * as v from 'valibot';
import { isId, isPcPath, siteStages, verbNames } from '#contracts';
import type { PcChoice } from '../view/view.ts';

/** Largest body of a request, bytes. */
export const bodyLimitBytes = 4096;

export const by = v.pipe(
  v.string(),
  v.trim(),
  v.minLength(1),
  v.maxLength(80),
  v.check((name) => !/\p{Cc}|(?![\u200c\u200d])\p{Cf}/u.test(name), 'Invalid name: one line without hidden characters'),
);

export const incidentId = v.pipe(v.string(), v.regex(/^[1-9]\d{0,14}$/, 'Invalid number of an incident'), v.transform(Number));
export const incidentsQuery = v.strictObject({ open: v.optional(v.picklist(['true', 'false'])) });
export const acknowledgement = v.strictObject({ by });
export const note = v.strictObject({ by, text: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(500)) });

const isPath = (text: string, levels: number) => text.split('/').length === levels && text.split('/').every(isId);
export const sitePath = v.custom<PcChoice>((text) => typeof text === 'string' && isPath(text, 2), 'Invalid site: state/site');

/** Which PCs are wanted one by one: nothing = none. */
export const pcsQuery = v.strictObject({
  pcs: v.optional(v.union([v.literal('all'), sitePath], 'Invalid choice of PCs: "all" or state/site')),
});
export const sitesQuery = v.strictObject({
  stage: v.optional(v.picklist(siteStages)),
  state: v.optional(v.pipe(v.string(), v.check(isId, 'Invalid state'))),
});
export const siteQuery = v.strictObject({ site: v.optional(sitePath) });
export const hoursQuery = v.strictObject({
  hours: v.optional(v.pipe(v.string(), v.regex(/^\d{1,3}$/), v.transform(Number), v.minValue(1), v.maxValue(35 * 24)), '24'),
});
const scope = v.pipe(
  v.string(),
  v.check((text) => text === '' || isPath(text, 1) || isPath(text, 2), 'Invalid scope: "" for everywhere, a state, or state/site'),
);
export const rollcall = v.strictObject({ scope, by });
/** The arguments are read by the table of the verbs. */
export const ordering = v.strictObject({
  by,
  to: v.pipe(
    v.string(),
    v.check(
      (text) => text === '' || isPath(text, 1) || isPath(text, 2) || isPcPath(text),
      'Invalid address: "" for everywhere, a state, state/site or state/site/pc',
    ),
  ),
  verb: v.picklist(verbNames),
  args: v.optional(v.record(v.string(), v.union([v.string(), v.number()])), {}),
});
