/** What a request may say. One schema for each; what does not fit is told in one line. */
import * as v from 'valibot';

/** Largest body of a request, bytes. */
export const bodyLimitBytes = 4096;

const by = v.pipe(
  v.string(),
  v.trim(),
  v.minLength(1),
  v.maxLength(80),
  v.check((name) => !/\p{Cc}/u.test(name), 'Invalid name: one line without control characters'),
);

export const incidentId = v.pipe(v.string(), v.regex(/^[1-9]\d{0,14}$/, 'Invalid number of an incident'), v.transform(Number));
export const incidentsQuery = v.strictObject({ open: v.optional(v.picklist(['true', 'false'])) });
export const acknowledgement = v.strictObject({ by });
export const note = v.strictObject({ by, text: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(500)) });
