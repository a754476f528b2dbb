/** The outbox: sends waiting notifications and records their outcomes, R26 (outbox delivery). */
import {
  bySeverity,
  type Clock,
  doubledMs,
  fillIn,
  keepLatest,
  type MessageLanguage,
  nameIn,
  titleIn,
  vocabularyIn,
} from '@sabha/contracts';
import {
  type DeliveryOutcome,
  type DeliveryReport,
  type EditableMessage,
  linkMark,
  type Notice,
  type OutboxRow,
  type RenderedMessage,
  type SendOutcome,
} from '../../engine/records/notices.ts';
import type { Op } from '../../engine/records/ops.ts';
import type { AuditNote } from '../../storage/audit/chain.ts';
import { type Channels, lastChannel } from './channels/channels.ts';
import { shorten } from './channels/kit/plain.ts';
import {
  type AcceptedMessage,
  createAccepted,
  createDeadlineTimer,
  createDeliveryQueue,
  credentialsOwnerOf,
  type QueuedRow,
  reportLimitMs,
  sendWithinLimit,
} from './delivery-queue.ts';
import { keysBefore, movedRow, moveToOpenChannel, nextRow, type Roster } from './roster.ts';
import { footerMark, incidentLink, isNews, type Reader, render } from './words.ts';

/** Backoff of a failed send: upper limits of the first and of the longest wait. */
const backoff = { firstMs: 5_000, maxMs: 15 * 60_000 };

/** Time that running sends get to end when the outbox stops, ms. */
const stopGraceMs = 1_000;

const sendLimitMs = 30_000;

/** Pause after a channel refused the server's credentials, ms: more attempts with a wrong password may lock the account. */
const loginPauseMs = 15 * 60_000;

export type OutboxOptions = {
  clock: Clock;
  /** Returns a random number between 0 and 1. */
  random: () => number;
  commit: (ops: Op[]) => Promise<unknown>;
  channels: Channels;
  roster: Roster;
  /** True if the incident has ended. A message about its start that is sent later then states the end. */
  isOver: (incident: number) => boolean;
  /** Address of the wall; absent if the server has no public name. */
  wall?: string | undefined;
  /** Links by which a person replies to an incident or confirms an announcement; absent if the server has no public name. */
  linksTo?: ((person: string, notice: Pick<Notice, 'incident' | 'announcement'>) => ReplyLinks) | undefined;
  /** Writes the last signed audit head (row and short hash) under a message; each person of central gets each head once. */
  note?: AuditNote | undefined;
  /** Called after the commit. After a refusal the caller raises a channel fault for central. */
  onOutcome: (row: OutboxRow, outcome: SendOutcome) => void;
  /** Called after the commit of each delivered message that its channel can edit. */
  onCopy?: ((row: OutboxRow) => void) | undefined;
};

/** `tap`: link to reply with one tap; `short`: a shorter link for SMS. */
type ReplyLinks = { tap?: string | undefined; short?: string | undefined };

export type Outbox = ReturnType<typeof createOutbox>;

/**
 * Creates the outbox.
 * Guarantee: a row is removed only after its outcome is in the ledger, so a crash loses none. After a crash only sends in progress are
 * repeated: one for each channel, more only on a slow channel.
 * Rows about one room to one person on one channel are sent in the order of their transitions.
 */
export function createOutbox(options: OutboxOptions) {
  const { clock } = options;
  const staleFilter = createStaleFilter(options);
  const lanes = createDeliveryQueue(clock, staleFilter);
  const sending = new Set<Promise<void>>();
  const ended = Promise.withResolvers<void>();
  const cut = new AbortController();
  const accepted = createAccepted(clock);
  const context: OutboxContext = { ...options, lanes, accepted, past: staleFilter, locks: createLocks(options), cut: cut.signal, add };
  let state: 'new' | 'running' | 'stopped' = 'new';
  const deadlineTimer = createDeadlineTimer(clock, [lanes, accepted]);

  function pump(): void {
    deadlineTimer.cancel();
    if (state !== 'running') return;
    deadlineTimer.begin();
    for (const items of lanes.toMove()) moveToNextChannel(context, items).catch(fail);
    for (const held of accepted.toMove()) moveAccepted(context, held).catch(fail);
    for (const { rows } of accepted.toEnd()) endAccepted(context, rows, unsaid).catch(fail);
    for (let item = lanes.next(); item; item = lanes.next()) {
      const one = deliver(context, item).catch(fail);
      sending.add(one);
      void one.finally(() => sending.delete(one)).then(pump);
    }
    deadlineTimer.again(pump);
  }

  function add(rows: readonly OutboxRow[]): void {
    for (const row of rows) admitRow(context, row);
    pump();
  }

  function fail(error: unknown): void {
    state = 'stopped';
    deadlineTimer.cancel();
    cut.abort();
    ended.reject(error);
  }

  return {
    /** Adds rows that are already in the ledger. Ignores a key that is already in a queue. */
    add,
    /** Records a delivery report and resolves after the commit. Ignores an unknown id. */
    async report(report: DeliveryReport): Promise<void> {
      const work = endAccepted(context, accepted.take(report) ?? [], report.outcome);
      work.catch(fail);
      await work;
    },
    /** Returns the row that was accepted under this id, if it is among the last 2,000. */
    accepted: accepted.last,
    waiting: () => lanes.size() + accepted.size(),
    /** Sends until `stop`. Rejects if the ledger refuses an outcome, and then sends nothing more, R20 (one transaction per batch). */
    run(): Promise<void> {
      state = 'running';
      pump();
      return ended.promise;
    },
    /** Ends `run`. Running sends have a second to end; those that do not are repeated after the next start. */
    async stop(): Promise<void> {
      if (state === 'stopped') return;
      state = 'stopped';
      deadlineTimer.cancel();
      const cancel = clock.after(stopGraceMs, () => cut.abort());
      await Promise.all(sending);
      cancel();
      ended.resolve();
    },
  };
}

type OutboxContext = OutboxOptions & {
  lanes: ReturnType<typeof createDeliveryQueue>;
  accepted: ReturnType<typeof createAccepted>;
  past: ReturnType<typeof createStaleFilter>;
  locks: ReturnType<typeof createLocks>;
  cut: AbortSignal;
  add(rows: readonly OutboxRow[]): void;
};

function admitRow({ lanes, accepted, clock, roster, channels }: OutboxContext, row: OutboxRow): void {
  const waitMs = Math.min(Math.max(row.dueAt - clock.now(), 0), backoff.maxMs);
  if (row.accepted !== undefined) accepted.hold([row]);
  else lanes.add(moveToOpenChannel(row, roster.person(row.person), channels), waitMs);
}

/** Commits changed rows and new rows in one transaction. */
async function write({ commit }: OutboxContext, changed: readonly OutboxRow[], added: readonly OutboxRow[]): Promise<void> {
  await commit([...changed.map((row) => ({ op: 'outbox-set', row }) as const), ...added.map((row) => ({ op: 'outbox', row }) as const)]);
}

/**
 * Records rows that ended or will be retried. For each refused row a new row on the next channel is added, at last on the console. Returns
 * these new rows.
 */
async function writeEnds(context: OutboxContext, ended: readonly OutboxRow[]): Promise<OutboxRow[]> {
  const isLost = ({ state, channel, moved }: OutboxRow) => state === 'refused' && channel !== lastChannel && moved !== true;
  const rest = nextRows(ended.filter(isLost), context);
  await write(context, [...ended, ...markDeliveredElsewhere(context.lanes, ended)], rest);
  for (const row of ended) if (row.copy !== undefined) context.onCopy?.(row);
  return rest;
}

async function deliver(context: OutboxContext, item: QueuedRow): Promise<void> {
  const { lanes, accepted, past, locks, onOutcome } = context;
  const isLate = lanes.isLate(item);
  const isStale = past.is(item.row, isLate);
  const locked = locks.of(item.row);
  const items = isStale ? [item] : lanes.takeBatch(item, locked !== undefined);
  const rows = () => items.map(({ row }) => row);
  past.note(rows(), isStale);
  const outcome: SendResult = isStale ? staleOutcome : (locked ?? (await attempt(context, rows(), isLate)));
  const isRetry = outcome.result === 'retry';
  // The outbox stopped during the send, so the row stays unchanged in the ledger.
  if (isRetry && context.cut.aborted) return;
  locks.note(item.row, outcome);
  // The rows are read again, because one may have moved to the next channel during the send.
  const { ended, waitMs } = rowsAfterSend(context, rows(), outcome);
  for (const [at, one] of items.entries()) {
    one.row = ended[at] ?? one.row;
    if (!isRetry) lanes.keepOnChannel(one);
  }
  const rest = await writeEnds(context, ended);
  for (const one of items) isRetry ? lanes.again(one, one.row, waitMs) : lanes.done(one);
  context.add(rest);
  if (!isStale) onOutcome(item.row, outcome);
  const early = outcome.result === 'accepted' ? accepted.hold(rows()) : undefined;
  if (early !== undefined) await endAccepted(context, rows(), early);
}

/** Limit of remembered incidents whose start message was skipped as stale. The message about their end is skipped too. */
const neverSentLimit = 2_000;

/**
 * Decides whether a stale row is skipped, on channels that cannot mark a message as late. Nobody is woken for an incident that has ended or
 * was notified on another channel. If the message about a start was skipped, the message about the end is skipped too.
 */
function createStaleFilter({ channels, isOver, roster }: OutboxOptions) {
  const neverSent = new Map<string, true>();
  const nameOf = ({ channel, person, notice }: OutboxRow) => `${channel}/${person}/${notice.incident}`;
  function isStaleRow(row: OutboxRow, isLate: boolean): boolean {
    const { channel, moved, told, notice } = row;
    const { newsOnly = false, once = false } = channels.get(channel) ?? {};
    const over = notice.incident !== null && isOver(notice.incident);
    if (newsOnly && (moved === true || over)) return true;
    return once && (told === true || (isNews(notice) ? over && (isLate || notice.digest === true) : neverSent.has(nameOf(row))));
  }
  return {
    is: isStaleRow,
    limits: (channel: string) => channels.get(channel)?.channel ?? {},
    /**
     * True if a stale row may share a message. A notice of the server may not, because a list has no line for it. On a channel without
     * lists only rows that it can count may.
     */
    gathers(row: OutboxRow): boolean {
      const { channel, single = false } = channels.get(row.channel) ?? {};
      const counts = () => channel?.lists?.(roster.person(row.person).language) === true;
      return row.notice.incident !== null && (!single || (counts() && !isStaleRow(row, true)));
    },
    /** Records that the message about a start was sent or skipped. */
    note(rows: readonly OutboxRow[], isPast: boolean): void {
      for (const row of rows.filter(({ notice }) => isNews(notice))) {
        const { kind, again } = row.notice;
        if (!isPast) neverSent.delete(nameOf(row));
        else if (row.told !== true && kind === 'raised' && again === undefined) keepLatest(neverSent, [nameOf(row), true], neverSentLimit);
      }
    },
  };
}

/**
 * Marks and returns the rows that still wait on an earlier channel, although the message was delivered on a later one: the recipient knows.
 * A delivery on the console does not count.
 */
function markDeliveredElsewhere(lanes: OutboxContext['lanes'], rows: readonly OutboxRow[]): OutboxRow[] {
  return rows.flatMap(({ key, channel, state }) => {
    if (state !== 'delivered' || channel === lastChannel) return [];
    const waiting = keysBefore(key).flatMap((before) => lanes.withKey(before) ?? []);
    for (const item of waiting) item.row = { ...item.row, told: true };
    return waiting.map(({ row }) => row);
  });
}

const staleOutcome: DeliveryOutcome = { result: 'refused', reason: 'it is no longer news' };

/** Sends the messages of these rows also over the next channel of the person. The old rows stay on their channel and count as stale. */
async function moveToNextChannel(context: OutboxContext, items: readonly QueuedRow[]): Promise<void> {
  const rows = items.map(({ row }) => row);
  for (const item of items) {
    item.row = movedRow(item.row);
    item.lateUp = Math.min(item.lateUp, context.clock.up());
    context.lanes.keepOnChannel(item);
  }
  await queueNextRows(context, rows);
}

async function moveAccepted(context: OutboxContext, held: readonly AcceptedMessage[]): Promise<void> {
  const rows = held.flatMap((one) => one.rows);
  for (const one of held) one.rows = one.rows.map(movedRow);
  await queueNextRows(context, rows);
}

async function queueNextRows(context: OutboxContext, rows: readonly OutboxRow[]): Promise<void> {
  const movable = rows.filter(({ further }) => further !== undefined);
  const next = nextRows(movable, context);
  await write(context, rows.map(movedRow), next);
  context.add(next);
}

/** Records the final outcome of an accepted message. */
async function endAccepted(context: OutboxContext, rows: readonly OutboxRow[], outcome: DeliveryReport['outcome']): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const lastError = outcome.result === 'delivered' ? null : outcome.reason;
  const ended = rows.map((row): OutboxRow => ({ ...row, state: outcome.result, lastError }));
  context.add(await writeEnds(context, ended));
  context.onOutcome(first, outcome);
}

/** Sends one row, or all rows that share its message, within the time limit. */
async function attempt(context: OutboxContext, rows: readonly OutboxRow[], isLate: boolean): Promise<SendResult> {
  const { clock, channels, roster, isOver, wall, linksTo, note, cut } = context;
  const [first] = rows;
  const channel = channels.get(first?.channel ?? '')?.channel;
  if (first === undefined) return { result: 'delivered' };
  if (!channel) return { result: 'retry', reason: `there is no channel "${first.channel}"` };
  const person = roster.person(first.person);
  const { language } = person;
  const overIn = ({ notice }: OutboxRow) => notice.incident !== null && isOver(notice.incident);
  const all = rows.map((one) => ({ notice: one.notice, over: overIn(one) }));
  const isPerson = first.channel !== lastChannel;
  const linksOf = (notice: Notice) => (isPerson ? linksTo?.(person.id, notice) : undefined) ?? {};
  const line = isPerson ? note?.lineFor(person) : undefined;
  const fits = (text: string) => channel.fits?.(withLine(text, line)) ?? true;
  const reader = { to: person, nameOf: (id: string) => roster.person(id).name };
  const telling = { language, reader, wall, isLate, fits, linksOf };
  const said = first.notice.digest ? renderDigest(all, { ...telling, isLate: false }) : renderOne(all, telling);
  const message = { key: first.key, ...said, text: withLine(said.text, line), language, severity: said.notice.severity };
  const outcome = await sendWithinLimit({ clock, limitMs: channel.limitMs ?? sendLimitMs, cut }, (signal) =>
    channel.send(message, person, signal),
  );
  if (line !== undefined && outcome.result === 'delivered') note?.arrived(person.id);
  return withCopy(outcome, message);
}

/**
 * Adds the text of the delivered message, for later edits. A list has none, since it covers several incidents. A link with a token is
 * replaced by `linkMark`, so that no token is stored.
 */
function withCopy(outcome: SendOutcome, { list, text, link, notice }: OutgoingMessage): SendResult {
  if (outcome.result !== 'delivered' || outcome.copy === undefined) return outcome;
  const { copy: id, ...rest } = outcome;
  const isSecret = link !== undefined && !link.includes('#');
  return list || notice.incident === null
    ? rest
    : { ...rest, editableCopy: { id, text: isSecret ? text.replaceAll(link, linkMark) : text } };
}

/** Puts a line at the end of a text, above its footer. */
function withLine(text: string, line: string | undefined): string {
  return line === undefined ? text : text.replace(footerMark, () => `\n${line}${footerMark}`);
}

/**
 * How to render for one recipient. `isLate`: the message is overdue. `fits`: true if the channel takes a text unshortened.
 * `linksOf`: links for the reply of the person, empty for the console, whose output may be kept as a log.
 */
type RecipientView = {
  reader: Reader;
  language: MessageLanguage;
  wall: string | undefined;
  isLate: boolean;
  fits(text: string): boolean;
  linksOf(notice: Notice): ReplyLinks;
};
type OutgoingMessage = Pick<RenderedMessage, 'notice' | 'subject' | 'text' | 'list' | 'alerts' | 'over' | 'link' | 'shortLink' | 'phone'>;

/** Renders the morning digest without incidents that have ended meanwhile. */
function renderDigest(all: readonly StaleNotice[], view: RecipientView): OutgoingMessage {
  const standing = all.filter(({ over }) => !over);
  if (standing.length < 2) return renderOne(standing.length > 0 ? standing : all.slice(0, 1), view);
  return renderSeveral(standing, 'night', view);
}

/** Several notices in one message. Ended incidents get no link for a reply. */
function renderSeveral(
  all: readonly StaleNotice[],
  kind: ListOptions['kind'],
  { language, linksOf, fits }: RecipientView,
): OutgoingMessage {
  const open = all.filter(({ over }) => !over);
  const linkOf = (notice: Notice) => (isNews(notice) ? linksOf(notice).tap : undefined);
  return {
    notice: digestOf(all, open.length > 0 ? open : all),
    ...renderList(all, language, { kind, linkOf, fits }),
    list: true,
    alerts: { open: open.length, over: all.length - open.length },
  };
}

/** Renders one message as it is. If several are stale, lists the last notice of each incident. */
function renderOne(all: readonly StaleNotice[], telling: RecipientView): OutgoingMessage {
  const { language, wall, isLate, linksOf } = telling;
  // A notice of the server has no incident, so each such notice gets its own key and is listed.
  const last = [...new Map(all.map((one, at) => [one.notice.incident ?? `word ${at}`, one])).values()];
  const [only, ...others] = last;
  if (only === undefined || others.length > 0) return renderSeveral(last, isLate ? 'late' : 'atOnce', telling);
  const { notice, over } = only;
  const isAnswered = !over && (isNews(notice) || notice.announcement !== undefined);
  const { tap, short: shortLink }: ReplyLinks = isAnswered ? linksOf(notice) : {};
  const link = tap ?? (wall !== undefined && notice.incident !== null ? incidentLink(wall, notice.incident) : undefined);
  return {
    notice,
    ...render(notice, language, { ...telling, over, late: isLate, link: tap }),
    ...(over && { over }),
    ...(link !== undefined && { link }),
    ...(shortLink !== undefined && { shortLink }),
  };
}

/**
 * Keeps the channels that refuse the server's credentials, with the outcome that applies during the pause. On a channel that persons join
 * themselves, the pause concerns one person.
 */
function createLocks({ clock, channels }: OutboxOptions) {
  const locked = new Map<string, { outcome: SendOutcome; untilUp: number }>();
  const nameOf = (row: OutboxRow) => credentialsOwnerOf(row, channels.get(row.channel)?.joined);
  const of = (row: OutboxRow): SendOutcome | undefined => {
    const lock = locked.get(nameOf(row));
    return lock !== undefined && clock.up() < lock.untilUp ? lock.outcome : undefined;
  };
  return {
    of,
    note(row: OutboxRow, outcome: SendOutcome): void {
      if (outcome.result === 'delivered') locked.delete(nameOf(row));
      if (outcome.result !== 'locked') return;
      if (of(row) === undefined) locked.set(nameOf(row), { outcome, untilUp: clock.up() + loginPauseMs });
    },
  };
}

/** `editableCopy`: the delivered message that the channel can edit. */
type SendResult = SendOutcome & { editableCopy?: EditableMessage };

/**
 * Computes the rows of one message after an attempt. The editable text is stored with the last row. All rows of one message are retried
 * together.
 */
function rowsAfterSend(context: OutboxContext, rows: readonly OutboxRow[], { editableCopy: stands, ...outcome }: SendResult) {
  const all = rows.map((row) => rowAfterSend(row, outcome, context));
  const ended = all.map(({ row }, at) => (stands !== undefined && at === all.length - 1 ? { ...row, copy: stands } : row));
  return { ended, waitMs: Math.max(...all.map(({ waitMs }) => waitMs)) };
}

/** Outcome that is recorded for an accepted message if its delivery report does not come in time. */
const unsaid: DeliveryReport['outcome'] = {
  result: 'refused',
  reason: `accepted, but no delivery report came in ${reportLimitMs / 3_600_000} hours`,
};

/** Returns the row after an attempt, and the wait before a retry in ms. */
function rowAfterSend(row: OutboxRow, outcome: SendOutcome, { clock, random }: OutboxContext): { row: OutboxRow; waitMs: number } {
  const tries = row.tries + 1;
  if (outcome.result === 'delivered') return { row: { ...row, tries, state: 'delivered', lastError: null }, waitMs: 0 };
  if (outcome.result === 'accepted')
    return { row: { ...row, tries, lastError: null, accepted: { id: outcome.id, at: clock.now() } }, waitMs: 0 };
  if (outcome.result !== 'retry') return { row: { ...row, tries, state: 'refused', lastError: outcome.reason }, waitMs: 0 };
  // Full jitter: a random wait up to a limit that doubles, so that a recovered provider is not overloaded.
  // If the provider requests a wait, the limit does not double, because the attempt did not fail.
  const jitterMs = Math.ceil(random() * doubledMs(outcome.afterMs === undefined ? row.tries : 0, backoff));
  const waitMs = Math.min(Math.max(jitterMs, outcome.afterMs ?? 0), backoff.maxMs);
  return { row: { ...row, tries, dueAt: clock.now() + waitMs, lastError: outcome.reason }, waitMs };
}

/** Creates the rows for the next channel of the person. Rows of one message stay one message there. */
function nextRows(rows: readonly OutboxRow[], { clock, channels, roster }: OutboxContext): OutboxRow[] {
  const [first, ...others] = rows;
  const beside = first && others.length > 0 ? { beside: first.key } : {};
  return rows.map((row) => ({ ...nextRow(row, roster.person(row.person), { channels, now: clock.now() }), ...beside }));
}

/** Limit of a list in characters, which fills one or two screens of a small phone. */
const listLimit = 1_200;
const nameLimit = 60;

/**
 * Form of a list. `kind`: the morning digest (`night`), stale messages (`late`), or many messages (`atOnce`). `linkOf`: returns the reply
 * link of one line. `fits`: true if the channel takes the text unshortened.
 */
export type ListOptions = { kind: 'night' | 'late' | 'atOnce'; linkOf?(notice: Notice): string | undefined; fits?(text: string): boolean };

export type StaleNotice = { notice: Notice; over: boolean };

/**
 * Subject and text of several notices in one language. Each has one line, open ones and the most severe first. Ended ones are marked; the
 * rest is counted.
 */
export function renderList(late: readonly StaleNotice[], language: MessageLanguage, way: ListOptions): { subject: string; text: string } {
  const { kind, linkOf = () => undefined, fits = () => true } = way;
  const { message } = vocabularyIn(language);
  const [title, about] = {
    night: [message.digest, message.stillStands],
    late: [message.late, message.wasAway],
    atOnce: [message.atOnce, ''],
  }[kind] as [string, string];
  const head = fillIn(title, { n: late.length });
  const inOrder = late.toSorted((a, b) => Number(a.over) - Number(b.over) || byUrgency(a.notice, b.notice));
  const lines = inOrder.map(({ notice, over }) => {
    const link = over ? undefined : linkOf(notice);
    // Most mail programs make a link of a URL on its own line.
    return `${lineOf(notice, language, over)}${link === undefined ? '' : `\n${link}`}`;
  });
  const textOf = (shown: number) => {
    const more = shown < lines.length ? [fillIn(message.others, { n: lines.length - shown })] : [];
    return `${[head, ...(about === '' ? [] : [about]), ...lines.slice(0, shown), ...more].join('\n')}${footerMark}Sabha\n`;
  };
  const isTooLong = (shown: number) => lines.slice(0, shown).join('\n').length > listLimit || !fits(textOf(shown));
  // A list that is too long is shortened by whole lines.
  let shown = lines.length;
  while (shown > 1 && isTooLong(shown)) shown -= 1;
  return { subject: head, text: textOf(shown) };
}

/**
 * Returns the list as a notice for channels that programs read. It has one line for each notice, and the place and urgency of the most
 * severe of `first`.
 */
function digestOf(all: readonly StaleNotice[], first: readonly StaleNotice[]): Notice {
  const [of] = first.map(({ notice }) => notice).toSorted(byUrgency);
  if (of === undefined) throw new Error('a digest of nothing');
  const inOrder = all.map(({ notice }) => notice).toSorted(byUrgency);
  return { ...of, lines: inOrder.map((notice) => lineOf(notice, 'en')) };
}

function byUrgency(a: Notice, b: Notice): number {
  return bySeverity(a.severity, b.severity) || a.at - b.at;
}

/** Returns the line of one notice in a list. The line starts with the place, since the list covers many places. */
function lineOf({ site, room, severity, faults, scope }: Notice, language: MessageLanguage, over = false): string {
  const words = vocabularyIn(language);
  const place = [site, room].map((name) => shorten(nameIn(name, language), nameLimit)).filter((name) => name !== '');
  const [first, ...others] = faults;
  const title = first === undefined ? '' : (titleIn(first.fault, language) ?? shorten(first.fault, 64));
  const more = others.length === 0 ? '' : ` (${fillIn(words.message.others, { n: others.length })})`;
  return `• ${place.join(', ') || shorten(scope, 98)}: ${title}${more}. ${over ? words.message.over : words.severity[severity]}`;
}
