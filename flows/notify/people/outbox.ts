/** The outbox: what waits for people is sent, and what became of it is written down (R26). */
import { bySeverity, type Clock, doubledMs, filled, keepLatest, type MessageLanguage, nameIn, titleIn, wordsIn } from '@sabha/contracts';
import {
  type Copy,
  linkMark,
  type Notice,
  type OutboxRow,
  type Outcome,
  type RenderedMessage,
  type Report,
  type SendOutcome,
} from '../../engine/records/notices.ts';
import type { Op } from '../../engine/records/ops.ts';
import type { Note } from '../../storage/audit/chain.ts';
import { type Channels, lastChannel } from './channels/channels.ts';
import { short } from './channels/kit/plain.ts';
import { createAccepted, createLanes, createLooks, type Held, type Item, limited, loginOf, reportLimitMs } from './lanes.ts';
import { keysBefore, movedRow, nextRow, openRow, type Roster } from './roster.ts';
import { footerMark, incidentLink, isNews, type Reader, render } from './words.ts';

/** Of a message tried in vain: the first retry comes within the first of these, and none waits longer than the second. */
const backoff = { firstMs: 5_000, maxMs: 15 * 60_000 };

/** What is being sent when the outbox is stopped has this long to end. */
const stopGraceMs = 1_000;

/** Longest time that one send may take. */
const sendLimitMs = 30_000;

/** A channel that refuses our login is asked again only after this time: each wrong password may lock the account. */
const loginPauseMs = 15 * 60_000;

/** Who is written to, by which channels, and where outcomes are written down. */
export type OutboxOptions = {
  clock: Clock;
  /** Between 0 and 1. */
  random: () => number;
  commit: (ops: Op[]) => Promise<unknown>;
  channels: Channels;
  roster: Roster;
  /** True where the incident has ended, so that a raise which still waits says so. */
  isOver: (incident: number) => boolean;
  /** The address of the wall, where the centre has a name. */
  wall?: string | undefined;
  /** Links by which a person replies to an incident or confirms an announcement; absent if the server has no public name. */
  linksTo?: ((person: string, notice: Pick<Notice, 'incident' | 'announcement'>) => Links) | undefined;
  /** What a message carries at its end. */
  note?: Note | undefined;
  /** Told after the commit. A refusal means that a channel fails: central is told. */
  onOutcome: (row: OutboxRow, outcome: SendOutcome) => void;
  /** Told after the commit of each message that stands with its person and can be changed there. */
  onCopy?: ((row: OutboxRow) => void) | undefined;
};

/** `tap`: link to reply with one tap; `short`: a shorter link for SMS. */
type Links = { tap?: string | undefined; short?: string | undefined };

/** The outbox of one memory. */
export type Outbox = ReturnType<typeof createOutbox>;

/**
 * Guarantee: a row is forgotten only after its outcome is in the ledger, so a crash loses none, and sends a second time at most what was on
 * its way: one on each channel, and more only on one that is slow. Rows of one room go to one person on one channel in the order of their transitions.
 */
export function createOutbox(options: OutboxOptions) {
  const { clock } = options;
  const past = createPast(options);
  const lanes = createLanes(clock, past);
  const sending = new Set<Promise<void>>();
  const ended = Promise.withResolvers<void>();
  const cut = new AbortController();
  const accepted = createAccepted(clock);
  const office: Office = { ...options, lanes, accepted, past, locks: createLocks(options), cut: cut.signal, add };
  let state: 'new' | 'running' | 'stopped' = 'new';
  const looks = createLooks(clock, [lanes, accepted]);

  function pump(): void {
    looks.cancel();
    if (state !== 'running') return;
    looks.begin();
    for (const items of lanes.toMove()) moveOn(office, items).catch(fail);
    for (const held of accepted.toMove()) moveAccepted(office, held).catch(fail);
    for (const { rows } of accepted.toEnd()) endAccepted(office, rows, unsaid).catch(fail);
    for (let item = lanes.next(); item; item = lanes.next()) {
      const one = deliver(office, item).catch(fail);
      sending.add(one);
      void one.finally(() => sending.delete(one)).then(pump);
    }
    looks.again(pump);
  }

  function add(rows: readonly OutboxRow[]): void {
    for (const row of rows) admit(office, row);
    pump();
  }

  function fail(error: unknown): void {
    state = 'stopped';
    looks.cancel();
    cut.abort();
    ended.reject(error);
  }

  return {
    /** Takes rows that are in the ledger. A key that waits already is left as it is. */
    add,
    /** What the other side says later of a message that it took; ends once it is committed. A name that is not known changes nothing. */
    async report(report: Report): Promise<void> {
      const work = endAccepted(office, accepted.take(report) ?? [], report.outcome);
      work.catch(fail);
      await work;
    },
    /** The row that was accepted under this name, of the last ones. */
    accepted: accepted.last,
    /** Rows not yet delivered and not refused. */
    waiting: () => lanes.size() + accepted.size(),
    /** Sends until it is stopped; rejects when the ledger does not take an outcome, and then sends nothing more (R20). */
    run(): Promise<void> {
      state = 'running';
      pump();
      return ended.promise;
    },
    /** Ends `run`; what is being sent has a second to end, and is otherwise sent again after the next start. */
    async stop(): Promise<void> {
      if (state === 'stopped') return;
      state = 'stopped';
      looks.cancel();
      const cancel = clock.after(stopGraceMs, () => cut.abort());
      await Promise.all(sending);
      cancel();
      ended.resolve();
    },
  };
}

/** What the work on one item needs. */
type Office = OutboxOptions & {
  lanes: ReturnType<typeof createLanes>;
  accepted: ReturnType<typeof createAccepted>;
  past: ReturnType<typeof createPast>;
  locks: ReturnType<typeof createLocks>;
  cut: AbortSignal;
  add(rows: readonly OutboxRow[]): void;
};

function admit({ lanes, accepted, clock, roster, channels }: Office, row: OutboxRow): void {
  const waitMs = Math.min(Math.max(row.dueAt - clock.now(), 0), backoff.maxMs);
  if (row.accepted !== undefined) accepted.hold([row]);
  else lanes.add(openRow(row, roster.person(row.person), channels), waitMs);
}

/** Writes down what became of rows, and rows that come anew. */
async function write({ commit }: Office, changed: readonly OutboxRow[], added: readonly OutboxRow[]): Promise<void> {
  await commit([...changed.map((row) => ({ op: 'outbox-set', row }) as const), ...added.map((row) => ({ op: 'outbox', row }) as const)]);
}

/** Writes down rows that have ended, or are tried again; what is lost goes over the next channel, at last to the console: those rows. */
async function writeEnds(office: Office, ended: readonly OutboxRow[]): Promise<OutboxRow[]> {
  const isLost = ({ state, channel, moved }: OutboxRow) => state === 'refused' && channel !== lastChannel && moved !== true;
  const rest = nextOf(ended.filter(isLost), office);
  await write(office, [...ended, ...toldElsewhere(office.lanes, ended)], rest);
  for (const row of ended) if (row.copy !== undefined) office.onCopy?.(row);
  return rest;
}

async function deliver(office: Office, item: Item): Promise<void> {
  const { lanes, accepted, past, locks, onOutcome } = office;
  const isLate = lanes.isLate(item);
  const isStale = past.is(item.row, isLate);
  const locked = locks.of(item.row);
  const items = isStale ? [item] : lanes.together(item, locked !== undefined);
  const rows = () => items.map(({ row }) => row);
  past.note(rows(), isStale);
  const outcome: Sent = isStale ? noNews : (locked ?? (await attempt(office, rows(), isLate)));
  const isRetry = outcome.result === 'retry';
  // Cut short by our own stop: the row stays as it is in the ledger.
  if (isRetry && office.cut.aborted) return;
  locks.note(item.row, outcome);
  // The rows as they are now: one may have moved on meanwhile.
  const { ended, waitMs } = afterAll(office, rows(), outcome);
  for (const [at, one] of items.entries()) {
    one.row = ended[at] ?? one.row;
    if (!isRetry) lanes.stays(one);
  }
  const rest = await writeEnds(office, ended);
  for (const one of items) isRetry ? lanes.again(one, one.row, waitMs) : lanes.done(one);
  office.add(rest);
  if (!isStale) onOutcome(item.row, outcome);
  const early = outcome.result === 'accepted' ? accepted.hold(rows()) : undefined;
  if (early !== undefined) await endAccepted(office, rows(), early);
}

/** So many ends of what was never said are known. */
const unsaidAtMost = 2_000;

/** What is no news any more: nobody is woken for what is over, or was told elsewhere; and of what was over before it could be said no end is said. */
function createPast({ channels, isOver, roster }: OutboxOptions) {
  const unsaid = new Map<string, true>();
  const nameOf = ({ channel, person, notice }: OutboxRow) => `${channel}/${person}/${notice.incident}`;
  function is(row: OutboxRow, isLate: boolean): boolean {
    const { channel, moved, told, notice } = row;
    const { newsOnly = false, once = false } = channels.get(channel) ?? {};
    const over = notice.incident !== null && isOver(notice.incident);
    if (newsOnly && (moved === true || over)) return true;
    return once && (told === true || (isNews(notice) ? over && (isLate || notice.digest === true) : unsaid.has(nameOf(row))));
  }
  return {
    is,
    limits: (channel: string) => channels.get(channel)?.channel ?? {},
    /** Whether a row that is late goes with others: no word of the centre's own, of which a list has no line; on a channel without lists what it can count. */
    gathers(row: OutboxRow): boolean {
      const { channel, single = false } = channels.get(row.channel) ?? {};
      const counts = () => channel?.lists?.(roster.person(row.person).language) === true;
      return row.notice.incident !== null && (!single || (counts() && !is(row, true)));
    },
    /** Once it is decided whether they are said. */
    note(rows: readonly OutboxRow[], isPast: boolean): void {
      for (const row of rows.filter(({ notice }) => isNews(notice))) {
        const { kind, again } = row.notice;
        if (!isPast) unsaid.delete(nameOf(row));
        else if (row.told !== true && kind === 'raised' && again === undefined) keepLatest(unsaid, [nameOf(row), true], unsaidAtMost);
      }
    },
  };
}

/** The rows that still wait on a channel before that of a row which arrived: their person knows it. What the console told the person may not know. */
function toldElsewhere(lanes: Office['lanes'], rows: readonly OutboxRow[]): OutboxRow[] {
  return rows.flatMap(({ key, channel, state }) => {
    if (state !== 'delivered' || channel === lastChannel) return [];
    const waiting = keysBefore(key).flatMap((before) => lanes.withKey(before) ?? []);
    for (const item of waiting) item.row = { ...item.row, told: true };
    return waiting.map(({ row }) => row);
  });
}

const noNews: Outcome = { result: 'refused', reason: 'it is no news any more' };

/** Tells it over the person's next channel; here it goes on waiting, as news no more. */
async function moveOn(office: Office, items: readonly Item[]): Promise<void> {
  const rows = items.map(({ row }) => row);
  for (const item of items) {
    item.row = movedRow(item.row);
    item.lateUp = Math.min(item.lateUp, office.clock.up());
    office.lanes.stays(item);
  }
  await tellNext(office, rows);
}

/** The same for what was accepted, and of which nothing is said in time. */
async function moveAccepted(office: Office, held: readonly Held[]): Promise<void> {
  const rows = held.flatMap((one) => one.rows);
  for (const one of held) one.rows = one.rows.map(movedRow);
  await tellNext(office, rows);
}

async function tellNext(office: Office, rows: readonly OutboxRow[]): Promise<void> {
  const movable = rows.filter(({ further }) => further !== undefined);
  const next = nextOf(movable, office);
  await write(office, rows.map(movedRow), next);
  office.add(next);
}

/** Of what was accepted it is known now what became of it. */
async function endAccepted(office: Office, rows: readonly OutboxRow[], outcome: Report['outcome']): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const lastError = outcome.result === 'delivered' ? null : outcome.reason;
  const ended = rows.map((row): OutboxRow => ({ ...row, state: outcome.result, lastError }));
  office.add(await writeEnds(office, ended));
  office.onOutcome(first, outcome);
}

/** One send with its time limit: one row, or all that goes out with it. */
async function attempt(office: Office, rows: readonly OutboxRow[], isLate: boolean): Promise<Sent> {
  const { clock, channels, roster, isOver, wall, linksTo, note, cut } = office;
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
  const said = first.notice.digest ? morning(all, { ...telling, isLate: false }) : saidOf(all, telling);
  const message = { key: first.key, ...said, text: withLine(said.text, line), language, severity: said.notice.severity };
  const outcome = await limited({ clock, limitMs: channel.limitMs ?? sendLimitMs, cut }, (signal) => channel.send(message, person, signal));
  if (line !== undefined && outcome.result === 'delivered') note?.arrived(person.id);
  return withCopy(outcome, message);
}

/** A list tells of several incidents, and nobody takes those by it. The token of a link is kept nowhere; that to the wall has none. */
function withCopy(outcome: SendOutcome, { list, text, link, notice }: Said): Sent {
  if (outcome.result !== 'delivered' || outcome.copy === undefined) return outcome;
  const { copy: id, ...rest } = outcome;
  const isSecret = link !== undefined && !link.includes('#');
  return list || notice.incident === null ? rest : { ...rest, stands: { id, text: isSecret ? text.replaceAll(link, linkMark) : text } };
}

/** A line of its own at the end of a text, above its footer. */
function withLine(text: string, line: string | undefined): string {
  return line === undefined ? text : text.replace(footerMark, () => `\n${line}${footerMark}`);
}

/**
 * How to render for one recipient. `isLate`: the message is overdue; `fits`: true if the channel takes a text unshortened; `linksOf`: links for the
 * reply of the person, empty for the console, whose output may be kept as a log.
 */
type Telling = {
  reader: Reader;
  language: MessageLanguage;
  wall: string | undefined;
  isLate: boolean;
  fits(text: string): boolean;
  linksOf(notice: Notice): Links;
};
type Said = Pick<RenderedMessage, 'notice' | 'subject' | 'text' | 'list' | 'alerts' | 'over' | 'link' | 'shortLink' | 'phone'>;

/** What has ended meanwhile is no news of the morning. */
function morning(all: readonly Late[], telling: Telling): Said {
  const standing = all.filter(({ over }) => !over);
  if (standing.length < 2) return saidOf(standing.length > 0 ? standing : all.slice(0, 1), telling);
  return listOf(standing, 'night', telling);
}

/** Several notices in one message. Ended incidents get no link for a reply. */
function listOf(all: readonly Late[], kind: ListWay['kind'], { language, linksOf, fits }: Telling): Said {
  const open = all.filter(({ over }) => !over);
  const linkOf = (notice: Notice) => (isNews(notice) ? linksOf(notice).tap : undefined);
  return {
    notice: digestOf(all, open.length > 0 ? open : all),
    ...renderList(all, language, { kind, linkOf, fits }),
    list: true,
    alerts: { open: open.length, over: all.length - open.length },
  };
}

/** One message as it is; of several that are late the last word on each incident, in one. */
function saidOf(all: readonly Late[], telling: Telling): Said {
  const { language, wall, isLate, linksOf } = telling;
  // A notice of the server has no incident, so it is never merged with another.
  const last = [...new Map(all.map((one, at) => [one.notice.incident ?? `word ${at}`, one])).values()];
  const [only, ...others] = last;
  if (only === undefined || others.length > 0) return listOf(last, isLate ? 'late' : 'atOnce', telling);
  const { notice, over } = only;
  const isAnswered = !over && (isNews(notice) || notice.announcement !== undefined);
  const { tap, short: shortLink }: Links = isAnswered ? linksOf(notice) : {};
  const link = tap ?? (wall !== undefined && notice.incident !== null ? incidentLink(wall, notice.incident) : undefined);
  return {
    notice,
    ...render(notice, language, { ...telling, over, late: isLate, link: tap }),
    ...(over && { over }),
    ...(link !== undefined && { link }),
    ...(shortLink !== undefined && { shortLink }),
  };
}

/** The channels that refuse our login, each with its answer for a while: nobody asks them meanwhile. One that persons join by themselves refuses that of one person. */
function createLocks({ clock, channels }: OutboxOptions) {
  const locked = new Map<string, { outcome: SendOutcome; untilUp: number }>();
  const nameOf = (row: OutboxRow) => loginOf(row, channels.get(row.channel)?.joined);
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

/** What became of a message, which may stand there as a copy that can be changed. */
type Sent = SendOutcome & { stands?: Copy };

/** The rows of one message after an attempt; its copy is that of its last news. One message is tried again as one. */
function afterAll(office: Office, rows: readonly OutboxRow[], { stands, ...outcome }: Sent) {
  const all = rows.map((row) => after(row, outcome, office));
  const ended = all.map(({ row }, at) => (stands !== undefined && at === all.length - 1 ? { ...row, copy: stands } : row));
  return { ended, waitMs: Math.max(...all.map(({ waitMs }) => waitMs)) };
}

/** Of a message that was taken nobody said anything more. */
const unsaid: Report['outcome'] = {
  result: 'refused',
  reason: `taken, but nothing was said of it in ${reportLimitMs / 3_600_000} hours`,
};

/** The row as it is written down after an attempt, and how long it waits where it is to be tried again. */
function after(row: OutboxRow, outcome: SendOutcome, { clock, random }: Office): { row: OutboxRow; waitMs: number } {
  const tries = row.tries + 1;
  if (outcome.result === 'delivered') return { row: { ...row, tries, state: 'delivered', lastError: null }, waitMs: 0 };
  if (outcome.result === 'accepted')
    return { row: { ...row, tries, lastError: null, accepted: { id: outcome.id, at: clock.now() } }, waitMs: 0 };
  if (outcome.result !== 'retry') return { row: { ...row, tries, state: 'refused', lastError: outcome.reason }, waitMs: 0 };
  // Full jitter: anything between nothing and a limit that doubles, so that a server which is back is not stormed.
  // Who names a wait is asked after it: what waited for a turn several times waits no longer for that.
  const jitterMs = Math.ceil(random() * doubledMs(outcome.afterMs === undefined ? row.tries : 0, backoff));
  const waitMs = Math.min(Math.max(jitterMs, outcome.afterMs ?? 0), backoff.maxMs);
  return { row: { ...row, tries, dueAt: clock.now() + waitMs, lastError: outcome.reason }, waitMs };
}

/** The rows that tell the same over the next channel of their person: what was one message is one there too. */
function nextOf(rows: readonly OutboxRow[], { clock, channels, roster }: Office): OutboxRow[] {
  const [first, ...others] = rows;
  const beside = first && others.length > 0 ? { beside: first.key } : {};
  return rows.map((row) => ({ ...nextRow(row, roster.person(row.person), { channels, now: clock.now() }), ...beside }));
}

/** Longest list, characters: a screen or two of a small phone. */
const listLimit = 1_200;
/** Longest name in it. */
const nameLimit = 60;

/**
 * How a list is written: of the night, of what is late, or of what came all at once. `linkOf`: where the person answers to what a line tells;
 * `fits`: whether its channel takes such a text whole.
 */
export type ListWay = { kind: 'night' | 'late' | 'atOnce'; linkOf?(notice: Notice): string | undefined; fits?(text: string): boolean };

/** A notice, and whether its incident has ended. */
export type Late = { notice: Notice; over: boolean };

/** Subject and text of several notices in one language: a line for each, the most severe first. What is over says so; what does not fit is counted. */
export function renderList(late: readonly Late[], language: MessageLanguage, way: ListWay): { subject: string; text: string } {
  const { kind, linkOf = () => undefined, fits = () => true } = way;
  const { message } = wordsIn(language);
  const [title, about] = {
    night: [message.digest, message.stillStands],
    late: [message.late, message.wasAway],
    atOnce: [message.atOnce, ''],
  }[kind] as [string, string];
  const head = filled(title, { n: late.length });
  const inOrder = late.toSorted((a, b) => Number(a.over) - Number(b.over) || byUrgency(a.notice, b.notice));
  const lines = inOrder.map(({ notice, over }) => {
    const link = over ? undefined : linkOf(notice);
    // In a line of its own, which a mail shows as a link.
    return `${lineOf(notice, language, over)}${link === undefined ? '' : `\n${link}`}`;
  });
  const textOf = (shown: number) => {
    const more = shown < lines.length ? [filled(message.others, { n: lines.length - shown })] : [];
    return `${[head, ...(about === '' ? [] : [about]), ...lines.slice(0, shown), ...more].join('\n')}${footerMark}Sabha\n`;
  };
  const isTooLong = (shown: number) => lines.slice(0, shown).join('\n').length > listLimit || !fits(textOf(shown));
  // A line stands whole or not at all.
  let shown = lines.length;
  while (shown > 1 && isTooLong(shown)) shown -= 1;
  return { subject: head, text: textOf(shown) };
}

/** The same for programs: a line for each, and the place and urgency of the most severe of `first`. */
function digestOf(all: readonly Late[], first: readonly Late[]): Notice {
  const [of] = first.map(({ notice }) => notice).toSorted(byUrgency);
  if (of === undefined) throw new Error('a digest of nothing');
  const inOrder = all.map(({ notice }) => notice).toSorted(byUrgency);
  return { ...of, lines: inOrder.map((notice) => lineOf(notice, 'en')) };
}

function byUrgency(a: Notice, b: Notice): number {
  return bySeverity(a.severity, b.severity) || a.at - b.at;
}

/** Where first, since the list is of many places. */
function lineOf({ site, room, severity, faults, scope }: Notice, language: MessageLanguage, over = false): string {
  const words = wordsIn(language);
  const place = [site, room].map((name) => short(nameIn(name, language), nameLimit)).filter((name) => name !== '');
  const [first, ...others] = faults;
  const title = first === undefined ? '' : (titleIn(first.fault, language) ?? short(first.fault, 64));
  const more = others.length === 0 ? '' : ` (${filled(words.message.others, { n: others.length })})`;
  return `• ${place.join(', ') || short(scope, 98)}: ${title}${more}. ${over ? words.message.over : words.severity[severity]}`;
}
