/** Routes for incidents, roll calls and commands to PCs. An incident outside the viewer's scope returns 404. */
import {
  commandSummary,
  commandView,
  type IncidentView,
  incidentRow,
  incidentView,
  rollCallSummary,
  rollCallView,
  verbNames,
} from '@sabha/contracts';
import * as v from 'valibot';
import { rollCallTable, tableName } from '../operations/rollcall/rollcall.ts';
import { ownPart, RequestError, wholeTree } from '../pki/http-auth/http-auth.ts';
import type { ActionResult, RollCallRefusal } from '../view/live.ts';
import { sendFile } from './bytes/wall.ts';
import {
  by,
  csv,
  defineRoute,
  flag,
  incidentId,
  incidentsQuery,
  isPlaceOrPc,
  order,
  orNotFound,
  orRefuse,
  type Route,
  readInput,
  scope,
  scopeOf,
  textMatching,
  trimmed,
} from './kit/route.ts';

const snoozing = v.strictObject({ by, until: v.pipe(v.number(), v.integer()) });
const words = v.object({ en: v.string(), hi: v.string() });
const noIncident = ['there is no such incident', { code: 'missing' }] as const;
const refusals = {
  missing: [404, noIncident[0]],
  over: [409, 'this incident is over'],
  late: [409, 'only the person who acknowledged it can take that back, within 15 seconds'],
  nobody: [422, 'there is no such person in the roster, or several of that name: give the id'],
  time: [422, 'an incident can be quiet until a later time, at most 24 hours ahead'],
  often: [429, 'this incident was assigned or made quiet twelve times in this hour, and each time somebody is notified: try again later'],
} satisfies Record<Exclude<ActionResult, 'done'>, [number, string]>;
/** Time zone for a site that has none, or that no longer exists. */
const defaultTimeZone = 'Asia/Kolkata';
const noRollCall = 'there is no such roll call';
const notStarted: Record<RollCallRefusal, [number, string]> = {
  busy: [409, 'a roll call runs already'],
  unknown: [404, 'there is no such scope'],
  deaf: [503, 'the broker cannot be reached, so no PC can answer'],
};
/** `args` is checked later against the table of commands, which knows the arguments of each. */
const ordering = v.strictObject({
  by,
  to: textMatching(isPlaceOrPc, 'Invalid address: "" for everywhere, a state, state/site or state/site/pc'),
  verb: v.picklist(verbNames),
  args: v.optional(v.record(v.string(), v.union([v.string(), v.number()])), {}),
});

export const incidentRoutes: readonly Route[] = [
  defineRoute('view', ['incidents [--open]', 'अलर्ट की सूची दिखाता है।'])(
    ['get /api/incidents', 'Lists the incidents.'],
    { right: ownPart, query: incidentsQuery, answer: v.array(incidentRow) },
    (view, { query: { open } }) => view.incidents().filter((one) => open === undefined || (one.overAt === null) === (open === 'true')),
  ),
  defineRoute('view')(
    ['get /api/incidents/{id}', 'One incident in full.'],
    { right: ownPart, answer: incidentView, refusals: [404] },
    (view, { params }) => orNotFound(view.incident(readInput(incidentId, params.id)), ...noIncident),
  ),
  defineRoute('view', ['ack ID [--take-over]', 'बताता है कि अलर्ट आप देख रहे हैं।', { json: { acknowledged: 'id', by: 'by' } }])(
    ['post /api/incidents/{id}/acknowledge', 'Says that you look after an incident. It is taken over from somebody else only on request.'],
    { right: { ...ownPart, may: 'acknowledge' }, body: v.strictObject({ by, takeOver: flag }), refusals: [404, 409] },
    async (view, { params, body: { by: who, takeOver } }) => {
      const id = readInput(incidentId, params.id);
      // No await between the check and the action, so no other request changes the incident in between.
      if (!takeOver) refuseTaken(view.incident(id), view.names(who));
      return done(await view.act(id, who, { type: 'acknowledge' }));
    },
  ),
  defineRoute('view')(
    ['post /api/incidents/{id}/withdraw', 'Takes back an acknowledgement of the last 15 s, as if it had not been made.'],
    { right: { ...ownPart, may: 'acknowledge' }, body: order, refusals: [404, 409] },
    async (view, { params, body }) => done(await view.act(readInput(incidentId, params.id), body.by, { type: 'withdraw' })),
  ),
  defineRoute('view', ['note ID TEXT', 'अलर्ट पर टिप्पणी लिखता है।', { json: { incident: 'id', by: 'by', text: 'text' } }])(
    ['post /api/incidents/{id}/note', 'Writes a note to an incident.'],
    { right: { ...ownPart, may: 'note' }, body: v.strictObject({ by, text: trimmed(500) }), refusals: [404, 409] },
    async (view, { params, body: { by: who, ...act } }) =>
      done(await view.act(readInput(incidentId, params.id), who, { type: 'note', ...act })),
  ),
  defineRoute('view', [
    'incidents fixed ID',
    'बताता है कि काम हो गया; PC की फिर जाँच होती है।',
    { json: { fixed: 'id', by: 'by' }, note: 'it ends when its PC agrees, else it is reopened' },
  ])(
    [
      'post /api/incidents/{id}/fixed',
      'Says that an incident is fixed. Its PC is checked again: the incident ends when the PC agrees, else it is reopened.',
    ],
    { right: { ...ownPart, may: 'acknowledge' }, body: order, refusals: [404, 409] },
    async (view, { params, body }) => done(await view.act(readInput(incidentId, params.id), body.by, { type: 'fixed' })),
  ),
  defineRoute('view', ['incidents assign ID PERSON', 'अलर्ट किसी को सौंपता है।', { json: { incident: 'id', by: 'by', to: 'to' } }])(
    ['post /api/incidents/{id}/assign', 'Gives an incident to a person, who is notified once; `to` is the id or the name of the person.'],
    { right: { ...ownPart, may: 'assign' }, body: v.strictObject({ by, to: trimmed(80) }), refusals: [404, 409, 422, 429] },
    async (view, { params, body: { by: who, ...act } }) =>
      done(await view.act(readInput(incidentId, params.id), who, { type: 'assign', ...act })),
  ),
  defineRoute('view', [
    'incidents snooze ID 90m|2h|2027-01-15T18:30+05:30',
    'अलर्ट को कुछ समय के लिए रोकता है।',
    { json: { incident: 'id', by: 'by', until: 'until' }, note: 'it is quiet until then, unless it gets worse' },
  ])(
    ['post /api/incidents/{id}/snooze', 'Keeps an incident quiet until a time, unless it gets worse.'],
    { right: { ...ownPart, may: 'snooze' }, body: snoozing, refusals: [404, 409, 422, 429] },
    async (view, { params, body: { by: who, ...act } }) =>
      done(await view.act(readInput(incidentId, params.id), who, { type: 'snooze', ...act })),
  ),
  defineRoute('words')(
    [
      'get /api/words',
      'Titles and first actions of all faults in both languages, the Hindi of the texts of machines, and by language the words of the domain.',
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
  defineRoute('smsTexts', ['words export [FILE]', 'SMS के संदेश लिखता है, जैसे उन्हें रजिस्टर कराना है।'])(
    [
      'get /api/words/sms.csv',
      'Writes the texts for SMS as they are registered with an operator in India: id, tags, length, segments. Register each text, then each address in register_url.',
    ],
    { right: ownPart, answer: csv('sms.csv') },
    (texts) => texts.csv,
  ),
  defineRoute('view', ['rollcall list', 'हाज़िरी की सूची दिखाता है।', { columns: 'id scope by startedAt finishedAt counts' }])(
    ['get /api/rollcalls', 'Lists the roll calls, the newest first.'],
    { right: ownPart, answer: v.array(rollCallSummary) },
    (view) => view.rollcalls.list(),
  ),
  defineRoute('view', [
    'rollcall start --scope all|STATE|STATE/SITE [--no-wait]',
    'हर कमरे से एक साथ पूछता है कि तैयार है या नहीं, और जवाब का इंतज़ार करता है।',
    { english: 'Asks every room at once whether it is ready, and waits for the answers.' },
  ])(
    ['post /api/rollcalls', 'Asks every room of a scope at once whether it is ready.'],
    {
      right: { may: 'rollcall', at: scopeOf },
      body: v.strictObject({ scope, by }),
      answer: v.object({ id: v.string() }),
      done: 201,
      refusals: [404, 409, 503],
    },
    (view, { body }) => {
      const started = view.rollcalls.start(body);
      if (typeof started === 'string') {
        const [status, line] = notStarted[started];
        throw new RequestError(status, line, { code: started === 'unknown' ? 'missing' : started });
      }
      return started;
    },
  ),
  defineRoute('view', ['rollcall show ID', 'एक हाज़िरी दिखाता है।'])(
    ['get /api/rollcalls/{id}', 'Shows a roll call.'],
    { right: ownPart, answer: rollCallView, refusals: [404] },
    async (view, { params }) => orNotFound(await view.rollcalls.one(params.id), noRollCall),
  ),
  defineRoute('view')(
    ['get /api/rollcalls/{id}/table.csv', 'The same as a table.'],
    { right: ownPart, answer: csv('roll-call.csv'), refusals: [404] },
    async (view, { params, reply }) => {
      const call = orNotFound(await view.rollcalls.one(params.id), noRollCall);
      const zones = new Map(view.sites().map(({ site }) => [site, view.site(site)?.facts.timeZone]));
      const names = new Map(view.snapshot('').states.map(({ state, name }) => [state, name.en]));
      const timeZone = (site: string) => zones.get(site) ?? defaultTimeZone;
      reply.header('content-disposition', `attachment; filename="${tableName(call, timeZone(call.scope))}"`);
      return rollCallTable(call, { stateName: (state) => names.get(state) ?? state, timeZone });
    },
  ),
];

/** Routes of commands to PCs, for viewers of the whole tree only. */
export const commandRoutes: readonly Route[] = [
  defineRoute('commands', ['cmd list', 'आदेशों की सूची दिखाता है।', { columns: 'id verb args to by at' }])(
    ['get /api/commands', 'Lists the orders to PCs, the newest first.'],
    { right: wholeTree('commands'), answer: v.array(commandSummary) },
    (commands) => commands.list(),
  ),
  defineRoute('commands', ['cmd VERB --to all|STATE|STATE/SITE|STATE/SITE/PC [--arg KEY=VALUE]... [--wait]', 'PC को आदेश भेजता है।'])(
    ['post /api/commands', 'Sends an order to PCs.'],
    { right: wholeTree('commands'), body: ordering, answer: v.object({ id: v.string() }), done: 201, refusals: [404] },
    async (commands, { body }) => ({ id: orRefuse(await commands.issue(body), 400).id }),
  ),
  defineRoute('commands', ['cmd show ID', 'दिखाता है कि आदेश का क्या हुआ।'])(
    ['get /api/commands/{id}', 'Shows the results of an order.'],
    { right: wholeTree('commands'), answer: commandView, refusals: [404] },
    async (commands, { params: { id } }) => orNotFound(await commands.one(id), 'there is no such command'),
  ),
];

function refuseTaken(incident: IncidentView | undefined, names: readonly string[]): void {
  const { acknowledged = null, overAt = 0 } = incident ?? {};
  if (acknowledged === null || overAt !== null || names.includes(acknowledged.by)) return;
  const since = new Date(acknowledged.at).toISOString().slice(11, 16);
  throw new RequestError(409, `${acknowledged.by} has it since ${since} UTC: "takeOver" takes it over`, {
    code: 'taken',
    about: { by: acknowledged.by, at: acknowledged.at },
  });
}

function done(outcome: ActionResult): undefined {
  if (outcome === 'done') return;
  const [status, line] = refusals[outcome];
  throw new RequestError(status, line, { code: outcome });
}
