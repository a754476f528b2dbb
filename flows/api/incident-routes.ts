/** Incidents, what a person does with one, and the words for what they are about. One of elsewhere is as if it were not there. */

import { type IncidentView, incidentRow, incidentView } from '@sabha/contracts';
import * as v from 'valibot';
import { ownPart } from '../pki/door/door.ts';
import { Refused } from '../pki/door/refused.ts';
import { sendFile } from './bytes/files.ts';
import { found, on, type Route, read } from './kit/route.ts';
import { by, csv, incidentId, incidentsQuery, order } from './kit/schemas.ts';

const taking = v.strictObject({ by, takeOver: v.optional(v.boolean(), false) });
const noting = v.strictObject({ by, text: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(500)) });
const assigning = v.strictObject({ by, to: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(80)) });
const snoozing = v.strictObject({ by, until: v.pipe(v.number(), v.integer()) });
const words = v.object({ en: v.string(), hi: v.string() });

/** An act answers 204 once it is committed. */
export const incidentRoutes: readonly Route[] = [
  on('view', ['incidents [--open]', 'अलर्ट की सूची दिखाता है।'])(
    ['get /api/incidents', 'Lists the incidents.'],
    { right: ownPart, query: incidentsQuery, answer: v.array(incidentRow) },
    (view, { query: { open } }) => view.incidents().filter((one) => open === undefined || (one.overAt === null) === (open === 'true')),
  ),
  on('view')(
    ['get /api/incidents/{id}', 'One incident in full.'],
    { right: ownPart, answer: incidentView, refusals: [404] },
    (view, { params }) => found(view.incident(read(incidentId, params.id)), ...noIncident),
  ),
  on('view', ['ack ID [--take-over]', 'बताता है कि अलर्ट आप देख रहे हैं।', { json: { acknowledged: 'id', by: 'by' } }])(
    [
      'post /api/incidents/{id}/acknowledge',
      'Says that you see to an incident. It is taken over from somebody else only where that is asked for.',
    ],
    { right: { ...ownPart, may: 'acknowledge' }, body: taking, refusals: [404, 409] },
    async (view, { params, body: { by: who, takeOver } }) => {
      const id = read(incidentId, params.id);
      // Looked at and taken in one go: nothing comes between.
      if (!takeOver) refuseTaken(view.incident(id), view.names(who));
      return done(await view.acknowledge(id, who));
    },
  ),
  on('view')(
    ['post /api/incidents/{id}/withdraw', 'Takes back what was acknowledged a moment ago (15 s): as if it had not been.'],
    { right: { ...ownPart, may: 'acknowledge' }, body: order, refusals: [404, 409] },
    async (view, { params, body }) => done(await view.withdraw(read(incidentId, params.id), body.by)),
  ),
  on('view', ['note ID TEXT', 'अलर्ट पर टिप्पणी लिखता है।', { json: { incident: 'id', by: 'by', text: 'text' } }])(
    ['post /api/incidents/{id}/note', 'Writes a note to an incident.'],
    { right: { ...ownPart, may: 'note' }, body: noting, refusals: [404, 409] },
    async (view, { params, body }) => done(await view.note(read(incidentId, params.id), body.by, body.text)),
  ),
  on('view', [
    'incidents fixed ID',
    'बताता है कि काम हो गया; PC की फिर जाँच होती है।',
    { json: { fixed: 'id', by: 'by' }, note: 'it is over when its PC says so, else it is reopened' },
  ])(
    [
      'post /api/incidents/{id}/fixed',
      'Says that an incident is fixed. Its PC is checked again: the incident ends when the PC agrees, else it is reopened.',
    ],
    { right: { ...ownPart, may: 'acknowledge' }, body: order, refusals: [404, 409] },
    async (view, { params, body }) => done(await view.fixed(read(incidentId, params.id), body.by)),
  ),
  on('view', ['incidents assign ID PERSON', 'अलर्ट किसी को सौंपता है।', { json: { incident: 'id', by: 'by', to: 'to' } }])(
    ['post /api/incidents/{id}/assign', 'Gives an incident to a person, who is notified once; `to` is the id or the name of the person.'],
    { right: { ...ownPart, may: 'assign' }, body: assigning, refusals: [404, 409, 422, 429] },
    async (view, { params, body }) => done(await view.assign(read(incidentId, params.id), body.by, body.to)),
  ),
  on('view', ['incidents snooze ID 90m|2h|2027-01-15T18:30+05:30', 'अलर्ट को कुछ समय के लिए रोकता है।'])(
    ['post /api/incidents/{id}/snooze', 'Keeps an incident quiet until a time, unless it gets worse.'],
    { right: { ...ownPart, may: 'snooze' }, body: snoozing, refusals: [404, 409, 422, 429] },
    async (view, { params, body }) => done(await view.snooze(read(incidentId, params.id), body.by, body.until)),
  ),
  on('words')(
    [
      'get /api/words',
      'Titles and first actions of all faults in both languages, the Hindi of what machines say, and by language the words of the domain.',
    ],
    {
      right: ownPart,
      answer: v.object({
        reasons: v.array(v.tuple([v.string(), v.string()])),
        words: v.record(v.string(), v.record(v.string(), v.record(v.string(), v.string()))),
        faults: v.record(v.string(), v.object({ title: words, action: words })),
      }),
    },
    (file, { request, reply }) => sendFile(file, request, reply),
  ),
  on('smsTexts', ['words export [FILE]', 'SMS के संदेश लिखता है, जैसे उन्हें रजिस्टर कराना है।'])(
    [
      'get /api/words/sms.csv',
      'Writes the texts for SMS as they are registered with an operator in India: id, tags, length, segments. Register each text, then each address in register_url.',
    ],
    { right: ownPart, answer: csv('sms.csv') },
    (texts) => texts.csv,
  ),
];

function refuseTaken(incident: IncidentView | undefined, names: readonly string[]): void {
  const { acknowledged = null, overAt = 0 } = incident ?? {};
  if (acknowledged === null || overAt !== null || names.includes(acknowledged.by)) return;
  const since = new Date(acknowledged.at).toISOString().slice(11, 16);
  throw new Refused(409, `${acknowledged.by} has it since ${since} UTC: "takeOver" takes it over`, {
    code: 'taken',
    about: { by: acknowledged.by, at: acknowledged.at },
  });
}

function done(outcome: 'done' | keyof typeof refusals): undefined {
  if (outcome === 'done') return;
  const [status, line] = refusals[outcome];
  throw new Refused(status, line, { code: outcome });
}

const noIncident = ['there is no such incident', { code: 'missing' }] as const;
const refusals = {
  missing: [404, noIncident[0]],
  over: [409, 'this incident is over'],
  late: [409, 'only who acknowledged it takes that back, within 15 seconds'],
  nobody: [422, 'there is no such person in the roster, or several of that name: give the id'],
  time: [422, 'an incident is quiet until a time that is to come, at most 24 hours ahead'],
  often: [429, 'this incident was assigned or made quiet a dozen times in this hour, and each time somebody is told'],
} satisfies Record<string, [number, string]>;
