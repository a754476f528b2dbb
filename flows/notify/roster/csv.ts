/** The one CSV of the roster: read with everything that is wrong in it, and written so that it reads back the same. */
import { type CsvProblem, groupOfScope, oneLine, pathOfScope } from '@sabha/contracts';
import type { Member } from '../../engine/records/roster.ts';
import type { SiteTable } from '../../engine/records/sites.ts';
import { csvText, readRow, sheetLines, sortedProblems, type Wrong as WrongCell } from '../../sites/sheet.ts';
import { reservedWord } from './book.ts';
import { type Column, columns, fileCellsOf, furtherColumns, memberOf, type Row, rowSchema } from './columns.ts';

const linesLimit = 20_000;

/** What a file is read against. */
export type RosterSight = {
  table: Pick<SiteTable, 'node' | 'resolve' | 'pathsOf' | 'groupsOf'>;
  /** Who is known beside the file, by id. */
  others: ReadonlyMap<string, Member>;
  /** Whether a channel reaches somebody; undefined where there is no such channel. */
  reaches(channel: string, member: Member): boolean | undefined;
  /** The channels that there are. */
  channels: readonly string[];
};

/** A person with the number of its line. */
export type ReadMember = { line: number; member: Member };
type Wrong = WrongCell<Column>;

/** Guarantee: every faulty line is named by its number in the file, and where one problem is found nobody is answered. */
export function readRoster(text: string, sight: RosterSight): { members: ReadMember[]; problems: CsvProblem[] } {
  const { lines, problems } = sheetLines<Column>(text, {
    columns,
    later: furtherColumns,
    limitLines: linesLimit,
  });
  const first = new Map<string, number>();
  const members: ReadMember[] = [];
  const zones = new Map<string, string>();
  const zoneOf = (scope: string) =>
    zones.getOrInsertComputed(scope, () => sight.table.resolve(sight.table.pathsOf(scope)[0] ?? '').timeZone);
  const told = (line: number, wrong: readonly Wrong[]) => problems.push(...wrong.map(([column, what]) => ({ line, column, what })));
  for (const { line, cells } of lines) {
    const { row, wrong } = readRow(cells, rowSchema);
    const nowhere = row === undefined ? [] : misplaced(row, sight);
    const before = first.get(cells.id);
    if (before !== undefined) wrong.push(['id', `stands twice: line ${before} is the same person`]);
    first.set(cells.id, before ?? line);
    told(line, [...wrong, ...nowhere]);
    if (row !== undefined) members.push({ line, member: memberOf(row, zoneOf(nowhere.length > 0 ? '' : (row.scopes[0] ?? ''))) });
  }
  const names = namesIn(members, first, sight);
  for (const { line, member } of members) told(line, [...unreached(member, sight), ...misnamed(member, { ...names, ids: first, sight })]);
  return { members: problems.length > 0 ? [] : members, problems: sortedProblems(problems) };
}

/** The roster as a file. */
export function rosterCsv(members: readonly Member[]): string {
  return csvText(columns, members.map(fileCellsOf));
}

/** Places that are nowhere: nobody would ever be told. */
function misplaced({ scopes, roles }: Row, { table }: RosterSight): Wrong[] {
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

/** Each channel is there, and has what it needs to reach the person. */
function unreached(member: Member, { reaches, channels }: RosterSight): Wrong[] {
  return member.channels.flatMap((channel): Wrong[] => {
    const isReached = reaches(channel, member);
    if (isReached === undefined) return [['channels', `there is no channel "${channel}" here; there are ${channels.join(', ')}`]];
    return isReached ? [] : [['channels', `"${channel}" has no address of this person`]];
  });
}

type Names = { ids: { has(id: string): boolean }; groups: ReadonlySet<string>; sight: RosterSight };

/** A tab names roles, groups and persons by one word. */
function misnamed({ id, groups, deputy }: Member, names: Names): Wrong[] {
  const isPerson = (word: string) => names.ids.has(word) || names.sight.others.has(word);
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
function namesIn(members: readonly ReadMember[], ids: Names['ids'], { others }: RosterSight): Pick<Names, 'groups'> {
  const beside = [...others.values()].filter(({ id }) => !ids.has(id));
  return { groups: new Set([...members.map(({ member }) => member), ...beside].flatMap(({ groups }) => groups)) };
}
