/** What the HTTP API of `flows` answers to those who order and administer: the site table, commands, rollouts, accounts. Times are as in api.ts. */
import * as v from 'valibot';
import { severities } from '../domain/states.ts';
import { commandAnswer } from '../wire/commands.ts';
import { accountRoles } from './api.ts';

const text = v.string();
const time = v.number();
const maybeText = v.nullable(text);
const count = v.number();

/** One thing wrong in a file: its line (1 = the header) and column by name. */
const csvProblem = v.object({ line: count, column: text, what: text });

/** What an import would change, or has changed. */
const sitesDifference = v.object({
  added: v.array(text),
  changed: v.array(v.object({ path: text, column: text, from: text, to: text })),
  same: count,
  /** In the table but not in the file: left as they are. */
  missing: v.array(text),
});
/** What an import of a site table would change or has changed. */
export const sitesImport = v.object({ problems: v.array(csvProblem), difference: sitesDifference, applied: v.boolean() });

const meetingName = v.object({ id: text, title: text });
/** What an import of meetings would change or has changed. `notes`: what of the file was left out without harm; line 0 where no line says it. */
export const meetingsImport = v.object({
  problems: v.array(csvProblem),
  notes: v.array(csvProblem),
  difference: v.object({ added: v.array(meetingName), changed: v.array(meetingName), removed: v.array(meetingName), same: count }),
  applied: v.boolean(),
});
/** A meeting of the calendar; `scopes` has '' for all rooms, `zone` is null where it is that of the site, `next` its next date within eight days. */
export const meetingView = v.object({
  id: text,
  title: text,
  scopes: v.array(text),
  start: text,
  zone: v.nullable(text),
  minutes: count,
  repeats: v.boolean(),
  next: v.nullable(v.object({ from: time, to: time })),
});

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
const { id: _, verb: __, ...said } = commandAnswer.entries;
/** With what became of it: `missing` are the PCs that have not answered. */
export const commandView = v.object({
  ...commandSummary.entries,
  state: v.picklist(['open', 'answered', 'expired']),
  answers: v.array(v.object({ pc: text, at: time, ...said })),
  missing: v.array(text),
});

/** A change of profiles on its way in stages (1 %, 10 %, all): how many PCs it is for, how many have got it, why it stopped. */
export const rolloutView = v.object({
  by: text,
  stage: count,
  stageAt: time,
  pcs: count,
  released: count,
  stopped: maybeText,
});

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
  /** When the copy was made that was read; absent where it was the ledger itself. */
  at: v.exactOptional(time),
  /** Events whose content is not that of their mark. */
  altered: v.exactOptional(count),
  commits: v.exactOptional(count),
  /** Why the ledger is not what it was: older, or another one; absent where it is. */
  older: v.exactOptional(text),
});

/** A backup that was just made: the file, on the central machine, and why it lies in the first folder only, if it does. */
export const backupMade = v.object({ file: text, bytes: count, at: time, second: v.exactOptional(text) });

/** What an account may be called. */
export const accountNamePattern = /^[a-z0-9][a-z0-9.@_-]{0,63}$/;
/** `once`: its password is a secret that only opens the way to a password of its own. */
const grant = { role: v.picklist(accountRoles), scope: text, once: v.boolean() };
/** An account in a list; its secret nobody can read. */
export const accountView = v.object({ name: text, ...grant, madeAt: time });
/** The secret is shown this once. */
export const accountMade = v.object({ name: text, secret: text });
/** A code that still lets PCs of its site in; what it is nobody can read any more. */
export const enrolCodeView = v.object({ site: text, uses: v.number(), ends: time, by: text });
/** Who asks; null = whoever sits at this machine, under the name that they give. */
export const whoView = v.object({ name: maybeText, ...grant });

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

export type Explained = v.InferOutput<typeof explained>;
export type CsvProblem = v.InferOutput<typeof csvProblem>;
export type SitesDifference = v.InferOutput<typeof sitesDifference>;
export type LedgerAudit = v.InferOutput<typeof ledgerAudit>;
export type BackupMade = v.InferOutput<typeof backupMade>;
export type RolloutView = v.InferOutput<typeof rolloutView>;
export type CommandSummary = v.InferOutput<typeof commandSummary>;
export type CommandView = v.InferOutput<typeof commandView>;
export type AccountView = v.InferOutput<typeof accountView>;
export type AccountMade = v.InferOutput<typeof accountMade>;
export type EnrolCodeView = v.InferOutput<typeof enrolCodeView>;
export type TabsState = v.InferOutput<typeof tabsState>;
export type TabsDifferences = v.InferOutput<typeof tabsDifferences>;
export type TabsStep = v.InferOutput<typeof tabsStep>;
export type TabsUndone = v.InferOutput<typeof tabsUndone>;
export type WhoView = v.InferOutput<typeof whoView>;
export type SitesImport = v.InferOutput<typeof sitesImport>;
export type MeetingsImport = v.InferOutput<typeof meetingsImport>;
export type MeetingView = v.InferOutput<typeof meetingView>;
