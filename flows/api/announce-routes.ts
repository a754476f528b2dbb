/** Notices to the persons of a scope or group. */

import { announcementSummary, announcementView } from '@sabha/contracts';
import * as v from 'valibot';
import { announcementLimit } from '../notify/people/words.ts';
import { ownPart } from '../pki/door/door.ts';
import { found, granted, on, type Route, read } from './kit/route.ts';
import { by, incidentId, scopeOrGroup } from './kit/schemas.ts';

const saying = v.strictObject({
  by,
  to: scopeOrGroup,
  text: v.pipe(
    v.string(),
    v.trim(),
    v.minLength(1),
    v.maxLength(announcementLimit, `Invalid text: at most ${announcementLimit} characters`),
    v.check((text) => !/\p{Cc}|(?![\u200c\u200d])\p{Cf}/u.test(text), 'Invalid text: one line without hidden characters'),
  ),
  apply: v.optional(v.boolean(), false),
});

const right = { may: 'announce', at: ownPart.at } as const;

/** Whoever sees one sees its persons, so the right to read it is that to send it. */
export const announceRoutes: readonly Route[] = [
  on('announcements', [
    'announce all|STATE[/SITE]|group:NAME|GROUP TEXT [--yes]',
    'बहुतों को सूचना भेजता है; --yes के बिना सिर्फ़ दिखाता है कि किसे जाएगी।',
    { note: 'sabha announced ID shows who received it and who read it' },
  ])(
    ['post /api/announcements', 'Sends a notice to many, or first lists its recipients.'],
    { right, body: saying, answer: announcementView, refusals: [403, 404, 429] },
    async (announcements, { viewer, body }) => granted(await announcements.send({ ...body, within: viewer.scope })).value,
  ),
  on('announcements', [
    'announced [NUMBER]',
    'भेजी हुई सूचनाएँ दिखाता है, या यह कि किसे मिली और किसने पढ़ी।',
    { english: 'Lists the notices, or shows who received one and who read it.' },
  ])(
    ['get /api/announcements', 'Lists the notices, the newest first.'],
    { right, answer: v.array(announcementSummary) },
    (announcements, { viewer }) => announcements.list(viewer.scope),
  ),
  on('announcements')(
    ['get /api/announcements/{id}', 'A notice: who got it, who read it, and who did not.'],
    { right, answer: announcementView, refusals: [400, 404] },
    async (announcements, { viewer, params: { id } }) =>
      found(await announcements.one(read(incidentId, id), viewer.scope), 'there is no such notice'),
  ),
];
