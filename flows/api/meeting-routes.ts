/** The calendar: whole files in, and what is known of a place. */

import { meetingsImport, meetingView } from '@sabha/contracts';
import * as v from 'valibot';
import { outside, ownPart, whole } from '../pki/door/door.ts';
import { Refused } from '../pki/door/refused.ts';
import { checked, ofFile, on, type Route } from './kit/route.ts';
import { by, isScope } from './kit/schemas.ts';

const importing = v.strictObject({
  by,
  text: v.string(),
  rooms: v.optional(v.pipe(v.string(), v.maxLength(8_000)), ''),
  replace: v.optional(v.boolean(), false),
  apply: v.optional(v.boolean(), false),
});
const removing = v.strictObject({ by, id: v.pipe(v.string(), v.maxLength(200)) });
const meetingsQuery = v.strictObject({
  scope: v.optional(v.pipe(v.string(), v.check(isScope, 'Invalid scope: "" for everywhere, a state, or state/site'))),
});

/** Reading, importing and removing meetings. */
export const meetingRoutes: readonly Route[] = [
  on('meetings', ['meetings list [--at STATE[/SITE]]', 'आने वाली मीटिंग दिखाता है।', { columns: 'id title scopes next minutes repeats' }])(
    ['get /api/meetings', 'Lists the meetings of a place, the next first.'],
    { right: ownPart, query: meetingsQuery, answer: v.array(meetingView), refusals: [404] },
    (meetings, { viewer, query: { scope = viewer.scope } }) => {
      if (!viewer.has(scope)) throw outside(viewer, scope);
      return meetings.list(scope);
    },
  ),
  on('meetings', [
    'meetings import FILE [--rooms PATHS] [--replace] [--yes] [--dry-run]',
    'CSV या कैलेंडर फ़ाइल से मीटिंग लेता है; --yes के बिना सिर्फ़ दिखाता है कि क्या बदलेगा।',
    { file: 'text' },
  ])(
    ['post /api/meetings/import', 'Loads meetings from a CSV or calendar file; without --yes it shows what would change.'],
    { right: whole('import'), body: importing, answer: meetingsImport, ...ofFile },
    (meetings, { body, reply }) => checked(reply, meetings.import(body)),
  ),
  on('meetings', ['meetings remove ID', 'एक मीटिंग हटाता है।'])(
    ['post /api/meetings/remove', 'Removes a meeting from the calendar.'],
    { right: whole('import'), body: removing, refusals: [404] },
    async (meetings, { body: { id, by: who } }) => {
      if (!(await meetings.remove(id, who))) throw new Refused(404, 'there is no such meeting');
      return undefined;
    },
  ),
];
