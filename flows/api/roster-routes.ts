/** Routes for the roster, personal data, push devices and announcements. */
import {
  announcementSummary,
  announcementView,
  dayView,
  dutyView,
  type ProofView,
  personExport,
  personForgotten,
  proofView,
  rosterCheck,
  rosterImport,
  rosterPerson,
  shiftView,
} from '@sabha/contracts';

import * as v from 'valibot';
import type { DeviceBook } from '../notify/orders/devices.ts';
import type { RosterOrders } from '../notify/orders/roster-orders.ts';
import { announcementLimit } from '../notify/people/words.ts';
import { outsideScope, ownPart, RequestError, type Viewer, wholeTree } from '../pki/http-auth/http-auth.ts';
import {
  by,
  csv,
  defineRoute,
  flag,
  importLimits,
  incidentId,
  isPlain,
  orNotFound,
  orRefuse,
  type Route,
  readInput,
  scopeOrGroup,
  trimmed,
  withImportStatus,
} from './kit/route.ts';

const personId = v.pipe(v.string(), v.maxLength(32));
const leaving = v.strictObject({ by, person: personId, days: v.pipe(v.string(), v.maxLength(1_200)), deputy: v.optional(personId) });
const testing = v.strictObject({ by, person: personId, channel: v.optional(personId) });
const removing = v.strictObject({ by, person: personId });
const scopeQuery = v.strictObject({ scope: v.optional(scopeOrGroup) });
const checkQuery = v.strictObject({
  scope: v.optional(scopeOrGroup),
  days: v.optional(v.pipe(v.string(), v.regex(/^\d{1,2}$/), v.transform(Number), v.minValue(1), v.maxValue(31)), '14'),
});
const endpoint = v.pipe(v.string(), v.maxLength(1_000));
const browserKey = v.pipe(v.string(), v.regex(/^[\w-]{16,100}$/));
const deviceView = v.object({ key: v.nullable(v.string()), person: v.nullable(v.string()), here: v.boolean() });
const notSet = 'channels.push is not set';
const personName = v.pipe(v.string(), v.trim(), v.minLength(3), v.maxLength(80));
const personAsked = { by, name: personName, also: v.optional(v.array(personName), []) };
const saying = v.strictObject({
  by,
  to: scopeOrGroup,
  text: v.pipe(
    trimmed(announcementLimit, `Invalid text: 1 to ${announcementLimit} characters`),
    v.check(isPlain, 'Invalid text: one line without hidden characters'),
  ),
  apply: flag,
});
const right = { ...ownPart, may: 'announce' } as const;
const ownRoster = { ...ownPart, may: 'roster' } as const;

export const rosterRoutes: readonly Route[] = [
  defineRoute('roster', [
    'roster show [PERSON] [--at STATE[/SITE]|group:NAME]',
    'दिखाता है कि किसे और किस रास्ते ख़बर जाती है; एक व्यक्ति का पूरा ब्योरा भी।',
  ])(
    ['get /api/roster', 'Shows who is notified, and over which channels; of one person all.'],
    { right: ownRoster, query: scopeQuery, answer: v.array(rosterPerson), refusals: [404] },
    (roster, { viewer, query: { scope: at = viewer.scope } }) => roster.list(own(roster, viewer, at)),
  ),
  defineRoute('roster', ['roster export [FILE]', 'जिन्हें ख़बर जाती है उनकी सूची CSV में लिखता है, फ़ाइल में या यहीं।'])(
    ['get /api/roster.csv', 'Writes the roster as CSV, as it can be imported again.'],
    { right: wholeTree('roster'), answer: csv('roster.csv') },
    (roster) => roster.csv(),
  ),
  defineRoute('roster', ['roster duty [STATE[/SITE]|group:NAME]', 'दिखाता है कि अभी किसे ख़बर जाएगी, और क्यों।'])(
    ['get /api/roster/duty', 'Shows who is notified now, and why.'],
    { right: ownPart, query: scopeQuery, answer: dutyView, refusals: [404] },
    (roster, { viewer, query: { scope: at = viewer.scope } }) => roster.duty(own(roster, viewer, at)),
  ),
  defineRoute('roster')(
    ['get /api/roster/day', 'The duty of one person today, by their clock.'],
    { right: ownRoster, query: v.strictObject({ person: personId }), answer: dayView, refusals: [404] },
    (roster, { viewer, query: { person } }) => {
      mayChange(roster, viewer, person);
      return orNotFound(roster.day(person), 'there is no such person');
    },
  ),
  defineRoute('roster', ['roster check [--days DAYS] [--at STATE[/SITE]|group:NAME]', 'वे समय और जगहें ढूँढता है जहाँ किसी को ख़बर नहीं जाएगी।'])(
    ['get /api/roster/check', 'Looks for hours and places in which nobody would be notified.'],
    { right: ownRoster, query: checkQuery, answer: rosterCheck, refusals: [404, 409] },
    async (roster, { viewer, query: { scope: at = viewer.scope, days } }) => {
      const checked = await roster.check({ scope: own(roster, viewer, at), days });
      if (checked === undefined) throw new RequestError(409, 'the tabs do not run: the log of flows says why');
      return checked;
    },
  ),
  defineRoute('roster', [
    'roster import FILE [--replace] [--yes] [--dry-run]',
    'जिन्हें ख़बर जाती है उनकी सूची CSV से लेता है; --yes के बिना सिर्फ़ दिखाता है कि क्या बदलेगा।',
    { file: 'csv' },
  ])(
    ['post /api/roster/import', 'Loads the people who are notified from a CSV file; without --yes it shows what would change.'],
    {
      right: wholeTree('import'),
      body: v.strictObject({ by, csv: v.string(), replace: flag, apply: flag }),
      answer: rosterImport,
      ...importLimits,
    },
    (roster, { body, reply }) => withImportStatus(reply, roster.import(body)),
  ),
  defineRoute('roster', ['roster leave PERSON FROM..TO|none [--deputy PERSON]', 'छुट्टी लिखता है; तब ख़बर उनकी जगह वाले को जाती है।'])(
    ['post /api/roster/leave', 'Sets the days off of a person, and the deputy who is notified then.'],
    { right: ownRoster, body: leaving, refusals: [404, 409] },
    async (roster, { viewer, body: { person, ...how } }) => {
      mayChange(roster, viewer, person);
      return void orRefuse(await roster.leave(person, { days: how.days === 'none' ? '' : how.days, deputy: how.deputy, by: how.by }));
    },
  ),
  defineRoute('roster', [
    'notify test PERSON [--channel CHANNEL]',
    'किसी को जाँच का संदेश भेजता है, और बताता है कि पहुँचा या नहीं।',
    { ok: ({ results }: ProofView) => results.every(({ result }) => result === 'delivered') },
  ])(
    [
      'post /api/roster/test',
      'Sends a person a test message over one channel or each, at most six an hour; what arrives is kept as a proof.',
    ],
    { right: ownRoster, body: testing, answer: proofView, refusals: [404, 409, 429] },
    async (roster, { viewer, body: { person, channel, by: who } }) => {
      mayChange(roster, viewer, person);
      return orRefuse(await roster.prove(person, { channel, by: who })).value;
    },
  ),
  defineRoute('roster', ['roster take PERSON --from PERSON', 'एक व्यक्ति की शिफ़्ट दूसरे को देता है।'])(
    [
      'post /api/roster/take',
      'Gives the shift of one person to another until it ends, at most three times an hour; the first is notified.',
    ],
    { right: ownRoster, body: v.strictObject({ by, person: personId, from: personId }), answer: shiftView, refusals: [404, 409, 429] },
    async (roster, { viewer, body: { person, from, by: who } }) => {
      mayChange(roster, viewer, from);
      return orRefuse(await roster.take(person, { from, by: who })).value;
    },
  ),
  defineRoute('roster', ['roster remove PERSON', 'किसी को सूची से हटाता है।'])(
    ['post /api/roster/remove', 'Removes a person from the roster.'],
    { right: wholeTree('import'), body: removing, refusals: [404, 409] },
    async (roster, { body: { person, by: who } }) => void orRefuse(await roster.remove(person, who)),
  ),
  defineRoute('people', ['people export NAME [FILE] [--also WORD]...', 'किसी व्यक्ति के बारे में जो भी लिखा है, सब निकालता है।'])(
    ['post /api/people/export', 'Writes all data of a person.'],
    { right: wholeTree('people'), body: v.strictObject(personAsked), answer: personExport },
    (people, { body }) => people.export(body),
  ),
  defineRoute('people', [
    'people forget NAME [--also WORD]... [--yes]',
    'किसी का नाम हर जगह से हटाता है; --yes के बिना सिर्फ़ गिनता है।',
    { note: 'backups keep the name until then; copies that you keep elsewhere are yours to delete' },
  ])(
    ['post /api/people/forget', 'Removes the name of a person everywhere, for good, or first counts the rows.'],
    {
      right: wholeTree('people'),
      body: v.strictObject({ ...personAsked, apply: flag }),
      answer: personForgotten,
      refusals: [404, 409],
    },
    async (people, { body }) => orRefuse(await people.forget(body)).value,
  ),
  defineRoute('devices')(
    [
      'get /api/devices',
      'The key for a new device of a browser (null: Web Push is not set). Also the person of this account, and whether the device of that address has notifications.',
    ],
    { right: ownPart, query: v.strictObject({ by: v.optional(by), endpoint: v.optional(endpoint, '') }), answer: deviceView },
    (devices, { viewer, query }) => {
      const person = devices?.personOf(viewer.name ?? query.by ?? '') ?? null;
      const here = person !== null && devices?.of(person).some((one) => one.endpoint === query.endpoint) === true;
      return { key: devices?.key ?? null, person, here };
    },
  ),
  defineRoute('devices')(
    ['post /api/devices', 'Adds this device for the notifications of its user (RFC 8030): address and keys, as the browser names them.'],
    { right: ownPart, body: v.strictObject({ by, endpoint, p256dh: browserKey, auth: browserKey }), refusals: [404, 409] },
    async (devices, { body: { by: who, ...device } }) => {
      const { book, person } = ownDevices(devices, who);
      return void orRefuse(await book.addDevice(person, device, who));
    },
  ),
  defineRoute('devices')(
    ['post /api/devices/remove', 'Ends the notifications to this device.'],
    { right: ownPart, body: v.strictObject({ by, endpoint }), refusals: [404] },
    async (devices, { body: { by: who, endpoint: gone } }) => {
      const { book, person } = ownDevices(devices, who);
      await book.remove(person, gone, who);
      return undefined;
    },
  ),
  defineRoute('devices', [
    'devices remove PERSON',
    'किसी के किसी भी डिवाइस पर अब नोटिफ़िकेशन नहीं भेजता, जैसे फ़ोन चोरी होने पर।',
    { note: 'the person can add a device again after a sign-in' },
  ])(
    ['post /api/devices/remove-all', 'Ends the notifications to all devices of a person, such as after a phone was stolen.'],
    { right: wholeTree('import'), body: removing, answer: v.object({ removed: v.number() }), refusals: [404] },
    async (devices, { body: { person, by: who } }) => {
      if (devices === null) throw new RequestError(404, notSet);
      return { removed: await devices.removeAll(person, who) };
    },
  ),
  defineRoute('announcements', [
    'announce all|STATE[/SITE]|group:NAME|GROUP TEXT [--yes]',
    'बहुतों को सूचना भेजता है; --yes के बिना सिर्फ़ दिखाता है कि किसे जाएगी।',
    { note: 'sabha announced ID shows who received it and who read it' },
  ])(
    ['post /api/announcements', 'Sends a notice to many, or first lists its recipients.'],
    { right, body: saying, answer: announcementView, refusals: [403, 404, 429] },
    async (announcements, { viewer, body }) => orRefuse(await announcements.send({ ...body, within: viewer.scope })).value,
  ),
  defineRoute('announcements', [
    'announced [NUMBER]',
    'भेजी हुई सूचनाएँ दिखाता है, या यह कि किसे मिली और किसने पढ़ी।',
    { english: 'Lists the notices, or shows who received one and who read it.' },
  ])(
    ['get /api/announcements', 'Lists the notices, the newest first.'],
    { right, answer: v.array(announcementSummary) },
    (announcements, { viewer }) => announcements.list(viewer.scope),
  ),
  defineRoute('announcements')(
    ['get /api/announcements/{id}', 'A notice: who got it, who read it, and who did not.'],
    { right, answer: announcementView, refusals: [400, 404] },
    async (announcements, { viewer, params: { id } }) =>
      orNotFound(await announcements.one(readInput(incidentId, id), viewer.scope), 'there is no such notice'),
  ),
];

function ownDevices(book: DeviceBook | null, login: string): { book: DeviceBook; person: string } {
  if (book === null) throw new RequestError(404, notSet);
  return { book, person: orNotFound(book.personOf(login), `nobody in the roster has the id or e-mail address "${login}"`) };
}

function own(roster: RosterOrders, viewer: Viewer, at: string): string {
  if (!roster.liesWithin(viewer.scope, at)) throw outsideScope(viewer, at);
  return orNotFound(roster.has(at) ? at : undefined, `there is no state, site or PC ${at}`);
}

/** Throws the same 404 for a person outside the viewer's scope and for an unknown person, so that existence does not leak. */
function mayChange(roster: RosterOrders, viewer: Viewer, person: string): void {
  const isOwn = roster.scopesOf(person)?.every((scope) => roster.liesWithin(viewer.scope, scope)) ?? viewer.scope === '';
  if (!isOwn) throw new RequestError(404, 'there is no such person');
}
