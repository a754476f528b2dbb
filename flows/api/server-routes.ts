/** Routes for health, the snapshot and its stream, the tabs, the audit and the backups. */
import {
  auditLog,
  backupMade,
  explanation,
  incidentReasons,
  ledgerAudit,
  reportedEvents,
  snapshot,
  type TabsState,
  tabsDifferences,
  tabsState,
  tabsStep,
  tabsTrial,
  tabsUndone,
} from '@sabha/contracts';

import * as v from 'valibot';
import type { AuditAct } from '../engine/records/ops.ts';
import { ownPart, RequestError, wholeTree } from '../pki/http-auth/http-auth.ts';
import { safeTable } from '../sites/sheet.ts';
import { BackupError } from '../storage/backup/format/backup-file.ts';
import {
  by,
  csv,
  defineRoute,
  incidentId,
  order,
  orNotFound,
  orRefuse,
  pcsQuery,
  type Route,
  readInput,
  siteOrPc,
  tooLarge,
} from './kit/route.ts';

const frames = {
  type: 'text/event-stream',
  about: 'First an event `snapshot` (Snapshot), then events `change` (StreamFrame); an empty one at least every 5 s.',
};

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(120));

/** Limit of the request body for a trial of edited tabs. */
const triedLimitBytes = 4 * 1024 * 1024;
const trying = v.strictObject({
  by: v.optional(by),
  texts: v.pipe(v.array(v.strictObject({ name, text: v.string() })), v.minLength(1), v.maxLength(100)),
  whole: v.boolean(),
  days: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000)),
});

const health = { ...ownPart, health: true };

export const centreRoutes: readonly Route[] = [
  defineRoute('view')(['get /healthz', 'The process lives.'], { right: health, answer: v.object({ alive: v.literal(true) }) }, () => ({
    alive: true as const,
  })),
  defineRoute('view')(
    ['get /readyz', 'The ledger is loaded and stores data, the broker is subscribed, and the tabs run; else 503, with the reason.'],
    { right: health, answer: v.object({ ready: v.boolean(), because: v.optional(v.string()) }), refusals: [503], alsoAs: 503 },
    (view, { reply }) => {
      const because = view.unready();
      if (because === undefined) return { ready: true };
      reply.code(503);
      return { ready: false, because };
    },
  ),
  defineRoute('view')(
    ['get /api/snapshot', 'The whole current state.'],
    { right: ownPart, query: pcsQuery, answer: snapshot },
    (view, { query: { pcs = '' } }) => view.snapshot(pcs),
  ),
  defineRoute('streams')(
    ['get /api/stream', 'The whole current state, then every change.'],
    { right: ownPart, query: pcsQuery, answer: frames, refusals: [503], more: { exposeHeadRoute: false } },
    ({ streams, headers }, { query: { pcs = '' }, viewer, reply }) => {
      const refusal = streams.open(reply.raw, { pcs, headers, viewer });
      if (refusal !== undefined) throw new RequestError(503, refusal);
      return reply.hijack();
    },
  ),
];

/** Routes of the tabs: state, differences, history, undo and trial. The tabs hold the alert policy of the whole tree. */
export const tabsRoutes: readonly Route[] = [
  defineRoute('tabs', [
    'tabs check',
    'बताता है कि टैब चल रहे हैं और ठीक हैं या नहीं।',
    { ok: ({ refused, wrong }: TabsState) => refused === null && wrong.length === 0 },
  ])(['get /api/tabs', 'Says which tabs run, and what is wrong with them.'], { right: wholeTree('read'), answer: tabsState }, (tabs) =>
    tabs.state(),
  ),
  defineRoute('tabs', ['tabs diff', 'आपके और रिलीज़ के टैब का अंतर दिखाता है।'])(
    [
      'get /api/tabs/differences',
      'Shows what differs between your tabs and the release that they were made from, and what this release would bring.',
    ],
    { right: wholeTree('read'), answer: tabsDifferences },
    (tabs) => tabs.differences(),
  ),
  defineRoute('tabs', ['tabs log', 'दिखाता है कि टैब किसने बदले।'])(
    ['get /api/tabs/steps', 'Shows who changed the tabs.'],
    { right: wholeTree('read'), answer: v.array(tabsStep) },
    (tabs) => tabs.steps(),
  ),
  defineRoute('tabs', ['tabs undo', 'टैब का पिछला Deploy वापस लेता है।'])(
    ['post /api/tabs/undo', 'Takes the last Deploy of the tabs back, if the earlier ones pass the lint.'],
    { right: wholeTree('tabs'), body: order, answer: tabsUndone, refusals: [409] },
    async (tabs, { body: { by } }) => orRefuse(await tabs.undo(by)).value,
  ),
  defineRoute('replay', ['tabs try FILE|DIR [--days 30]', 'पिछले दिनों को दूसरे टैब से चलाकर देखता है: किसे ज़्यादा, कम या देर से ख़बर जाती।'])(
    ['post /api/tabs/try', 'Plays the last days through other tabs: who would have been notified more, less or later. Nobody is notified.'],
    {
      right: wholeTree('read'),
      body: trying,
      answer: tabsTrial,
      refusals: [409, 413],
      more: { bodyLimit: triedLimitBytes, errorHandler: tooLarge('the tabs are', triedLimitBytes) },
    },
    async (replay, { body: { days, by: _, ...files } }) => orRefuse(await replay.tryFiles(files, days)).value,
  ),
  defineRoute('explain', [
    'explain SITE|PC|centre FAULT | --incident N',
    'दिखाता है कि ख़राबी की ख़बर किसे और कब जाएगी, या किसी अलर्ट की ख़बर क्यों गई।',
    { english: 'Shows whom a fault would reach and when, or why people were notified of an incident. Nobody is notified.' },
  ])(
    ['get /api/explain', 'Shows whom a fault of a site, a PC or the server would reach and when. Nobody is notified.'],
    { right: wholeTree('read'), query: v.strictObject({ scope: name, fault: name }), answer: explanation, refusals: [404] },
    async (explain, { query: { scope, fault } }) => orRefuse(await explain(scope, fault), 404).value,
  ),
  defineRoute('reasons')(
    [
      'get /api/incidents/{id}/reasons',
      'Why people were notified of an incident, or not: each pass over the tabs of that time, step by step, with its recipients.',
    ],
    { right: ownPart, answer: incidentReasons, refusals: [404] },
    async (reasons, { viewer, params }) => {
      const all = await reasons(readInput(incidentId, params.id));
      return orNotFound(all && viewer.has(all.path) ? all : undefined, 'there is no such incident');
    },
  ),
];

const who = v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(80)));
const wholeNumber = v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number));
const logEntries = { who, since: v.optional(wholeNumber), of: v.optional(v.picklist(['people', 'machines']), 'people') };
/** Rows per page. Commits of the ledger wait for a query, so a page must be short. */
const rowsAtOnce = 2_000;
/** Rows in one CSV export, more than the operators of a nation produce in 400 days. Older rows are in the pages. */
const rowsInFile = 500_000;

const span = { of: siteOrPc, from: wholeNumber, to: wholeNumber, readings: v.optional(v.picklist(['true', 'false'])) };

export const recordRoutes: readonly Route[] = [
  defineRoute('proof', ['verify [--now]', 'साबित करता है कि कोई घटना छूटी, दोहराई या बदली नहीं गई।'])(
    ['get /api/audit', 'Proves that no event is missing, repeated or changed.'],
    { right: wholeTree('read'), query: v.strictObject({ now: v.optional(v.picklist(['true', 'false'])) }), answer: ledgerAudit },
    (proof, { query: { now } }) => proof.audit(now === 'true'),
  ),
  defineRoute('proof', [
    'backup [FILE]',
    'बैकअप बनाता है, और फ़ाइल में कॉपी करता है।',
    { english: 'Makes a backup, and copies it into a file.' },
  ])(
    ['post /api/backup', 'Makes a backup on the server, and names its file.'],
    { right: wholeTree('backup'), body: order, answer: backupMade, refusals: [409] },
    async (proof) => {
      try {
        return await proof.make();
      } catch (error) {
        if (error instanceof BackupError) throw new RequestError(409, error.message);
        throw error;
      }
    },
  ),
  defineRoute('acts', ['audit log [--who NAME] [--since 2027-01-05|30d|12h] [--machines] [--csv [FILE]]', 'दिखाता है कि किसने क्या किया।'])(
    ['get /api/audit/log', 'Lists who did what.'],
    { right: wholeTree('audit'), query: v.strictObject({ ...logEntries, before: v.optional(wholeNumber) }), answer: auditLog },
    async (ledger, { query }) => {
      const acts = await ledger.acts({ ...query, most: rowsAtOnce });
      return { acts, before: acts.length < rowsAtOnce ? null : (acts.at(-1)?.id ?? null) };
    },
  ),
  defineRoute('acts')(
    ['get /api/audit/log.csv', 'The same as one table.'],
    { right: wholeTree('audit'), query: v.strictObject(logEntries), answer: csv('audit.csv') },
    async (ledger, { query }) => {
      const all: AuditAct[] = [];
      for (let more = true; more && all.length < rowsInFile; ) {
        const acts = await ledger.acts({ ...query, before: all.at(-1)?.id, most: rowsAtOnce });
        all.push(...acts);
        more = acts.length === rowsAtOnce;
      }
      const rows = all.map(({ id, at, who: name, what, about }) => [`${id}`, new Date(at).toISOString(), name, what, about]);
      return `\ufeff${safeTable(['row', 'at', 'who', 'what', 'about'], rows)}`;
    },
  ),
  defineRoute('events', [
    'events STATE/SITE[/PC] [--since 2027-01-05|30d|12h] [--until 2027-01-06|2h] [--readings] [--csv [FILE]]',
    'दिखाता है कि किसी PC या ऑफ़िस के PC ने किसी समय में (नहीं तो पिछले एक दिन में) क्या बताया, पुराने रिकॉर्ड से भी।',
  ])(
    ['get /api/events', 'Lists the reports of a PC, or of the PCs of a site, in a span of time (else the last day), from archives too.'],
    { right: wholeTree('audit'), query: v.strictObject(span), answer: reportedEvents, refusals: [404, 409] },
    async (events, { query: { of, from, to, readings }, reply }) => {
      if (from >= to) throw new RequestError(400, 'the span ends before it begins');
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const { json } = orRefuse(await events.read({ path: of, from, to, readings: readings === 'true' }, gone.signal));
      return reply.type('application/json; charset=utf-8').send(json);
    },
  ),
];
