/** The roster as a CSV file: its columns, export and import. An import is all or nothing, and shows the difference first. */
import { groupOfScope, isId, isRole, messageLanguages, oneLine, pathOfScope, type Role, type RosterImport, roles } from '@sabha/contracts';
import * as v from 'valibot';
import type { Leave, Member, SiteTable } from '../../engine/records/sites.ts';
import { cell } from '../../sites/columns.ts';
import { dutyOf, dutyWanted, hoursText } from '../../sites/hours.ts';
import { csvText, readRow, sheetLines, sortedProblems, type CellProblem as WrongCell } from '../../sites/sheet.ts';
import type { Channels } from '../people/channels/channels.ts';
import { dialledNumber, reservedWord, sharedNumbers } from './book.ts';

/** File and current state. `replace`: removes persons who are not in the file. `fixed`: the persons of the settings. */
export type RosterPlan = {
  csv: string;
  replace: boolean;
  held: ReadonlyMap<string, Member>;
  fixed: ReadonlyMap<string, Member>;
  table: Pick<SiteTable, 'node' | 'resolve' | 'pathsOf' | 'groupsOf'>;
  channels: Channels;
};
/** Change of the stored roster: persons to write, and ids of persons to remove. */
export type RosterChange = { put: Member[]; gone: string[] };

/**
 * Computes the changes of a file. `change` is null if there is a problem or no difference.
 * Guarantee: with one problem anywhere, nothing of the file is imported.
 */
export function planRoster(plan: RosterPlan): { import: RosterImport; change: RosterChange | null } {
  const { held, fixed, replace } = plan;
  const others = new Map([...fixed, ...(replace ? [] : held)]);
  const { members, problems } = readRoster({ ...plan, others });
  const difference: RosterImport['difference'] = { added: [], changed: [], removed: [], same: 0, missing: [] };
  if (problems.length > 0) return { import: { problems, notes: [], difference, applied: false }, change: null };
  const put = members.map(({ member }) => withOwn(member, held.get(member.id))).filter((one) => differs(one, held.get(one.id), difference));
  const inFile = new Set(members.map(({ member }) => member.id));
  const absent = [...held.keys()].filter((id) => !inFile.has(id));
  difference[replace ? 'removed' : 'missing'] = absent;
  const gone = replace ? absent : [];
  return {
    import: { problems, notes: notesOf(members, { ...plan, others }), difference, applied: false },
    change: put.length + gone.length > 0 ? { put, gone } : null,
  };
}

/** Keeps the takeover of a shift when a person is imported, because a file has no column for it. */
function withOwn(member: Member, { relief }: Partial<Member> = {}): Member {
  return { ...member, ...(relief && { relief }) };
}

function differs(member: Member, before: Member | undefined, difference: RosterImport['difference']): boolean {
  if (before === undefined) {
    difference.added.push(member.id);
    return true;
  }
  const [was, is] = [cellsOf(before), cellsOf(member)];
  const changed = columns.filter((column) => was[column] !== is[column]);
  for (const column of changed) difference.changed.push({ person: member.id, column, from: was[column], to: is[column] });
  if (changed.length === 0) difference.same += 1;
  return changed.length > 0;
}

function notesOf(members: readonly ReadMember[], { others, fixed }: ReadRoster): RosterImport['notes'] {
  const byId = new Map([...others, ...members.map(({ member }) => [member.id, member] as const)]);
  // A shared number is noted once, at the line of the last person with it in the file.
  const inFile = new Set(members.map(({ member }) => member.id));
  const shared = Map.groupBy(sharedNumbers([...byId.values()]), (ids) => ids.findLast((id) => inFile.has(id)));
  return members.flatMap(({ line, member }) => {
    const { id, leave, deputy } = member;
    const note = (column: string, what: string) => ({ line, column, what });
    return [
      ...(fixed.has(id) ? [note('id', `${id} is in sabha.json too: the roster counts`)] : []),
      ...(member.email === undefined && Object.keys(member.addresses).length === 0 && !member.webhook
        ? [note('channels', `${id} has no address: alerts are in the log of the server, and the deputy or central is notified`)]
        : []),
      ...(shared.get(id) ?? []).map((ids) =>
        note('phone', `${listed(ids)} have the same number: the caller is unknown, so a missed call acknowledges nothing`),
      ),
      ...(leave.length > 0 && deputy === null
        ? [note('deputy', `${id} has days off and no deputy: other people on duty are notified, or the state`)]
        : []),
    ];
  });
}

const idsShown = 6;

function listed(ids: readonly string[]): string {
  return ids.length <= idsShown ? ids.join(', ') : `${ids.slice(0, idsShown).join(', ')}, ... (${ids.length} persons)`;
}

const linesLimit = 20_000;

type ReadMember = { line: number; member: Member };
type WrongRosterCell = WrongCell<RosterColumn>;

/** Guarantee: every faulty line is reported with its number, and with one problem no person is returned. */
function readRoster(plan: ReadRoster): { members: ReadMember[]; problems: RosterImport['problems'] } {
  const { table } = plan;
  const { lines, problems } = sheetLines<RosterColumn>(plan.csv, {
    columns,
    later: columns.filter((column) => !['id', 'name', 'roles', 'scopes'].includes(column)),
    limitLines: linesLimit,
  });
  const first = new Map<string, number>();
  const members: ReadMember[] = [];
  const zones = new Map<string, string>();
  const zoneOf = (scope: string) => zones.getOrInsertComputed(scope, () => table.resolve(table.pathsOf(scope)[0] ?? '').timeZone);
  const noteProblems = (line: number, wrong: readonly WrongRosterCell[]) =>
    problems.push(...wrong.map(([column, what]) => ({ line, column, what })));
  for (const { line, cells } of lines) {
    const { row, wrong } = readRow(cells, rowSchema);
    const nowhere = row === undefined ? [] : misplaced(row, table);
    const before = first.get(cells.id);
    if (before !== undefined) wrong.push(['id', `appears twice: line ${before} is the same person`]);
    first.set(cells.id, before ?? line);
    noteProblems(line, [...wrong, ...nowhere]);
    if (row !== undefined) members.push({ line, member: memberOf(row, zoneOf(nowhere.length > 0 ? '' : (row.scopes[0] ?? ''))) });
  }
  const names = namesIn(members, first, plan);
  for (const { line, member } of members) noteProblems(line, [...wrongAddresses(member, plan.channels), ...misnamed(member, names)]);
  return { members: problems.length > 0 ? [] : members, problems: sortedProblems(problems) };
}

/** Exports the roster. The cells are protected against conversion to numbers or formulas in a spreadsheet. */
export function rosterCsv(members: readonly Member[]): string {
  const marked = (text: string) => text && textMark + text;
  const rows = members.map(cellsOf).map((cells) => {
    return { ...cells, phone: marked(cells.phone), telegram: marked(cells.telegram), whatsapp: marked(cells.whatsapp) };
  });
  return csvText(columns, rows);
}

/** Returns the unknown scopes of a row. A person with only unknown scopes would never be notified. */
function misplaced({ scopes, roles }: RosterRow, table: RosterPlan['table']): WrongRosterCell[] {
  const isThere = (scope: string) =>
    groupOfScope(scope) === undefined ? table.node(pathOfScope(scope)) !== undefined : table.pathsOf(scope).length > 0;
  const nowhere = scopes.filter((scope) => scope !== '' && !isThere(scope));
  const wrong = nowhere.map((scope): WrongRosterCell => {
    const group = groupOfScope(scope);
    return ['scopes', group === undefined ? `there is no state, site or PC ${oneLine(scope, 80)}` : `no site is in the group ${group}`];
  });
  if (roles.includes('central') && !scopes.includes('')) wrong.push(['scopes', 'a person with the role central needs the scope all']);
  return wrong;
}

/** Checks that each channel exists and reaches the person, or that the person may join it later. */
function wrongAddresses(member: Member, channels: Channels): WrongRosterCell[] {
  return member.channels.flatMap((channel): WrongRosterCell[] => {
    const open = channels.get(channel);
    if (open === undefined) return [['channels', `there is no channel "${channel}" here; there are ${[...channels.keys()].join(', ')}`]];
    return open.joined || open.reaches(member) ? [] : [['channels', `"${channel}" has no address of this person`]];
  });
}

/** `others`: known persons outside the file. */
type ReadRoster = RosterPlan & { others: ReadonlyMap<string, Member> };

/** Returns the cells with a name that is already used. Roles, groups and persons share one name space in the tabs. */
function misnamed({ id, groups, deputy }: Member, names: ReturnType<typeof namesIn>): WrongRosterCell[] {
  const { isPerson } = names;
  const reserved = reservedWord(id);
  const wrong: WrongRosterCell[] = reserved === undefined ? [] : [['id', reserved]];
  if (names.groups.has(id)) wrong.push(['id', `"${id}" is a group`]);
  const taken = groups.filter((group) => reservedWord(group) !== undefined || isPerson(group));
  wrong.push(...taken.map((group): WrongRosterCell => ['groups', `"${group}" is a role or a person`]));
  if (deputy === id) wrong.push(['deputy', 'a person cannot be their own deputy']);
  else if (deputy !== null && !isPerson(deputy)) wrong.push(['deputy', `there is no person "${deputy}" in this file or the roster`]);
  return wrong;
}

/** Names after the import: the old groups of a person in the file do not count. */
function namesIn(members: readonly ReadMember[], ids: ReadonlyMap<string, number>, { others }: ReadRoster) {
  const beside = [...others.values()].filter(({ id }) => !ids.has(id));
  const groups = new Set([...members.map(({ member }) => member), ...beside].flatMap((one) => one.groups));
  return { groups, isPerson: (word: string) => ids.has(word) || others.has(word) };
}

const { textSchema: that, cellSchema: read, isPlain, isTimeZone, mail, textMark } = cell;
/** Separator within a cell, as in the site table. */
const bar = '|';
const partsLimit = 50;
/** Value of `scopes` for everywhere. */
const everywhere = 'all';

const idWanted = 'lower-case letters, digits and "-", at most 32, and not "all"';
const plainWanted = 'at most 80 characters on one line, and no = + - @ as the first';
/** Matches the number of a Telegram chat. A bot cannot write to an @name. */
const chat = /^'?-?\d{4,20}$/;
/** WhatsApp user id: country code, dot and the business's id for the person. */
const scopedUser = /^[A-Z]{2}\.[A-Za-z0-9.]{4,128}$/;
const phone = read(dialledNumber, 'a phone number such as +91 98765 43210');
const path = /^[a-z0-9-]{1,32}(\/[a-z0-9-]{1,32}){0,2}$/;

/** Schema of a row without its empty cells. Its keys are all columns, which may come in any order. */
const rowSchema = v.object({
  id: that(isId, idWanted),
  name: that((text) => isPlain(text), plainWanted),
  roles: v.nonOptional(read(rolesOf, `roles of ${roles.join(', ')} with "${bar}" between`)),
  scopes: v.nonOptional(read(scopesOf, `paths such as bihar or bihar/patna, or group:NAME, with "${bar}" between, or ${everywhere}`)),
  groups: read((text) => partsOf(text, isId), `groups with "${bar}" between: ${idWanted}`),
  language: v.optional(v.picklist(messageLanguages)),
  channels: read((text) => partsOf(text, isId), `channels with "${bar}" between, the first one first`),
  phone,
  email: v.optional(mail),
  telegram: read(
    (text) => (chat.test(text) ? text.replace(textMark, '') : undefined),
    'a number of Telegram such as 4711004711; a @name cannot be written to',
  ),
  whatsapp: phone,
  whatsapp_user: v.optional(that((text) => scopedUser.test(text), 'a user id of WhatsApp such as IN.13491208655302741918')),
  addresses: read(addressesOf, `channel=address with "${bar}" between`),
  duty: read(dutyOf, dutyWanted),
  leave: read(leaveOf, 'days such as 2027-01-10..2027-01-20 (more with ";" between)'),
  deputy: v.optional(that(isId, `the id of a person: ${idWanted}`)),
  time_zone: v.optional(that(isTimeZone, 'a time zone such as Asia/Kolkata')),
});

type RosterRow = v.InferOutput<typeof rowSchema>;
type RosterColumn = keyof RosterRow;
type RosterCells = Record<RosterColumn, string>;
const columns = Object.keys(rowSchema.entries) as RosterColumn[];

/**
 * Builds the person of a row. `zone`: zone of the first scope, for a row without one. The order of the keys is fixed, since the ledger
 * compares JSON text.
 */
function memberOf(row: RosterRow, zone: string): Member {
  const { roles: own, scopes, email, phone: number, telegram, whatsapp, whatsapp_user: user } = row;
  return {
    id: row.id,
    name: row.name,
    role: own[0] ?? 'technician',
    scope: scopes[0] ?? '',
    groups: row.groups ?? [],
    language: row.language ?? 'en',
    channels: row.channels ?? [],
    ...(email !== undefined && { email }),
    webhook: row.channels?.includes('webhook') ?? false,
    // The phone number of a row is the address of SMS and of voice calls.
    addresses: {
      ...row.addresses,
      ...(number !== undefined && { phone: number, sms: number, voice: number }),
      ...(telegram !== undefined && { telegram }),
      ...(whatsapp !== undefined && { whatsapp }),
      ...(user !== undefined && { 'whatsapp-user': user }),
    },
    roles: own,
    scopes,
    duty: row.duty ?? null,
    zone: row.time_zone ?? zone,
    leave: row.leave ?? [],
    deputy: row.deputy ?? null,
  };
}

const ownColumns = new Set(['phone', 'sms', 'voice', 'telegram', 'whatsapp', 'whatsapp-user']);

export function cellsOf(member: Member): RosterCells {
  const { addresses } = member;
  const further = Object.entries(addresses).filter(([name]) => !ownColumns.has(name));
  return {
    id: member.id,
    name: member.name,
    roles: member.roles.join(bar),
    scopes: member.scopes.map((scope) => scope || everywhere).join(bar),
    groups: member.groups.join(bar),
    language: member.language,
    channels: member.channels.join(bar),
    phone: addresses['phone'] ?? '',
    email: member.email ?? '',
    telegram: addresses['telegram'] ?? '',
    whatsapp: addresses['whatsapp'] ?? '',
    whatsapp_user: addresses['whatsapp-user'] ?? '',
    addresses: further.map(([name, address]) => `${name}=${address}`).join(bar),
    duty: hoursText(member.duty ?? []),
    leave: member.leave.map(({ from, to }) => (from === to ? from : `${from}..${to}`)).join('; '),
    deputy: member.deputy ?? '',
    time_zone: member.zone,
  };
}

function partsOf(text: string, isPart = (_: string) => true): string[] | undefined {
  const parts = text.split(bar).map((part) => part.trim());
  return parts.length > partsLimit || new Set(parts).size !== parts.length || !parts.every(isPart) ? undefined : parts;
}

function rolesOf(text: string): Role[] | undefined {
  const parts = partsOf(text);
  return parts?.every(isRole) ? parts : undefined;
}

function scopesOf(text: string): string[] | undefined {
  const scopes = partsOf(text)?.map((part) => (part === everywhere ? '' : part));
  const isScope = (scope: string) => scope === '' || path.test(scope) || isId(groupOfScope(scope) ?? '');
  return scopes?.every(isScope) ? scopes : undefined;
}

function addressesOf(text: string): Record<string, string> | undefined {
  const pairs = partsOf(text)?.map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)] as const);
  const isPair = ([name, address]: readonly [string, string]) =>
    isId(name) && !ownColumns.has(name) && address !== '' && isPlain(address, 200);
  return pairs?.every(isPair) ? Object.fromEntries(pairs) : undefined;
}

/** Parses days off such as `2027-01-10..2027-01-20; 2027-03-01`; undefined if invalid. */
export function leaveOf(text: string): Leave[] | undefined {
  const parts = text.split(';').map((part) => {
    const [from = '', to = from, ...rest] = part.split('..').map((day) => day.trim());
    return rest.length === 0 && isDay(from) && isDay(to) && from <= to ? { from, to } : undefined;
  });
  const known = parts.filter((one) => one !== undefined);
  return known.length === parts.length && known.length <= partsLimit ? known : undefined;
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const at = Date.parse(`${text}T00:00:00Z`);
  return Number.isFinite(at) && new Date(at).toISOString().startsWith(text);
}
