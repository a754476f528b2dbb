/** An import of the roster: all or nothing, with the difference shown first. */
import { type CsvProblem, groupOfScope, oneLine, pathOfScope, type RosterImport } from '@sabha/contracts';
import type { Member, SiteTable } from '../../engine/records/sites.ts';
import { csvText, readRow, sheetLines, sortedProblems, type Wrong as WrongCell } from '../../sites/sheet.ts';
import type { Channels } from '../people/channels/channels.ts';
import { reservedWord, sharedNumbers } from './book.ts';
import { type Column, cellsOf, columns, fileCellsOf, furtherColumns, memberOf, type Row, rowSchema } from './columns.ts';

/** What is imported, and onto what. `replace`: who does not stand in the file is no more; `fixed`: the persons of the settings. */
export type RosterPlan = {
  csv: string;
  replace: boolean;
  held: ReadonlyMap<string, Member>;
  fixed: ReadonlyMap<string, Member>;
  table: Pick<SiteTable, 'node' | 'resolve' | 'pathsOf' | 'groupsOf'>;
  channels: Channels;
};
/** The persons that are put and those that go. */
export type RosterChange = { put: Member[]; gone: string[] };

/**
 * What a file would change. `change` is null where there is a problem or nothing differs.
 * Guarantee: one problem anywhere, and nothing of the file is taken.
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

/** A file does not name a shift that somebody else has taken over: it stays. */
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

/** What may stand, and somebody should know of. */
function notesOf(members: readonly ReadMember[], { others, fixed }: Read): CsvProblem[] {
  const byId = new Map([...others, ...members.map(({ member }) => [member.id, member] as const)]);
  // Once for each number, with the last of its persons in the file.
  const inFile = new Set(members.map(({ member }) => member.id));
  const shared = Map.groupBy(sharedNumbers([...byId.values()]), (ids) => ids.findLast((id) => inFile.has(id)));
  return members.flatMap(({ line, member }) => {
    const { id, leave, deputy } = member;
    const note = (column: string, what: string): CsvProblem => ({ line, column, what });
    return [
      ...(fixed.has(id) ? [note('id', `${id} stands in sabha.json too: the roster counts`)] : []),
      ...(member.email === undefined && Object.keys(member.addresses).length === 0 && !member.webhook
        ? [note('channels', `${id} has no address: an alert stands in the log of the centre, and the deputy or central is told`)]
        : []),
      ...(shared.get(id) ?? []).map((ids) =>
        note('phone', `${listed(ids)} have one number: nobody knows who of them calls, so a missed call takes nothing`),
      ),
      ...(leave.length > 0 && deputy === null
        ? [note('deputy', `${id} has days off and no deputy: whoever else is on duty is told, or the state`)]
        : []),
    ];
  });
}

const idsShown = 6;

function listed(ids: readonly string[]): string {
  return ids.length <= idsShown ? ids.join(', ') : `${ids.slice(0, idsShown).join(', ')}, ... (${ids.length} persons)`;
}

const linesLimit = 20_000;

/** A person with the number of its line. */
type ReadMember = { line: number; member: Member };
type Wrong = WrongCell<Column>;

/** Guarantee: every faulty line is named by its number in the file, and where one problem is found nobody is answered. */
function readRoster(plan: Read): { members: ReadMember[]; problems: CsvProblem[] } {
  const { table } = plan;
  const { lines, problems } = sheetLines<Column>(plan.csv, {
    columns,
    later: furtherColumns,
    limitLines: linesLimit,
  });
  const first = new Map<string, number>();
  const members: ReadMember[] = [];
  const zones = new Map<string, string>();
  const zoneOf = (scope: string) => zones.getOrInsertComputed(scope, () => table.resolve(table.pathsOf(scope)[0] ?? '').timeZone);
  const told = (line: number, wrong: readonly Wrong[]) => problems.push(...wrong.map(([column, what]) => ({ line, column, what })));
  for (const { line, cells } of lines) {
    const { row, wrong } = readRow(cells, rowSchema);
    const nowhere = row === undefined ? [] : misplaced(row, table);
    const before = first.get(cells.id);
    if (before !== undefined) wrong.push(['id', `stands twice: line ${before} is the same person`]);
    first.set(cells.id, before ?? line);
    told(line, [...wrong, ...nowhere]);
    if (row !== undefined) members.push({ line, member: memberOf(row, zoneOf(nowhere.length > 0 ? '' : (row.scopes[0] ?? ''))) });
  }
  const names = namesIn(members, first, plan);
  for (const { line, member } of members) told(line, [...unreached(member, plan.channels), ...misnamed(member, names)]);
  return { members: problems.length > 0 ? [] : members, problems: sortedProblems(problems) };
}

/** The roster as a file. */
export function rosterCsv(members: readonly Member[]): string {
  return csvText(columns, members.map(fileCellsOf));
}

/** Places that are nowhere: nobody would ever be told. */
function misplaced({ scopes, roles }: Row, table: RosterPlan['table']): Wrong[] {
  const isThere = (scope: string) =>
    groupOfScope(scope) === undefined ? table.node(pathOfScope(scope)) !== undefined : table.pathsOf(scope).length > 0;
  const nowhere = scopes.filter((scope) => scope !== '' && !isThere(scope));
  const wrong = nowhere.map((scope): Wrong => {
    const group = groupOfScope(scope);
    return ['scopes', group === undefined ? `there is no state, site or PC ${oneLine(scope, 80)}` : `no site is in the group ${group}`];
  });
  if (roles.includes('central') && !scopes.includes('')) wrong.push(['scopes', 'who is central looks after all']);
  return wrong;
}

/** Each channel is there, and has what it needs to reach the person, who may join some later. */
function unreached(member: Member, channels: Channels): Wrong[] {
  return member.channels.flatMap((channel): Wrong[] => {
    const open = channels.get(channel);
    if (open === undefined) return [['channels', `there is no channel "${channel}" here; there are ${[...channels.keys()].join(', ')}`]];
    return open.joined || open.reaches(member) ? [] : [['channels', `"${channel}" has no address of this person`]];
  });
}

/** `others`: who is known beside the file. */
type Read = RosterPlan & { others: ReadonlyMap<string, Member> };

/** A tab names roles, groups and persons by one word. */
function misnamed({ id, groups, deputy }: Member, names: ReturnType<typeof namesIn>): Wrong[] {
  const { isPerson } = names;
  const reserved = reservedWord(id);
  const wrong: Wrong[] = reserved === undefined ? [] : [['id', reserved]];
  if (names.groups.has(id)) wrong.push(['id', `"${id}" is a group`]);
  const taken = groups.filter((group) => reservedWord(group) !== undefined || isPerson(group));
  wrong.push(...taken.map((group): Wrong => ['groups', `"${group}" is a role or a person`]));
  if (deputy === id) wrong.push(['deputy', 'nobody is their own deputy']);
  else if (deputy !== null && !isPerson(deputy)) wrong.push(['deputy', `there is no person "${deputy}" in this file or the roster`]);
  return wrong;
}

/** Of who stands in the file the groups of before are over. */
function namesIn(members: readonly ReadMember[], ids: ReadonlyMap<string, number>, { others }: Read) {
  const beside = [...others.values()].filter(({ id }) => !ids.has(id));
  const groups = new Set([...members.map(({ member }) => member), ...beside].flatMap((one) => one.groups));
  return { groups, isPerson: (word: string) => ids.has(word) || others.has(word) };
}
