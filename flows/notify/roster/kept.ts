/** The persons of the ledger as they are now, and the one way to change them: written first, in use then. */
import { isRole, type Person } from '@sabha/contracts';
import type { Outcome } from '../../engine/records/notices.ts';
import type { Audit, Op } from '../../engine/records/ops.ts';
import type { Member, Proof } from '../../engine/records/roster.ts';
import type { SiteTable } from '../../engine/records/sites.ts';
import { type Book, createBook } from './book.ts';
import type { ToldPlace } from './check.ts';
import type { RosterChange } from './import.ts';
import type { Often } from './often.ts';
import type { OpenChannels } from './reach.ts';

/** The present roster, and how a change of it is applied. */
export type RosterOrdersOptions = {
  /** All persons who may be told, as they are looked up, and how others come into use. */
  roster: { book(): Book; use(members: readonly Member[]): void; central(now: number): Pick<Person, 'id' | 'name'>[] };
  /** Those of the ledger. */
  held: readonly Member[];
  proofs: readonly Proof[];
  /** Those of the settings, as they are looked up. */
  fixed: readonly Member[];
  table(): Pick<SiteTable, 'node' | 'resolve' | 'pathsOf' | 'groupsOf'>;
  channels: OpenChannels;
  /** The words by which the tabs tell somebody. */
  onTabs(): readonly string[];
  /** Sends one message to one person, and says what became of it. */
  prove(person: string, channel: string): Promise<Outcome>;
  /** A word of the centre's own to one person, as it goes into the outbox. */
  word(person: string, lines: string[]): Op;
  /** What the tabs that run tell of each site of a part of the tree, by their words; undefined where no tabs run. */
  tells(scope: string): Promise<ToldPlace[] | undefined>;
  /** Lets others go on. */
  pause(): Promise<void>;
  /** Writes the rows; false where the ledger takes nothing now. */
  record(ops: readonly Op[]): Promise<boolean>;
  now(): number;
};

/** Why an order on one person is not carried out; `missing` = there is none of that name, `often` = not so soon again. */
export type RefusedOrder = { ok: false; missing: boolean; often?: true; line: string };
/** What became of an order on one person. */
export type PersonOrder = { ok: true } | RefusedOrder;

/** The persons of the ledger as they are now, and the way to change them. */
export type Kept = {
  options: RosterOrdersOptions;
  fixed: ReadonlyMap<string, Member>;
  held: ReadonlyMap<string, Member>;
  proofs: Map<string, number>;
  /** Each tells somebody. */
  often: { tests: Often; takes: Often };
};

/** A change of one person. */
export type Edit = { audit: Audit; to(member: Member): RosterChange };

/** Changes one person of the ledger. */
export async function edit(kept: Kept, id: string, { audit, to }: Edit): Promise<PersonOrder> {
  const member = kept.held.get(id);
  if (member === undefined) return notHeld(id, kept.fixed.has(id));
  const plan = to(member);
  const [word] = lostWords(kept, plan);
  if (word !== undefined) return { ok: false, missing: false, line: onTabsLine(word) };
  await change(kept, plan, { audit });
  return { ok: true };
}

/** Written first, in use then. */
export async function change(
  kept: Kept,
  plan: RosterChange,
  { audit, words = [] }: { audit: Audit; words?: readonly Op[] },
): Promise<void> {
  const { record, now, roster } = kept.options;
  const rows: Op[] = [
    ...plan.gone.map((id) => ({ op: 'member-gone', id }) as const),
    ...plan.put.map((member) => ({ op: 'member', member }) as const),
  ];
  if (!(await record([...rows, ...words, { op: 'audit', at: now(), ...audit }]))) throw new Error('the ledger did not take the roster');
  kept.held = changed(kept.held, plan);
  const gone = new Set(plan.gone);
  for (const key of kept.proofs.keys()) if (gone.has(key.slice(0, key.indexOf('/')))) kept.proofs.delete(key);
  roster.use([...kept.held.values()]);
}

function changed(held: ReadonlyMap<string, Member>, { put, gone }: RosterChange): Map<string, Member> {
  const next = new Map(held);
  for (const id of gone) next.delete(id);
  for (const member of put) next.set(member.id, member);
  return next;
}

/** Words of the tabs that meant somebody, and would mean nobody: then the tabs themselves would be refused. */
export function lostWords({ options: { roster, onTabs, table }, fixed, held }: Kept, plan: RosterChange): string[] {
  const before = roster.book();
  const after = createBook([...new Map([...fixed, ...changed(held, plan)]).values()], (path) => table().groupsOf(path));
  const isLost = (word: string) => !isRole(word) && before.meant(word, '') !== undefined && after.meant(word, '') === undefined;
  return [...new Set(onTabs().filter(isLost))];
}

/** Why that cannot be. */
export function onTabsLine(word: string): string {
  return `"${word}" would be nobody any more, and a tab tells "${word}": take the name off that tab first`;
}

/** Why a person is not there to be changed. */
export function notHeld(id: string, isFixed: boolean): RefusedOrder {
  return {
    ok: false,
    missing: !isFixed,
    line: isFixed ? `${id} stands in sabha.json: change it there` : 'there is no such person in the roster',
  };
}
