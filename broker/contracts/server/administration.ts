/** Schemas of the API of `flows` for administration: site table, commands, rollouts, accounts. For times see api.ts. */
import * as v from 'valibot';
import { severities, transitionKinds } from '../domain/states.ts';
import { commandAnswer } from '../wire/commands.ts';
import { event } from '../wire/messages.ts';
import { tokenRoles } from './api.ts';

const text = v.string();
const time = v.number();
const maybeText = v.nullable(text);
const count = v.number();

/** A problem in a CSV file: line (1 = header), column name and description. */
const csvProblem = v.object({ line: count, column: text, what: text });

/** `missing`: entries of the table or roster that are not in the file. They stay unchanged. */
const differs = { added: v.array(text), same: count, missing: v.array(text) };

const sitesDifference = v.object({ ...differs, changed: v.array(v.object({ path: text, column: text, from: text, to: text })) });
export const sitesImport = v.object({ problems: v.array(csvProblem), difference: sitesDifference, applied: v.boolean() });

/** Changes that an import of the roster makes, or would make. `notes`: accepted entries that a person should check. */
export const rosterImport = v.object({
  problems: v.array(csvProblem),
  notes: v.array(csvProblem),
  difference: v.object({
    ...differs,
    changed: v.array(v.object({ person: text, column: text, from: text, to: text })),
    removed: v.array(text),
  }),
  applied: v.boolean(),
});

/**
 * A person of the roster. `from`: file that contains the entry. `now`: on duty, off duty, on leave, or replaced for a shift. `reached`:
 * working channels, in order. `cells`: columns of the CSV file.
 */
export const rosterPerson = v.object({
  id: text,
  name: text,
  from: v.picklist(['roster', 'sabha.json']),
  now: v.picklist(['here', 'off', 'leave', 'relieved']),
  cells: v.record(text, text),
  /** Telephone number to dial; null without one. */
  tel: maybeText,
  reached: v.array(text),
  /** Time of the last successful delivery on each channel; null = never. */
  proofs: v.record(text, v.nullable(time)),
});

/** Result of a test message to a person over each channel. `reason`: why the message failed. */
export const proofView = v.object({
  person: text,
  results: v.array(
    v.object({ channel: text, at: time, result: v.picklist(['delivered', 'retry', 'refused', 'locked']), reason: maybeText }),
  ),
});

/** A shift that another person has taken over, until this time. */
export const shiftView = v.object({ person: text, by: text, until: time });

/** Duty of a person from midnight to midnight in the person's time zone. `for`: the person who is replaced. */
export const dayView = v.object({
  person: text,
  name: text,
  timeZone: text,
  from: time,
  to: time,
  shifts: v.array(v.object({ from: time, to: time, for: maybeText })),
});

const announcement = { at: time, by: text, to: text, text };
/** A notice that was sent: author, scope or group, text, and number of recipients. */
export const announcementSummary = v.object({ id: count, ...announcement, count });
/** A notice with its recipients. `id`: null while it is not sent. `state`: delivered, waiting, or no channel reaches the person. */
export const announcementView = v.object({
  id: v.nullable(count),
  ...announcement,
  persons: v.array(
    v.object({
      id: text,
      name: text,
      channel: maybeText,
      state: v.picklist(['delivered', 'waiting', 'unreached']),
      reason: maybeText,
      readAt: v.nullable(time),
    }),
  ),
});

const toldBy = v.picklist(['duty', 'deputy', 'state', 'central', 'nobody']);
/** A period with the same recipients, by id. `reached`: a channel reaches at least one of them. */
const toldSpan = { from: time, to: time, by: toldBy, persons: v.array(text), reached: v.boolean() };
/**
 * Check of the roster against the current tabs. `gaps`: periods in which no person on duty can be reached. `untold`: places without
 * recipients. `unreached`: persons without a channel. `unproven`: other persons whose oldest channel proof is older than a quarter of a
 * year, null = never.
 */
export const rosterCheck = v.object({
  from: time,
  to: time,
  places: v.array(v.object({ scope: text, spans: v.array(v.object(toldSpan)) })),
  gaps: v.array(v.object({ scope: text, ...toldSpan })),
  untold: v.array(text),
  unreached: v.array(text),
  unproven: v.array(v.object({ person: text, channel: text, at: v.nullable(time) })),
});

/** Current recipients of a place by role. `by`: why these persons, for example because nobody is on duty. */
export const dutyView = v.object({
  at: time,
  scope: text,
  roles: v.array(v.object({ role: text, by: toldBy, persons: v.array(v.object({ id: text, name: text })) })),
});

/** Common fields of calendar entries. `start`: local time. `zone`: null for the time zone of the place. */
const planned = {
  id: text,
  title: text,
  start: text,
  zone: maybeText,
  minutes: count,
  next: v.nullable(v.object({ from: time, to: time })),
};

const meetingName = v.object({ id: text, title: text });
/** Changes that an import of meetings makes, or would make. `notes`: ignored entries; line 0 if the line is unknown. */
export const meetingsImport = v.object({
  problems: v.array(csvProblem),
  notes: v.array(csvProblem),
  difference: v.object({ added: v.array(meetingName), changed: v.array(meetingName), removed: v.array(meetingName), same: count }),
  applied: v.boolean(),
});
/** A meeting of the calendar. `scopes`: '' means all rooms. `next`: next date within eight days. */
export const meetingView = v.object({ ...planned, scopes: v.array(text), repeats: v.boolean() });

/**
 * Planned maintenance of a room, a site or a state. `rule`: recurrence in the format of RFC 5545. `next`: current or next date within some
 * days.
 */
export const maintenanceView = v.object({ ...planned, scope: text, rule: maybeText, by: text, at: time });

/** A command as issued. `to`: '' for all, a state, a site or a PC. */
export const commandSummary = v.object({
  id: text,
  by: text,
  to: text,
  verb: text,
  args: v.record(text, v.unknown()),
  at: time,
  expires: time,
});
/** A command with its results. `missing`: PCs without a response. */
export const commandView = v.object({
  ...commandSummary.entries,
  state: v.picklist(['open', 'answered', 'expired']),
  answers: v.array(v.object({ pc: text, at: time, ...v.omit(commandAnswer, ['id', 'verb']).entries })),
  missing: v.array(text),
});

/** A staged rollout of profiles (1 %, 10 %, all): number of PCs, number released so far, and why it stopped. */
export const rolloutView = v.object({ by: text, stage: count, stageAt: time, pcs: count, released: count, stopped: maybeText });

/** Audit of the data of the ledger. The counts cover the whole history. */
export const ledgerAudit = v.object({
  events: count,
  spools: count,
  gaps: count,
  dropped: count,
  twice: count,
  forks: count,
  incidents: v.object({ raised: count, cleared: count, closed: count, open: count }),
  notifications: v.object({ delivered: count, refused: count, waiting: count }),
  integrity: text,
  /** PCs with missing and repeated events: at most 20, those with the highest counts first; absent without any. */
  ofPcs: v.exactOptional(v.array(v.object({ pc: text, gaps: count, twice: count }))),
  /** Time of the audited copy; absent if the ledger itself was audited. */
  at: v.exactOptional(time),
  /** Events whose content does not match their hash. */
  altered: v.exactOptional(count),
  commits: v.exactOptional(count),
  /**
   * The hash chain of the audit log. `forgotten`: rows from which a person was erased. `signed`: last signed row, null without one.
   * `wrong`: a line for each missing or altered row. Absent if the audited copy is older than the chain.
   */
  chain: v.exactOptional(
    v.object({
      rows: count,
      head: v.object({ row: count, hash: text }),
      forgotten: count,
      signed: v.nullable(v.object({ row: count, hash: text, at: time })),
      wrong: v.array(text),
    }),
  ),
  /** Why the ledger is older than expected, or is another ledger; absent if it is neither. */
  older: v.exactOptional(text),
  /** Events that are only in the archives. */
  archived: v.exactOptional(count),
  /** Problems of the archives, one line each; absent without any. */
  archives: v.exactOptional(v.array(text)),
});

const act = v.object({ id: count, at: time, who: text, what: text, about: text });
/** Actions of people, newest first. `before`: upper bound for the next page, null at the end. */
export const auditLog = v.object({ acts: v.array(act), before: v.nullable(count) });

/** An event of a PC. `time`: when it happened, by the PC's clock if plausible. `received`: time of receipt at the server. */
export const reportedEvent = v.object({ time, pc: text, received: time, ...event.entries });
/**
 * Events in order of time. `next`: time of the first event not included, null if all are included. `missing`: omitted data and the reason.
 */
export const reportedEvents = v.object({ events: v.array(reportedEvent), next: v.nullable(time), missing: v.array(text) });

/** All ledger rows about a person, and the search terms. Rows may name other persons too. */
export const personExport = v.object({
  name: text,
  words: v.array(text),
  rows: v.array(v.object({ table: text, row: v.record(text, v.unknown()) })),
});
/** Number of rows from which a person was erased, or would be. `backupsUntil`: deletion time of the newest current backup. */
export const personForgotten = v.object({ audit: count, elsewhere: count, applied: v.boolean(), backupsUntil: v.nullable(time) });

/** A new backup: its file on the server, and why the copy to the second folder failed. */
export const backupMade = v.object({ file: text, bytes: count, at: time, second: v.exactOptional(text) });

export const accountNamePattern = /^[a-z0-9][a-z0-9.@_-]{0,63}$/;
/** Rights of an account. `once`: the password is an initial one that must be changed. */
const grant = { role: v.picklist(tokenRoles), scope: text, once: v.boolean() };
/** An account in a list, without its secret. */
export const accountView = v.object({ name: text, ...grant, madeAt: time });
/** A new account: the only response that contains the password. */
export const accountMade = v.object({ name: text, secret: text });
/** The API token of a program, without the token itself. `endsAt`: null for a program on the server machine. */
export const tokenView = v.object({ name: text, role: v.picklist(tokenRoles), scope: text, madeAt: time, endsAt: v.nullable(time) });
/** A valid enrolment code of a site. The code itself is not stored. */
export const enrolCodeView = v.object({ site: text, uses: v.number(), ends: time, by: text });
/** The requesting account. Null: any person at this machine, under a name that they give. */
export const whoView = v.object({ name: maybeText, ...grant });
/** The requesting account with the names by which incidents refer to the person. */
export const meView = v.object({ ...whoView.entries, names: v.array(text) });

/**
 * Versions of the tabs, each as twelve characters of its hash. `before`: before the last Deploy. `release`: of this release. `base`: the
 * release on which they are based. `refused`: why the files cannot be loaded. `wrong`: linter findings in the running tabs.
 */
export const tabsState = v.object({
  running: text,
  before: maybeText,
  release: text,
  base: text,
  refused: maybeText,
  wrong: v.array(text),
});
/** One line per node: changes by the operator, and changes of this release that the tabs lack. */
export const tabsDifferences = v.object({ yours: v.array(text), release: v.array(text) });
/** A change of the tabs. `about`: rule versions before and after, then one line per difference. */
export const tabsStep = v.object({ at: time, who: text, what: text, about: text });
/** Result of an undo, after which the tabs from before the last Deploy run again. */
export const tabsUndone = v.object({ from: text, to: text, lines: v.array(text) });

const triedIncident = { incident: count, scope: text, where: text, fault: text, at: time };
/**
 * Replay of a period through edited tabs and the running tabs. `log`: messages sent in that period, and how many of them the running tabs
 * reproduce. `before`, `after`: number of messages of the running and the edited tabs. `more`, `fewer`: messages of only one of them.
 * `missed`: incidents without any recipient after the edit. `later`: delays. `unfinished`: messages without conclusion.
 */
export const tabsTrial = v.object({
  from: time,
  to: time,
  steps: count,
  log: v.object({ sent: count, reproduced: count }),
  before: count,
  after: count,
  more: count,
  fewer: count,
  people: v.array(v.object({ person: text, more: count, fewer: count })),
  missedCount: count,
  missed: v.array(v.object(triedIncident)),
  laterCount: count,
  later: v.array(v.object({ ...triedIncident, byMs: v.number() })),
  unfinished: count,
});

/**
 * Simulated handling of a fault by the running tabs. `afterMs`: milliseconds from the start of the fault. `how`: null without a conclusion.
 */
export const explanation = v.object({
  scope: text,
  fault: text,
  severity: v.picklist(severities),
  holdMs: v.number(),
  nodes: v.array(v.object({ tab: text, node: text, type: text, afterMs: v.number() })),
  tells: v.array(v.object({ person: text, name: text, channel: text, severity: v.picklist(severities), afterMs: v.number(), text })),
  how: maybeText,
});

/**
 * Why people were notified of an incident or not, per step. `passes`: the tabs (twelve characters of their hash), the nodes passed and the
 * result. `path`: place of the incident. `parent`: incident that explains it. `sent`: notifications put into the outbox. `said`:
 * summary sentence, or why nobody was notified.
 */
export const incidentReasons = v.object({
  incident: count,
  scope: text,
  path: text,
  parent: v.nullable(count),
  acknowledged: v.array(v.object({ at: time, by: text })),
  steps: v.array(
    v.object({
      at: time,
      kind: v.picklist(transitionKinds),
      faults: v.array(text),
      severity: v.picklist(severities),
      conclusion: maybeText,
      passes: v.array(v.object({ at: time, tabs: text, path: text, how: text })),
      sent: v.array(v.object({ channel: text, person: text, at: time })),
      said: v.object({ en: text, hi: text }),
    }),
  ),
});

export type Explanation = v.InferOutput<typeof explanation>;
export type CsvProblem = v.InferOutput<typeof csvProblem>;
export type SitesDifference = v.InferOutput<typeof sitesDifference>;
export type LedgerAudit = v.InferOutput<typeof ledgerAudit>;
export type PersonExport = v.InferOutput<typeof personExport>;
export type PersonForgotten = v.InferOutput<typeof personForgotten>;
export type AuditLog = v.InferOutput<typeof auditLog>;
export type ReportedEvent = v.InferOutput<typeof reportedEvent>;
export type ReportedEvents = v.InferOutput<typeof reportedEvents>;
export type BackupMade = v.InferOutput<typeof backupMade>;
export type RolloutView = v.InferOutput<typeof rolloutView>;
export type CommandSummary = v.InferOutput<typeof commandSummary>;
export type CommandView = v.InferOutput<typeof commandView>;
export type AccountView = v.InferOutput<typeof accountView>;
export type AccountMade = v.InferOutput<typeof accountMade>;
export type TokenView = v.InferOutput<typeof tokenView>;
export type EnrolCodeView = v.InferOutput<typeof enrolCodeView>;
export type TabsState = v.InferOutput<typeof tabsState>;
export type TabsDifferences = v.InferOutput<typeof tabsDifferences>;
export type TabsStep = v.InferOutput<typeof tabsStep>;
export type IncidentReasons = v.InferOutput<typeof incidentReasons>;
export type TabsTrial = v.InferOutput<typeof tabsTrial>;
export type TabsUndone = v.InferOutput<typeof tabsUndone>;
export type WhoView = v.InferOutput<typeof whoView>;
export type MeView = v.InferOutput<typeof meView>;
export type SitesImport = v.InferOutput<typeof sitesImport>;
export type RosterImport = v.InferOutput<typeof rosterImport>;
export type RosterPerson = v.InferOutput<typeof rosterPerson>;
export type ProofView = v.InferOutput<typeof proofView>;
export type RosterCheck = v.InferOutput<typeof rosterCheck>;
export type AnnouncementSummary = v.InferOutput<typeof announcementSummary>;
export type AnnouncementView = v.InferOutput<typeof announcementView>;
export type DayView = v.InferOutput<typeof dayView>;
export type ShiftView = v.InferOutput<typeof shiftView>;
export type DutyView = v.InferOutput<typeof dutyView>;
export type MeetingsImport = v.InferOutput<typeof meetingsImport>;
export type MeetingView = v.InferOutput<typeof meetingView>;
export type MaintenanceView = v.InferOutput<typeof maintenanceView>;
