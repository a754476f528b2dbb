/** What the HTTP API of `flows` answers to those who order and administer: the site table, commands, rollouts, accounts. Times are as in api.ts. */
import * as v from 'valibot';
import { severities, transitionKinds } from '../domain/states.ts';
import { commandAnswer } from '../wire/commands.ts';
import { event } from '../wire/messages.ts';
import { tokenRoles } from './api.ts';

const text = v.string();
const time = v.number();
const maybeText = v.nullable(text);
const count = v.number();

/** One thing wrong in a file: its line (1 = the header) and column by name. */
const csvProblem = v.object({ line: count, column: text, what: text });

/** `missing`: in the table or roster, but not in the file: left as they are. */
const differs = { added: v.array(text), same: count, missing: v.array(text) };

/** What an import would change, or has changed. */
const sitesDifference = v.object({ ...differs, changed: v.array(v.object({ path: text, column: text, from: text, to: text })) });
/** What an import of a site table would change or has changed. */
export const sitesImport = v.object({ problems: v.array(csvProblem), difference: sitesDifference, applied: v.boolean() });

/** What an import of the roster would change or has changed. `notes`: what somebody should look at, though it may stand. */
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

/** A person of the roster, in the words of its columns. `from`: the file in which the person stands. `now`: on duty, off duty, away, or the shift is taken over. `reached`: the channels that work for this person, in order. */
export const rosterPerson = v.object({
  id: text,
  name: text,
  from: v.picklist(['roster', 'sabha.json']),
  now: v.picklist(['here', 'off', 'leave', 'relieved']),
  cells: v.record(text, text),
  /** What a telephone dials for the number; null where there is none. */
  tel: maybeText,
  reached: v.array(text),
  /** When each channel last was proven to reach the person, null = never. */
  proofs: v.record(text, v.nullable(time)),
});

/** What became of one message to one person over each channel. `reason` says why it did not arrive. */
export const proofView = v.object({
  person: text,
  results: v.array(
    v.object({ channel: text, at: time, result: v.picklist(['delivered', 'retry', 'refused', 'locked']), reason: maybeText }),
  ),
});

/** Until when a shift is taken over. */
export const shiftView = v.object({ person: text, by: text, until: time });

/** A person's duty from midnight to midnight, by their clock. `for`: whom the person stands in for. */
export const dayView = v.object({
  person: text,
  name: text,
  timeZone: text,
  from: time,
  to: time,
  shifts: v.array(v.object({ from: time, to: time, for: maybeText })),
});

const announcement = { at: time, by: text, to: text, text };
/** A notice to many: what somebody said, to which scope or group, and to how many. */
export const announcementSummary = v.object({ id: count, ...announcement, count });
/** With its persons. `id`: null while it is not sent. `state`: it arrived over a channel, is on its way, or reaches the person over none. */
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
/** Hours in which the same persons are told, by id. `reached`: a channel reaches one of them. */
const toldSpan = { from: time, to: time, by: toldBy, persons: v.array(text), reached: v.boolean() };
/**
 * The roster tried out on the tabs that run. `gaps`: hours in which nobody on duty can be reached; `untold`: places of which the tabs tell
 * nobody; `unreached`: persons without a channel; `unproven`: of each other person the channel that was proven longest ago, where that is for
 * a quarter of a year, null = never.
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

/** Who is told of a place now, by role. `by`: why these, as when nobody is on duty. */
export const dutyView = v.object({
  at: time,
  scope: text,
  roles: v.array(v.object({ role: text, by: toldBy, persons: v.array(v.object({ id: text, name: text })) })),
});

/** What both have that stand in a calendar; `start` as the clock there shows it, `zone` null where it is that of the place. */
const planned = {
  id: text,
  title: text,
  start: text,
  zone: maybeText,
  minutes: count,
  next: v.nullable(v.object({ from: time, to: time })),
};

const meetingName = v.object({ id: text, title: text });
/** What an import of meetings would change or has changed. `notes`: what of the file was left out without harm; line 0 where no line says it. */
export const meetingsImport = v.object({
  problems: v.array(csvProblem),
  notes: v.array(csvProblem),
  difference: v.object({ added: v.array(meetingName), changed: v.array(meetingName), removed: v.array(meetingName), same: count }),
  applied: v.boolean(),
});
/** A meeting of the calendar; `scopes` has '' for all rooms, `next` is its next date within eight days. */
export const meetingView = v.object({ ...planned, scopes: v.array(text), repeats: v.boolean() });

/** Maintenance that is planned of a room, a site or a state: `rule` as RFC 5545 writes it, `next` the date that goes on or comes next within some days. */
export const maintenanceView = v.object({ ...planned, scope: text, rule: maybeText, by: text, at: time });

/** A command as it was issued; `to` is '' for everywhere, a state, a site or a PC. */
export const commandSummary = v.object({
  id: text,
  by: text,
  to: text,
  verb: text,
  args: v.record(text, v.unknown()),
  at: time,
  expires: time,
});
/** With what became of it: `missing` are the PCs that have not answered. */
export const commandView = v.object({
  ...commandSummary.entries,
  state: v.picklist(['open', 'answered', 'expired']),
  answers: v.array(v.object({ pc: text, at: time, ...v.omit(commandAnswer, ['id', 'verb']).entries })),
  missing: v.array(text),
});

/** A change of profiles on its way in stages (1 %, 10 %, all): how many PCs it is for, how many have got it, why it stopped. */
export const rolloutView = v.object({ by: text, stage: count, stageAt: time, pcs: count, released: count, stopped: maybeText });

/** Proof from the data of the ledger; the counts are over all of its time. */
export const ledgerAudit = v.object({
  events: count,
  spools: count,
  gaps: count,
  dropped: count,
  twice: count,
  forks: count,
  incidents: v.object({ raised: count, cleared: count, closed: count, open: count }),
  /** Notifications by state of their outbox row. */
  notifications: v.object({ delivered: count, refused: count, waiting: count }),
  integrity: text,
  /** The PCs to which missing and repeated events belong, at most 20, those with most first; absent where there are none. */
  ofPcs: v.exactOptional(v.array(v.object({ pc: text, gaps: count, twice: count }))),
  /** When the copy was made that was read; absent where it was the ledger itself. */
  at: v.exactOptional(time),
  /** Events whose content is not that of their mark. */
  altered: v.exactOptional(count),
  commits: v.exactOptional(count),
  /**
   * The chain of the audit: how many rows, the last of them, out of how many a person was taken, the last one that the centre signed for (null where none
   * is yet), and a line for each that is missing or not what was written; absent where the copy is older than the chain.
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
  /** Why the ledger is not what it was: older, or another one; absent where it is. */
  older: v.exactOptional(text),
  /** Events that are in archives and no more in the ledger itself. */
  archived: v.exactOptional(count),
  /** What is wrong with archives, a line each; absent where nothing is. */
  archives: v.exactOptional(v.array(text)),
});

/** Something that was done, by its row. */
const act = v.object({ id: count, at: time, who: text, what: text, about: text });
/** The newest first; `before`: what the next page begins below, null where there is none. */
export const auditLog = v.object({ acts: v.array(act), before: v.nullable(count) });

/** An event of a PC: `time` is when it happened, as the PC says where that can be; `received` when the centre had it. */
export const saidEvent = v.object({ time, pc: text, received: time, ...event.entries });
/** In the order of their time; `next`: the time of the first that is not among them, null where all are; `missing`: what cannot be shown, and why. */
export const saidEvents = v.object({ events: v.array(saidEvent), next: v.nullable(time), missing: v.array(text) });

/** All that stands of a person in the ledger, and the words by which it was found. Rows may name others too. */
export const personExport = v.object({
  name: text,
  words: v.array(text),
  rows: v.array(v.object({ table: text, row: v.record(text, v.unknown()) })),
});
/** Out of how many rows a person was taken, or would be; `backupsUntil`: when the last backup of now is deleted. */
export const personForgotten = v.object({ audit: count, elsewhere: count, applied: v.boolean(), backupsUntil: v.nullable(time) });

/** A backup that was just made: the file, on the central machine, and why it lies in the first folder only, if it does. */
export const backupMade = v.object({ file: text, bytes: count, at: time, second: v.exactOptional(text) });

/** What an account may be called. */
export const accountNamePattern = /^[a-z0-9][a-z0-9.@_-]{0,63}$/;
/** `once`: its password is a secret that only opens the way to a password of its own. */
const grant = { role: v.picklist(tokenRoles), scope: text, once: v.boolean() };
/** An account in a list; its secret nobody can read. */
export const accountView = v.object({ name: text, ...grant, madeAt: time });
/** The secret is shown this once. */
export const accountMade = v.object({ name: text, secret: text });
/** The token of a program in a list, without the token itself; `endsAt` is null for a program of the server's own machine. */
export const tokenView = v.object({ name: text, role: v.picklist(tokenRoles), scope: text, madeAt: time, endsAt: v.nullable(time) });
/** A code that still lets PCs of its site in; what it is nobody can read any more. */
export const enrolCodeView = v.object({ site: text, uses: v.number(), ends: time, by: text });
/** Who asks; null = whoever sits at this machine, under the name that they give. */
export const whoView = v.object({ name: maybeText, ...grant });
/** The same, and by which names incidents may call them. */
export const meView = v.object({ ...whoView.entries, names: v.array(text) });

/**
 * The tabs that run, each set by twelve characters of its hash: now, before the last Deploy, of this release, and of the release from which
 * they were made. `refused`: why the files do not run; `wrong`: what the lint finds in those that do.
 */
export const tabsState = v.object({
  running: text,
  before: maybeText,
  release: text,
  base: text,
  refused: maybeText,
  wrong: v.array(text),
});
/** A line a node: what is the operator's own, and what this release brings that the tabs in use do not have. */
export const tabsDifferences = v.object({ yours: v.array(text), release: v.array(text) });
/** A step of the tabs; `about` names the rules before and after, then what differs, a line each. */
export const tabsStep = v.object({ at: time, who: text, what: text, about: text });
/** The set before the last Deploy runs again. */
export const tabsUndone = v.object({ from: text, to: text, lines: v.array(text) });

const triedIncident = { incident: count, scope: text, where: text, fault: text, at: time };
/**
 * What happened in a time, played through edited tabs and through those that run. `log`: what was really sent in that time, and how much of it
 * the tabs that run give again. `before`, `after`: messages of the two; `more`, `fewer`: those that only one of them has. `missed`: who was told
 * of it is told no more; `later`: by how much. `unfinished`: messages that reach no conclusion.
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

/** What the tabs that run would do with a fault; `afterMs` counts from its moment, `how` is null where it reaches no conclusion. */
export const explained = v.object({
  scope: text,
  fault: text,
  severity: v.picklist(severities),
  holdMs: v.number(),
  nodes: v.array(v.object({ tab: text, node: text, type: text, afterMs: v.number() })),
  tells: v.array(v.object({ person: text, name: text, channel: text, severity: v.picklist(severities), afterMs: v.number(), text })),
  how: maybeText,
});

/**
 * Why people were told of an incident, or not, step by step: each pass over the wires with its tabs (twelve characters of their hash), the nodes
 * that it passed, and what came of it. `path`: the part of the tree that it is about; `parent`: the cause that explains it; `sent`: whom the step
 * was given to the outbox for; `said`: that in a sentence, or why nobody was told.
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

export type Explained = v.InferOutput<typeof explained>;
export type CsvProblem = v.InferOutput<typeof csvProblem>;
export type SitesDifference = v.InferOutput<typeof sitesDifference>;
export type LedgerAudit = v.InferOutput<typeof ledgerAudit>;
export type PersonExport = v.InferOutput<typeof personExport>;
export type PersonForgotten = v.InferOutput<typeof personForgotten>;
export type AuditLog = v.InferOutput<typeof auditLog>;
export type SaidEvent = v.InferOutput<typeof saidEvent>;
export type SaidEvents = v.InferOutput<typeof saidEvents>;
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
