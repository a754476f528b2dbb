/** An import of the roster: all or nothing, with the difference shown first. */
import type { CsvProblem, RosterImport } from '@sabha/contracts';
import type { Member } from '../../engine/records/roster.ts';
import { cellsOf, columns } from './columns.ts';
import { type ReadMember, type RosterSight, readRoster } from './csv.ts';
import { sharedNumbers } from './reach.ts';

/** What is imported, and onto what. `replace`: who does not stand in the file is no more. */
export type RosterPlan = Omit<RosterSight, 'others'> & {
  csv: string;
  replace: boolean;
  held: ReadonlyMap<string, Member>;
  /** The persons of the settings. */
  fixed: ReadonlyMap<string, Member>;
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
  const { members, problems } = readRoster(plan.csv, { ...plan, others });
  const difference: RosterImport['difference'] = { added: [], changed: [], removed: [], same: 0, missing: [] };
  if (problems.length > 0) return { import: { problems, notes: [], difference, applied: false }, change: null };
  const put = members.map(({ member }) => withOwn(member, held.get(member.id))).filter((one) => differs(one, held.get(one.id), difference));
  const inFile = new Set(members.map(({ member }) => member.id));
  const absent = [...held.keys()].filter((id) => !inFile.has(id));
  difference[replace ? 'removed' : 'missing'] = absent;
  const gone = replace ? absent : [];
  return {
    import: { problems, notes: notesOf(members, { others, fixed }), difference, applied: false },
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

type Known = { others: ReadonlyMap<string, Member>; fixed: ReadonlyMap<string, Member> };

/** What may stand, and somebody should know of. */
function notesOf(members: readonly ReadMember[], { others, fixed }: Known): CsvProblem[] {
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
