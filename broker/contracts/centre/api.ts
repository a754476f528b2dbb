/**
 * What the HTTP API of `flows` shows of rooms and their troubles; the exporter, the wall and the CLI read it, and OpenAPI is made from it.
 * What it answers to those who order and administer: administration.ts.
 * Times are milliseconds since 1970 by the centre's clock.
 */
import * as v from 'valibot';
import { linkClasses } from '../domain/links.ts';
import { outageCauses, surenesses } from '../domain/outages.ts';
import { readinesses, siteStages } from '../domain/sites.ts';
import { againReasons, deedKinds, presences, saidWords, severities, statuses, transitionKinds } from '../domain/states.ts';
import { linkReport } from '../wire/link-report.ts';
import { profile } from '../wire/messages.ts';

const text = v.string();
const time = v.number();
const maybeTime = v.nullable(time);
const maybeText = v.nullable(text);
const count = v.number();
const words = v.object({ en: text, hi: text });
const readiness = v.picklist(readinesses);
/** Why a room is not ready or not known. */
const why = v.nullable(v.object({ component: text, fault: maybeText, reason: maybeText }));

const outage = {
  cause: v.picklist(outageCauses),
  confidence: v.number(),
  sureness: v.picklist(surenesses),
  from: time,
  /** Another PC of its site answers now: the site can be reached. */
  beside: v.exactOptional(v.literal(true)),
};

/** One PC, with what it last said. */
export const pcView = v.object({
  pc: text,
  site: text,
  state: text,
  room: words,
  presence: v.picklist(presences),
  heardAt: maybeTime,
  /** When it last answered a roll call, its probes run anew for it. */
  calledAt: maybeTime,
  agent: maybeText,
  /** Version of the profile that the centre wants it to have, and of the one it last said it has: unequal is drift. */
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
  /** Id of the open incident of this room. */
  incident: v.nullable(count),
  /** Why it is away, as far as the centre can tell now; null while it is there. */
  outage: v.nullable(v.object(outage)),
});

/** One site in a row of about 300 bytes; nothing in it changes while its PCs only go on talking. */
export const siteView = v.object({
  site: text,
  state: text,
  name: words,
  stage: v.picklist(siteStages),
  link: v.picklist(linkClasses),
  elevationM: v.number(),
  /** How many PCs it has. */
  pcs: count,
  /** The worst of its rooms, and why. Said of every stage, counted only of live ones. */
  readiness,
  why,
  /** Most severe of its open incidents, and how many are open. */
  worst: v.nullable(v.picklist(severities)),
  open: count,
  /** Last word of the PC that has been away longest; null while all talk or where none was ever heard. */
  quietSince: maybeTime,
});

/** A state that has sites, and its name. */
const stateView = v.object({ state: text, name: words });

const faultView = v.object({
  fault: text,
  device: text,
  name: maybeText,
  severity: v.picklist(severities),
  since: time,
  hidden: v.boolean(),
  unknownSince: maybeTime,
  /** Since when it is gone, and when it will be over unless it comes back; absent while it stands, and once its incident is over. */
  watched: v.exactOptional(v.object({ since: time, until: time })),
  /** True where people were notified of other faults of the open incident, and nobody of this one. */
  unnotified: v.exactOptional(v.boolean()),
});
const noteView = v.object({ at: time, by: text, text });

const incidentFields = {
  id: count,
  /** Path of the PC, a scope of the centre's own (`centre`, `centre/unheard`), or of a cause of many (`site:bihar/patna`, `nation`), or the maintenance of a place (`maintenance:bihar/patna`). */
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
  /** A person of the roster was asked to see to it. */
  assigned: v.exactOptional(v.object({ to: text, by: text, at: time })),
  /** Somebody says that it is fixed: telemetry has until `until` to agree. */
  fixed: v.exactOptional(v.object({ by: text, at: time, until: time })),
  /** Nothing of it is told until then, unless it gets worse. */
  snoozed: v.exactOptional(v.object({ by: text, at: time, until: time })),
  /** Its place is maintained until then: it is recorded and shown, and told to nobody; `incident` tells of the maintenance. */
  maintenance: v.exactOptional(v.object({ incident: count, until: time })),
  /** Of the maintenance itself: when it ends. */
  until: v.exactOptional(time),
  faults: v.array(faultView),
  told: v.array(v.object({ person: text, channel: text, at: time })),
  /** Why the PC was away in it, the last time: live while `to` is null, then by the evidence of its return. */
  outage: v.nullable(v.object({ ...outage, to: maybeTime })),
  /** The incident of the cause that it is one of the many of; of those it is told in the place of all. */
  parent: v.exactOptional(count),
  /** Of a cause of many: the sites or PCs that went with it, those away now, of how many, and the part of the tree that holds them. */
  spread: v.exactOptional(v.object({ members: v.array(text), away: v.array(text), of: count, path: text })),
};
/** An incident in lists. */
export const incidentRow = v.object(incidentFields);
/** An incident in a frame of the stream: what is null or false is left out, and so is the name of a site that stands in the table. */
const incidentNews = v.object({
  ...incidentFields,
  site: v.exactOptional(words),
  over: v.exactOptional(incidentFields.over),
  closedBecause: v.exactOptional(maybeText),
  flapping: v.exactOptional(v.boolean()),
  acknowledged: v.exactOptional(incidentFields.acknowledged),
  outage: v.exactOptional(incidentFields.outage),
});
/** One incident in full. */
export const incidentView = v.object({
  ...incidentFields,
  notes: v.array(noteView),
  /** What those who were told of it answered; `link`: by the link in their message. */
  answers: v.exactOptional(v.array(v.object({ at: time, by: text, word: v.picklist(saidWords), link: v.boolean() }))),
  /** `again`: what people know of was told once more, and why. */
  history: v.array(
    v.object({ kind: v.picklist(transitionKinds), at: time, conclusion: maybeText, again: v.exactOptional(v.picklist(againReasons)) }),
  ),
  /** What was done about it; `by` is empty where nobody did it. `to`: who was asked, or from whom it was taken. */
  deeds: v.array(v.object({ did: v.picklist(deedKinds), at: time, by: text, to: v.exactOptional(text), until: v.exactOptional(time) })),
});

/** One answer of a roll call. `after` = milliseconds from its start to the answer, null for a PC that is silent so far. */
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
  /** Who looks after the room: the technician, else the state's engineer, else central. Null for a room that is ready. */
  owner: maybeText,
});
const rollCallCounts = { expected: count, answered: count, 'not-ready': count, unknown: count, ready: count };
const rollCallFields = {
  id: text,
  /** '' for the nation, else a state, or state/site. */
  scope: text,
  by: text,
  startedAt: time,
  /** When it ends at the latest; it ends earlier when everybody has answered. */
  endsAt: time,
  finishedAt: maybeTime,
  counts: v.object(rollCallCounts),
  states: v.array(v.object({ state: text, ...rollCallCounts })),
};
/** A roll call in a list. */
export const rollCallSummary = v.object(rollCallFields);
/** A roll call in full. */
export const rollCallView = v.object({ ...rollCallFields, rows: v.array(rollCallRow) });

/** The last time in which the centre heard nobody: what was not heard then says nothing of any PC. `settled`: each was heard or judged since. */
const away = v.exactOptional(v.object({ from: time, to: time, settled: v.boolean() }));

/** What the stream begins with, and what `/api/snapshot` answers. `pcs` are those that were asked for. */
export const snapshot = v.object({
  at: time,
  subscribed: v.boolean(),
  away,
  states: v.array(stateView),
  sites: v.array(siteView),
  pcs: v.array(pcView),
  incidents: v.array(incidentRow),
  /** The roll call that runs, or the last one. */
  rollcall: v.nullable(rollCallSummary),
});

/** One frame of the stream: what changed since the last. `heard` says of PCs with nothing new when they were last heard. */
export const streamFrame = v.object({
  at: time,
  subscribed: v.boolean(),
  away,
  states: v.exactOptional(v.array(stateView)),
  sites: v.exactOptional(v.array(siteView)),
  /** Sites that are no longer in the table. */
  sitesGone: v.exactOptional(v.array(text)),
  pcs: v.exactOptional(v.array(pcView)),
  pcsGone: v.exactOptional(v.array(text)),
  heard: v.exactOptional(v.record(text, time)),
  incidents: v.exactOptional(v.array(incidentNews)),
  /** A roll call's summary, with the rows that changed. */
  rollcall: v.exactOptional(rollCallView),
});

/** Where a value of a profile was set: '' for the nation, a state, a site, a PC; null = the built-in default. */
export const profileView = v.object({
  path: text,
  profile,
  timeZone: text,
  origins: v.record(text, maybeText),
  pcs: v.array(v.object({ pc: text, wanted: count, held: count, presence: v.picklist(presences) })),
});

/** What the clerk of a site that is being set up still has to do. */
const checklistItem = v.object({
  item: v.picklist(['installed', 'heard', 'configured', 'no-fault', 'all-known']),
  done: v.boolean(),
  /** The PCs that it is about, and what of them: a component, a fault. Empty also where the site has no PC. */
  about: v.array(v.object({ pc: text, component: maybeText, fault: maybeText })),
});

/** One site in full. */
export const siteDetail = v.object({
  site: siteView,
  facts: v.object({
    latitude: v.nullable(v.number()),
    longitude: v.nullable(v.number()),
    isp: text,
    linkId: text,
    contact: v.object({ name: text, phone: text, tel: maybeText, email: text }),
    /** The groups that it is in; absent where it is in none. */
    groups: v.exactOptional(v.array(text)),
    timeZone: text,
    stageAt: time,
    /** Since when no fault stands there, while it is being set up. */
    cleanSince: maybeTime,
  }),
  checklist: v.array(checklistItem),
  pcs: v.array(pcView),
  /** What the PC that measures last said of the link, and when; null where none ever did. */
  link: v.nullable(v.object({ pc: text, at: time, report: linkReport })),
  /** Where the way to the centre broke last: the fault that the PC saw while it was cut off. */
  broke: v.nullable(v.object({ pc: text, at: time, fault: text })),
  /** What its PCs last said of power and room, by their keys (series.ts). */
  numbers: v.record(text, v.record(text, v.number())),
  /** What the elevation means there: the air's density (sea level = 1), the warmest room for a PC, and how far it rises above its room (sea level = 1). */
  limits: v.object({ elevationM: v.number(), densityRatio: v.number(), roomLimitC: v.number(), riseFactor: v.number() }),
});

/** A strip of a component's (or the PC's own: `presence`) answers over a time, oldest first. `away` = nothing was heard. */
const historySpan = v.object({ from: time, status: v.picklist([...statuses, 'away']), faults: v.array(text) });
/** What PCs answered over a time. */
export const historyView = v.object({
  from: time,
  to: time,
  pcs: v.array(v.object({ pc: text, strips: v.array(v.object({ component: text, spans: v.array(historySpan) })) })),
});

/** What an account may do, from least to most; where, says its scope. */
export const accountRoles = ['reader', 'state', 'central'] as const;
/** What the token of a program may do: what an account of that role may; `node-red` may read. */
export const tokenRoles = [...accountRoles, 'node-red'] as const;

/** Why a request was refused, for a page that says it in the language of its reader. A refusal without one is said by its line. */
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
/** One of them. */
export type RefusalCode = (typeof refusalCodes)[number];
/** What a refused request is answered: `error` is one line for an operator; `about` fills the blanks of what the code says. */
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
/** How the PCs of a roll call have answered. */
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
