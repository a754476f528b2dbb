/**
 * Schemas of the API of `flows` for rooms and incidents. Clients are the exporter, the wall and the CLI; OpenAPI is generated from these
 * schemas. For administration see administration.ts.
 * Times are milliseconds since 1970 by the server's clock.
 */
import * as v from 'valibot';
import { linkClasses } from '../domain/links.ts';
import { confidenceLevels, outageCauses } from '../domain/outages.ts';
import { readinesses, siteStages } from '../domain/sites.ts';
import { incidentActionKinds, presences, repeatReasons, severities, statuses, storedAnswers, transitionKinds } from '../domain/states.ts';
import { linkReport } from '../wire/link-report.ts';
import { profile } from '../wire/messages.ts';

const text = v.string();
const time = v.number();
const maybeTime = v.nullable(time);
const maybeText = v.nullable(text);
const count = v.number();
const words = v.object({ en: text, hi: text });
const readiness = v.picklist(readinesses);
const why = v.nullable(v.object({ component: text, fault: maybeText, reason: maybeText }));

const outage = {
  cause: v.picklist(outageCauses),
  confidence: v.number(),
  sureness: v.picklist(confidenceLevels),
  from: time,
  /** Another PC of the site responds now, so the line of the site works. */
  beside: v.exactOptional(v.literal(true)),
};

export const pcView = v.object({
  pc: text,
  site: text,
  state: text,
  room: words,
  presence: v.picklist(presences),
  heardAt: maybeTime,
  /** Time of the PC's last response to a roll call, with fresh probes. */
  calledAt: maybeTime,
  agent: maybeText,
  /** Version of the profile assigned by the server, and of the profile last reported by the PC. A difference is drift. */
  config: v.object({ wanted: count, held: count }),
  checks: v.array(
    v.object({
      component: text,
      device: text,
      status: v.picklist(statuses),
      fault: maybeText,
      reason: maybeText,
      name: v.exactOptional(text),
      since: time,
    }),
  ),
  readiness,
  why,
  incident: v.nullable(count),
  /** Current estimate of why the PC is offline; null while it is online. */
  outage: v.nullable(v.object(outage)),
});

/** One site in about 300 bytes. The row does not change while its PCs only send heartbeats. */
export const siteView = v.object({
  site: text,
  state: text,
  name: words,
  stage: v.picklist(siteStages),
  link: v.picklist(linkClasses),
  elevationM: v.number(),
  pcs: count,
  /** Readiness of the worst room, and the reason. Set for every site stage, but counted only for live sites. */
  readiness,
  why,
  /** Highest severity and number of the open incidents. */
  worst: v.nullable(v.picklist(severities)),
  open: count,
  /** Last-seen time of the PC that is offline longest; null if none is offline or none was ever seen. */
  quietSince: maybeTime,
});

const stateView = v.object({ state: text, name: words });

const faultView = v.object({
  fault: text,
  device: text,
  name: maybeText,
  severity: v.picklist(severities),
  since: time,
  hidden: v.boolean(),
  unknownSince: maybeTime,
  /** Since when the fault has been gone, and until when it is watched. Absent while the fault is present, and after its incident ended. */
  watched: v.exactOptional(v.object({ since: time, until: time })),
  /** True if people were notified of other faults of the open incident but not of this one. */
  unnotified: v.exactOptional(v.boolean()),
});
const noteView = v.object({ at: time, by: text, text });

const incidentFields = {
  id: count,
  /**
   * Path of the PC; or a scope of the server (`centre`, `centre/unheard`), a group incident (`site:bihar/patna`, `nation`), or a
   * maintenance (`maintenance:bihar/patna`).
   */
  scope: text,
  room: words,
  site: words,
  severity: v.picklist(severities),
  openedAt: time,
  overAt: maybeTime,
  over: v.nullable(v.picklist(['cleared', 'closed'])),
  closedBecause: maybeText,
  flapping: v.boolean(),
  acknowledged: v.nullable(v.object({ by: text, at: time })),
  assigned: v.exactOptional(v.object({ to: text, by: text, at: time })),
  /** A person reported that the fault is repaired. Results of probes must confirm the repair by `until`. */
  fixed: v.exactOptional(v.object({ by: text, at: time, until: time })),
  /** Snoozed: no notifications until the time `until`, unless the incident worsens. */
  snoozed: v.exactOptional(v.object({ by: text, at: time, until: time })),
  /** The place is in maintenance: the incident is recorded and shown but notifies nobody. `incident`: id of the maintenance incident. */
  maintenance: v.exactOptional(v.object({ incident: count, until: time })),
  /** End of the maintenance, on a maintenance incident only. */
  until: v.exactOptional(time),
  faults: v.array(faultView),
  told: v.array(v.object({ person: text, channel: text, at: time })),
  /**
   * Last outage of the PC in this incident: a current estimate while `to` is null, then a verdict from the evidence after the PC's return.
   */
  outage: v.nullable(v.object({ ...outage, to: maybeTime })),
  /** The group incident that explains this incident, and whose notifications replace those of this one. */
  parent: v.exactOptional(count),
  /** On a group incident: the affected sites or PCs, those offline now, the total number, and the path that contains them. */
  spread: v.exactOptional(v.object({ members: v.array(text), away: v.array(text), of: count, path: text })),
};
export const incidentRow = v.object(incidentFields);
/** An incident in a stream frame. Null and false values are omitted, and so is the name of a known site. */
const incidentNews = v.object({
  ...incidentFields,
  site: v.exactOptional(words),
  over: v.exactOptional(incidentFields.over),
  closedBecause: v.exactOptional(maybeText),
  flapping: v.exactOptional(v.boolean()),
  acknowledged: v.exactOptional(incidentFields.acknowledged),
  outage: v.exactOptional(incidentFields.outage),
});
export const incidentView = v.object({
  ...incidentFields,
  notes: v.array(noteView),
  /** Responses of notified people. `link`: given by the link in a notification. */
  answers: v.exactOptional(v.array(v.object({ at: time, by: text, word: v.picklist(storedAnswers), link: v.boolean() }))),
  /** `again`: reason of a repeated notification. */
  history: v.array(
    v.object({ kind: v.picklist(transitionKinds), at: time, conclusion: maybeText, again: v.exactOptional(v.picklist(repeatReasons)) }),
  ),
  /** Actions on the incident. `by`: empty for an automatic action. `to`: assignee, or the previous owner. */
  deeds: v.array(
    v.object({ did: v.picklist(incidentActionKinds), at: time, by: text, to: v.exactOptional(text), until: v.exactOptional(time) }),
  ),
});

/** One row of a roll call. `after`: milliseconds from the start to the response, null while there is none. */
const rollCallRow = v.object({
  pc: text,
  site: text,
  state: text,
  siteName: words,
  room: words,
  after: v.nullable(v.number()),
  readiness,
  why,
  heardAt: maybeTime,
  /** Person responsible for the room: technician, else state engineer, else central. Null for a ready room. */
  owner: maybeText,
});
const rollCallCounts = { expected: count, answered: count, 'not-ready': count, unknown: count, ready: count };
const rollCallFields = {
  id: text,
  /** '' for the nation, a state, or state/site. */
  scope: text,
  by: text,
  startedAt: time,
  /** Latest end. The roll call ends earlier when all PCs have responded. */
  endsAt: time,
  finishedAt: maybeTime,
  counts: v.object(rollCallCounts),
  states: v.array(v.object({ state: text, ...rollCallCounts })),
};
export const rollCallSummary = v.object(rollCallFields);
export const rollCallView = v.object({ ...rollCallFields, rows: v.array(rollCallRow) });

/**
 * Last period in which the server received nothing, so silence proves nothing about a PC. `settled`: since then every PC has sent a message
 * or was found silent.
 */
const away = v.exactOptional(v.object({ from: time, to: time, settled: v.boolean() }));

/** First event of the stream, and response of `/api/snapshot`. `pcs`: the requested PCs. */
export const snapshot = v.object({
  at: time,
  subscribed: v.boolean(),
  away,
  states: v.array(stateView),
  sites: v.array(siteView),
  pcs: v.array(pcView),
  incidents: v.array(incidentRow),
  rollcall: v.nullable(rollCallSummary),
});

/** One stream frame: the changes since the last frame. `heard`: last-seen times of PCs without other changes. */
export const streamFrame = v.object({
  at: time,
  subscribed: v.boolean(),
  away,
  states: v.exactOptional(v.array(stateView)),
  sites: v.exactOptional(v.array(siteView)),
  sitesGone: v.exactOptional(v.array(text)),
  pcs: v.exactOptional(v.array(pcView)),
  pcsGone: v.exactOptional(v.array(text)),
  heard: v.exactOptional(v.record(text, time)),
  incidents: v.exactOptional(v.array(incidentNews)),
  /** Summary of the roll call, with the changed rows. */
  rollcall: v.exactOptional(rollCallView),
});

/** `origins`: level at which each value is set: '' for the nation, a state, a site, a PC; null = built-in default. */
export const profileView = v.object({
  path: text,
  profile,
  timeZone: text,
  origins: v.record(text, maybeText),
  pcs: v.array(v.object({ pc: text, wanted: count, held: count, presence: v.picklist(presences) })),
});

/** An item of the checklist for the commissioning of a site. */
const checklistItem = v.object({
  item: v.picklist(['installed', 'heard', 'configured', 'no-fault', 'all-known']),
  done: v.boolean(),
  /** The PCs of an open item, with component or fault. Also empty if the site has no PC. */
  about: v.array(v.object({ pc: text, component: maybeText, fault: maybeText })),
});

export const siteDetail = v.object({
  site: siteView,
  facts: v.object({
    latitude: v.nullable(v.number()),
    longitude: v.nullable(v.number()),
    isp: text,
    linkId: text,
    contact: v.object({ name: text, phone: text, tel: maybeText, email: text }),
    /** Site groups; absent without any. */
    groups: v.exactOptional(v.array(text)),
    timeZone: text,
    stageAt: time,
    /** Since when the site in commissioning has had no fault. */
    cleanSince: maybeTime,
  }),
  checklist: v.array(checklistItem),
  pcs: v.array(pcView),
  /** Last report of the PC that measures the link; null before the first. */
  link: v.nullable(v.object({ pc: text, at: time, report: linkReport })),
  /** Last break of the path to the server, with the fault that the PC found while it was offline. */
  broke: v.nullable(v.object({ pc: text, at: time, fault: text })),
  /** Last power and room values of each PC, by their keys in series.ts. */
  numbers: v.record(text, v.record(text, v.number())),
  /**
   * Effects of the elevation: air density (sea level = 1), maximum room temperature for a PC, and its temperature rise over the room (sea
   * level = 1).
   */
  limits: v.object({ elevationM: v.number(), densityRatio: v.number(), roomLimitC: v.number(), riseFactor: v.number() }),
});

/** Statuses of a component over time, oldest first (`presence` is the PC itself). `away`: the server received nothing. */
const historySpan = v.object({ from: time, status: v.picklist([...statuses, 'away']), faults: v.array(text) });
export const historyView = v.object({
  from: time,
  to: time,
  pcs: v.array(v.object({ pc: text, strips: v.array(v.object({ component: text, spans: v.array(historySpan) })) })),
});

/** Rights of an account, in rising order. Its scope limits where they apply. */
export const accountRoles = ['reader', 'state', 'central'] as const;
/** Rights of a program's token: those of an account role, or `node-red`, which may read. */
export const tokenRoles = [...accountRoles, 'node-red'] as const;

/** Code of a refusal, for a text in the reader's language. Without a code the page shows the text `error`. */
const refusalCodes = [
  'role',
  'scope',
  'invalid',
  'missing',
  'over',
  'taken',
  'late',
  'nobody',
  'time',
  'often',
  'stage',
  'busy',
  'deaf',
  'unready',
  'failed',
] as const;
export type RefusalCode = (typeof refusalCodes)[number];
/** Response to a refused request. `error`: one line for an operator. `about`: values for the text of the code. */
export const refusal = v.object({
  error: text,
  code: v.exactOptional(v.picklist(refusalCodes)),
  about: v.exactOptional(v.record(v.string(), v.union([text, v.number()]))),
});

export type PcView = v.InferOutput<typeof pcView>;
export type SiteView = v.InferOutput<typeof siteView>;
export type StateView = v.InferOutput<typeof stateView>;
export type FaultView = v.InferOutput<typeof faultView>;
export type IncidentRow = v.InferOutput<typeof incidentRow>;
export type IncidentNews = v.InferOutput<typeof incidentNews>;
export type IncidentView = v.InferOutput<typeof incidentView>;
export type RollCallRow = v.InferOutput<typeof rollCallRow>;
export type RollCallCounts = RollCallSummary['counts'];
export type RollCallSummary = v.InferOutput<typeof rollCallSummary>;
export type RollCallView = v.InferOutput<typeof rollCallView>;
export type Snapshot = v.InferOutput<typeof snapshot>;
export type StreamFrame = v.InferOutput<typeof streamFrame>;
export type ProfileView = v.InferOutput<typeof profileView>;
export type ChecklistItem = v.InferOutput<typeof checklistItem>;
export type SiteDetail = v.InferOutput<typeof siteDetail>;
export type HistorySpan = v.InferOutput<typeof historySpan>;
export type HistoryView = v.InferOutput<typeof historyView>;
export type AccountRole = (typeof accountRoles)[number];
export type TokenRole = (typeof tokenRoles)[number];
