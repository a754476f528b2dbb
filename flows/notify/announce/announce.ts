/** Sends announcements of operators to people of the roster, and shows who received and who read an announcement. */
import { type AnnouncementSummary, type AnnouncementView, createMutex, groupOfScope, type Words } from '@sabha/contracts';
import { type Announcement, type AnnouncementState, announcementPrefix, type OutboxRow } from '../../engine/records/notices.ts';
import type { Ledger, Op } from '../../engine/records/ops.ts';
import type { Member, SiteTable } from '../../engine/records/sites.ts';
import { liesWithin } from '../../sites/table.ts';
import { lastChannel } from '../people/channels/channels.ts';
import { noticeRow, type TestOptions } from '../people/direct/direct.ts';
import type { Roster } from '../people/roster.ts';
import type { Book } from '../roster/book.ts';

export type AnnounceOptions = Omit<TestOptions, 'heard'> & {
  roster: Pick<Roster, 'book'>;
  table(): Pick<SiteTable, 'node' | 'pathsOf'>;
  ledger: Pick<Ledger, 'announcements' | 'announcement'>;
  /** Commits the rows; returns false if the ledger cannot write now. */
  record(ops: readonly Op[]): Promise<boolean>;
  now(): number;
};

/**
 * Order to send an announcement. `to`: a scope, a group of sites or a group of persons. `within`: scope of the sender. Without `apply`
 * nothing is sent.
 */
export type AnnounceOrder = { to: string; text: string; apply: boolean; by: string; within: string };

export type AnnounceResult = { ok: true; value: AnnouncementView } | { ok: false; status: 403 | 404 | 429; line: string };

/** Rate limit: announcements an hour by one person, and by all together. People ignore messages if they get too many. */
const hourlyLimits = { ofOne: 3, ofAll: 10 };
const hourMs = 3_600_000;

export type Announcements = ReturnType<typeof createAnnouncements>;

/** Guarantee: one commit contains an announcement and all its messages. Nobody outside the sender's scope is notified or named. */
export function createAnnouncements(options: AnnounceOptions) {
  const { ledger } = options;
  const { book } = options.roster;
  const inTurn = createMutex();
  const own = (within: string, { to, persons }: Announcement) => {
    const members = persons.flatMap((id) => book().byId.get(id) ?? []);
    return isWithinOwnScope(options, { to, within }, members);
  };
  return {
    send: (order: AnnounceOrder): Promise<AnnounceResult> => inTurn(() => send(options, order)),
    /** Returns the newest announcements to recipients in a scope, without the recipients. */
    async list(within: string): Promise<AnnouncementSummary[]> {
      const all = (await ledger.announcements()).filter((one) => own(within, one));
      return all.map(({ persons, ...rest }) => ({ ...rest, count: persons.length }));
    },
    /** Returns one announcement with its recipients in the scope; undefined if it has none there. */
    async one(id: number, within: string): Promise<AnnouncementView | undefined> {
      const found = await ledger.announcement(id);
      return found && own(within, found.announcement) ? viewOf(found, book()) : undefined;
    },
    /** Returns the announcement as sent to a person; undefined if it is no longer stored or was not sent to that person. */
    async show(id: number, person: string): Promise<Announcement | undefined> {
      const found = await ledger.announcement(id);
      return found?.announcement.persons.includes(person) ? found.announcement : undefined;
    },
    async read(id: number, person: string): Promise<void> {
      const { record, now } = options;
      if (!(await record([{ op: 'announcement-read', id, person, at: now() }]))) throw new Error('the ledger did not store it');
    },
  };
}

async function send(options: AnnounceOptions, { to, text, apply, by, within }: AnnounceOrder): Promise<AnnounceResult> {
  const { ledger, record, now } = options;
  const { book } = options.roster;
  const persons = recipientsOfAnnouncement(options, to);
  const before = await ledger.announcements();
  const refusal = refusalOf(options, { to, within }, persons) ?? rateLimitRefusal(before, by, now());
  if (refusal !== undefined) return refusal;
  const id = (before[0]?.id ?? 0) + 1;
  const announcement: Announcement = { id, at: now(), by, to, text, persons: persons.map((one) => one.id) };
  if (!apply) return { ok: true, value: { ...viewOf({ announcement, sent: [], read: [] }, book()), id: null } };
  const name = to === '' ? undefined : (options.table().node(to)?.name ?? { en: to, hi: to });
  const rows = announcement.persons.map((person) => rowOf(noticeRow(options, person, ['announcement']), announcement, name));
  const about = `${id} to ${to || 'everywhere'}: ${persons.length} persons`;
  const audit = { op: 'audit', at: now(), who: by, what: 'notice sent', about } as const;
  const isKept = await record([{ op: 'announcement', announcement }, ...rows.map((row) => ({ op: 'outbox', row }) as const), audit]);
  if (!isKept) throw new Error('the ledger did not store the notice');
  const sent = rows.map(({ person, channel, state }) => ({ person, channel, state, reason: null }));
  return { ok: true, value: viewOf({ announcement, sent, read: [] }, book()) };
}

/** Returns the outbox row of an announcement. Its place is the part of the tree to which the announcement was sent. */
function rowOf(row: OutboxRow, { id, by, text }: Announcement, site: Words = row.notice.site): OutboxRow {
  const notice = { ...row.notice, site, room: { en: '', hi: '' }, announcement: { id, by, text } };
  return { ...row, key: `${announcementPrefix(id)}${row.person}`, notice };
}

/** Returns everyone responsible for a part of the tree or a group of sites, on duty or not. For a group of persons returns its members. */
function recipientsOfAnnouncement({ roster, table }: AnnounceOptions, to: string): readonly Member[] {
  const { members } = roster.book();
  if (!isPlace(table(), to)) return members.filter(({ groups }) => groups.includes(to));
  return members.filter(({ scopes }) => scopes.some((own) => liesWithin(table().pathsOf, to, own)));
}

function isPlace(table: Pick<SiteTable, 'node'>, to: string): boolean {
  return to === '' || groupOfScope(to) !== undefined || table.node(to) !== undefined;
}

type AnnounceRefusal = Extract<AnnounceResult, { ok: false }>;

/**
 * True if the sender may address these recipients. For a group of persons, all scopes of all members must be within the scope of the
 * sender.
 */
function isWithinOwnScope({ table }: AnnounceOptions, at: { to: string; within: string }, persons: readonly Member[]): boolean {
  const { to, within } = at;
  const isIn = (scope: string) => liesWithin(table().pathsOf, within, scope);
  if (within === '' || isPlace(table(), to)) return isIn(to);
  return persons.length > 0 && persons.every(({ scopes }) => scopes.every(isIn));
}

function refusalOf(options: AnnounceOptions, at: { to: string; within: string }, persons: readonly Member[]): AnnounceRefusal | undefined {
  const { to, within } = at;
  if (persons.length > 0 && isWithinOwnScope(options, at, persons)) return undefined;
  if (to === '' && within !== '') return { ok: false, status: 403, line: `this account is for ${within} only` };
  const nobody = `nobody of ${within || 'the roster'} looks after ${to || 'anything'}, and no group of persons has that name`;
  return { ok: false, status: 404, line: nobody };
}

function rateLimitRefusal(before: readonly Announcement[], by: string, now: number): AnnounceRefusal | undefined {
  const lately = before.filter(({ at }) => at <= now && now - at < hourMs);
  const own = lately.filter((one) => one.by === by);
  const [most, list] = own.length >= hourlyLimits.ofOne ? [hourlyLimits.ofOne, own] : [hourlyLimits.ofAll, lately];
  const oldest = list[most - 1];
  if (list.length < most || oldest === undefined) return undefined;
  const who = list === own ? by : 'All together';
  const next = new Date(oldest.at + hourMs).toISOString().slice(11, 16);
  return {
    ok: false,
    status: 429,
    line: `${who} sent ${most} notices within an hour: what comes too often is not read. The next can go at ${next} UTC`,
  };
}

function viewOf({ announcement, sent, read }: AnnouncementState, book: Book): AnnouncementView {
  const readAt = new Map(read.map(({ person, at }) => [person, at]));
  const messages = Map.groupBy(sent, ({ person }) => person);
  const persons = announcement.persons.map((id) => {
    const name = book.byId.get(id)?.name ?? id;
    return { id, name, ...stateOf(messages.get(id) ?? []), readAt: readAt.get(id) ?? null };
  });
  return { ...announcement, persons };
}

/**
 * Returns the state of an announcement for one person. One delivery on any channel is enough, whatever the results on other channels. A
 * delivery on the console does not count.
 */
function stateOf(messages: AnnouncementState['sent']): Pick<AnnouncementView['persons'][number], 'channel' | 'state' | 'reason'> {
  const arrived = messages.find(({ state, channel }) => state === 'delivered' && channel !== lastChannel);
  if (arrived !== undefined) return { channel: arrived.channel, state: 'delivered', reason: null };
  const waits = messages.find(({ state }) => state === 'waiting');
  if (waits !== undefined) return { channel: waits.channel, state: 'waiting', reason: waits.reason };
  const refused = messages.findLast(({ channel }) => channel !== lastChannel);
  return { channel: refused?.channel ?? null, state: messages.length === 0 ? 'waiting' : 'unreached', reason: refused?.reason ?? null };
}
