/** Operational notices: to whom of the roster one goes, and what became of it: who got it, who read it, who did not. */
import { type AnnouncementSummary, type AnnouncementView, groupOfScope, mutex, type Words } from '@sabha/contracts';
import { type Announcement, type AnnouncementState, announcementPrefix, type OutboxRow } from '../../engine/records/notices.ts';
import type { Ledger, Op } from '../../engine/records/ops.ts';
import type { Member, SiteTable } from '../../engine/records/sites.ts';
import { liesWithin } from '../../sites/table.ts';
import { lastChannel } from '../people/channels/channels.ts';
import { type ProveOptions, wordTo } from '../people/direct/direct.ts';
import type { Roster } from '../people/roster.ts';
import type { Book } from '../roster/book.ts';

/** What notices are made from, and where they go. */
export type AnnounceOptions = Omit<ProveOptions, 'heard'> & {
  roster: Pick<Roster, 'book'>;
  table(): Pick<SiteTable, 'node' | 'pathsOf'>;
  ledger: Pick<Ledger, 'announcements' | 'announcement'>;
  /** Writes the rows; false where the ledger takes nothing now. */
  record(ops: readonly Op[]): Promise<boolean>;
  now(): number;
};

/** What somebody wants to say. `to`: a scope, a group of sites, or a group of persons; `within`: the scope of whoever says it. Without `apply` nothing is sent. */
export type AnnounceOrder = { to: string; text: string; apply: boolean; by: string; within: string };

/** What became of it. */
export type Announced = { ok: true; value: AnnouncementView } | { ok: false; status: 403 | 404 | 429; line: string };

/** What comes too often is not read: so many notices an hour of one person, and of all. */
const anHour = { ofOne: 3, ofAll: 10 };
const hourMs = 3_600_000;

/** The notices of a centre. */
export type Announcements = ReturnType<typeof createAnnouncements>;

/** Guarantee: a notice and all of its messages are one commit; nobody is told of outside the scope of who sends it. */
export function createAnnouncements(options: AnnounceOptions) {
  const { ledger } = options;
  const { book } = options.roster;
  const inTurn = mutex();
  const own = (within: string, { to, persons }: Announcement) => {
    const members = persons.flatMap((id) => book().byId.get(id) ?? []);
    return isOwn(options, { to, within }, members);
  };
  return {
    send: (order: AnnounceOrder): Promise<Announced> => inTurn(() => send(options, order)),
    /** The newest, as far as they went to a scope, without their persons. */
    async list(within: string): Promise<AnnouncementSummary[]> {
      const all = (await ledger.announcements()).filter((one) => own(within, one));
      return all.map(({ persons, ...rest }) => ({ ...rest, count: persons.length }));
    },
    /** One with its persons; undefined where there is none that went to the scope. */
    async one(id: number, within: string): Promise<AnnouncementView | undefined> {
      const found = await ledger.announcement(id);
      return found && own(within, found.announcement) ? viewOf(found, book()) : undefined;
    },
    /** What a person was sent; undefined where it is not kept, or went to others. */
    async show(id: number, person: string): Promise<Announcement | undefined> {
      const found = await ledger.announcement(id);
      return found?.announcement.persons.includes(person) ? found.announcement : undefined;
    },
    /** The person has read it. */
    async read(id: number, person: string): Promise<void> {
      const { record, now } = options;
      if (!(await record([{ op: 'announcement-read', id, person, at: now() }]))) throw new Error('the ledger did not take it');
    },
  };
}

async function send(options: AnnounceOptions, { to, text, apply, by, within }: AnnounceOrder): Promise<Announced> {
  const { ledger, record, now } = options;
  const { book } = options.roster;
  const persons = audienceOf(options, to);
  const before = await ledger.announcements();
  const refusal = refusalOf(options, { to, within }, persons) ?? tooOften(before, by, now());
  if (refusal !== undefined) return refusal;
  const id = (before[0]?.id ?? 0) + 1;
  const announcement: Announcement = { id, at: now(), by, to, text, persons: persons.map((one) => one.id) };
  if (!apply) return { ok: true, value: { ...viewOf({ announcement, sent: [], read: [] }, book()), id: null } };
  const name = to === '' ? undefined : (options.table().node(to)?.name ?? { en: to, hi: to });
  const rows = announcement.persons.map((person) => rowOf(wordTo(options, person, ['announcement']), announcement, name));
  const about = `${id} to ${to || 'everywhere'}: ${persons.length} persons`;
  const audit = { op: 'audit', at: now(), who: by, what: 'notice sent', about } as const;
  const isKept = await record([{ op: 'announcement', announcement }, ...rows.map((row) => ({ op: 'outbox', row }) as const), audit]);
  if (!isKept) throw new Error('the ledger did not take the notice');
  const sent = rows.map(({ person, channel, state }) => ({ person, channel, state, reason: null }));
  return { ok: true, value: viewOf({ announcement, sent, read: [] }, book()) };
}

/** Its place is the part of the tree to which it goes. */
function rowOf(row: OutboxRow, { id, by, text }: Announcement, site: Words = row.notice.site): OutboxRow {
  const notice = { ...row.notice, site, room: { en: '', hi: '' }, announcement: { id, by, text } };
  return { ...row, key: `${announcementPrefix(id)}${row.person}`, notice };
}

/** Whoever looks after something in a part of the tree or a group of sites, on duty or not; else the persons of a group. */
function audienceOf({ roster, table }: AnnounceOptions, to: string): readonly Member[] {
  const { members } = roster.book();
  if (!isPlace(table(), to)) return members.filter(({ groups }) => groups.includes(to));
  return members.filter(({ scopes }) => scopes.some((own) => liesWithin(table().pathsOf, to, own)));
}

function isPlace(table: Pick<SiteTable, 'node'>, to: string): boolean {
  return to === '' || groupOfScope(to) !== undefined || table.node(to) !== undefined;
}

type Refusal = Extract<Announced, { ok: false }>;

/** A group of persons is somebody's own where all that its persons look after is. */
function isOwn({ table }: AnnounceOptions, at: { to: string; within: string }, persons: readonly Member[]): boolean {
  const { to, within } = at;
  const isIn = (scope: string) => liesWithin(table().pathsOf, within, scope);
  if (within === '' || isPlace(table(), to)) return isIn(to);
  return persons.length > 0 && persons.every(({ scopes }) => scopes.every(isIn));
}

function refusalOf(options: AnnounceOptions, at: { to: string; within: string }, persons: readonly Member[]): Refusal | undefined {
  const { to, within } = at;
  if (persons.length > 0 && isOwn(options, at, persons)) return undefined;
  if (to === '' && within !== '') return { ok: false, status: 403, line: `this account is for ${within} only` };
  const nobody = `nobody of ${within || 'the roster'} looks after ${to || 'anything'}, and no group of persons is called so`;
  return { ok: false, status: 404, line: nobody };
}

function tooOften(before: readonly Announcement[], by: string, now: number): Refusal | undefined {
  const lately = before.filter(({ at }) => at <= now && now - at < hourMs);
  const own = lately.filter((one) => one.by === by);
  const [most, list] = own.length >= anHour.ofOne ? [anHour.ofOne, own] : [anHour.ofAll, lately];
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

/** One that arrived counts, whatever became of others; what only the desk saw did not arrive. */
function stateOf(messages: AnnouncementState['sent']): Pick<AnnouncementView['persons'][number], 'channel' | 'state' | 'reason'> {
  const arrived = messages.find(({ state, channel }) => state === 'delivered' && channel !== lastChannel);
  if (arrived !== undefined) return { channel: arrived.channel, state: 'delivered', reason: null };
  const waits = messages.find(({ state }) => state === 'waiting');
  if (waits !== undefined) return { channel: waits.channel, state: 'waiting', reason: waits.reason };
  const refused = messages.findLast(({ channel }) => channel !== lastChannel);
  return { channel: refused?.channel ?? null, state: messages.length === 0 ? 'waiting' : 'unreached', reason: refused?.reason ?? null };
}
