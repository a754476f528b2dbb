/** All that stands of a person is handed to whoever asks, or taken out: their rows, and the roster. */
import { isId, type PersonExport, type PersonForgotten } from '@sabha/contracts';
import { type Ledger, type Op, olderKey } from '../../engine/records/ops.ts';
import type { PersonRow, PersonWords } from '../../engine/records/sites.ts';
import { type Done, type RosterOrders, type RosterOrdersOptions, refused } from './roster-orders.ts';

/** What this works on. */
export type ForgetOptions = Pick<RosterOrdersOptions, 'record' | 'now'> & {
  roster: Pick<RosterOrders, 'known' | 'forget'>;
  ledger: Pick<Ledger, 'person' | 'forget'>;
  /** Does it while nothing of the ledger is in memory. */
  apart<T>(work: () => Promise<T>): Promise<T>;
  /** By when the last backup of now is gone. */
  backupsUntil(): number;
  /** Some letters and digits that say nothing. */
  randomId(): string;
};

/** Whom: an id or a name, and other words by which they stand somewhere. Without `apply` it is only counted. */
export type PersonAsked = { name: string; also: readonly string[]; by: string };

/** The orders about all that stands of one person. */
export type PeopleOrders = ReturnType<typeof createPeopleOrders>;

/** Guarantee: who stands in a table or a file of the organisation's own is refused, and nothing has changed then. */
export function createPeopleOrders(options: ForgetOptions) {
  const { roster, ledger, apart, record, now, backupsUntil } = options;
  return {
    async export(asked: PersonAsked): Promise<PersonExport> {
      const words = wordsOf(options, asked);
      const rows = await ledger.person(words);
      const row: Op = { op: 'audit', at: now(), who: asked.by, what: 'person exported', about: asked.name };
      if (!(await record([row]))) throw new Error('the ledger did not take it');
      return { name: asked.name, words: [...words.ids, ...words.texts], rows };
    },
    async forget({ apply, ...asked }: PersonAsked & { apply: boolean }): Promise<Done<PersonForgotten>> {
      const words = wordsOf(options, asked);
      const rows = await ledger.person(words);
      const line = refusalOf(options, asked.name, rows);
      if (line !== undefined) return refused(line);
      const audit = rows.filter(({ table }) => table === 'audit').length;
      if (!apply) return { ok: true, value: { audit, elsewhere: rows.length - audit, applied: false, backupsUntil: null } };
      const known = roster.known(asked.name);
      const removed = known === undefined ? undefined : await roster.forget(known.member.id, asked.by);
      if (removed?.ok === false) return removed;
      const done = await apart(() => ledger.forget({ words, by: asked.by, at: now() }));
      return { ok: true, value: { ...done, applied: true, backupsUntil: backupsUntil() } };
    },
  };
}

/** Others hold these in memory, or read them from a file: they are changed there. */
function refusalOf({ roster, now }: ForgetOptions, name: string, rows: readonly PersonRow[]): string | undefined {
  const known = roster.known(name);
  if (known?.isFixed === true) return `${known.member.id} stands in sabha.json: take them out there and start the centre anew`;
  const [node] = rows.filter(({ table }) => table === 'nodes');
  if (node !== undefined)
    return `the site table names this person at ${String(node.row['path']) || 'the top'}: import it with somebody else there first`;
  if (rows.some((one) => isTold(one, now())))
    return 'for a day after a ledger went back the centre tells what this person did last: forget them then';
  const account = rows.find(({ table }) => table === 'accounts' || table === 'logins');
  if (account === undefined) return undefined;
  const verb = account.row['token'] === undefined ? 'accounts remove' : 'tokens revoke';
  return `there is an account of this person: sabha ${verb} ${String(account.row['name'] ?? account.row['account'])} first`;
}

/** What is told of acts that are gone is in the memory of more than one. */
function isTold({ table, row: { key, value } }: PersonRow, now: number): boolean {
  const until = typeof value === 'object' && value !== null && 'until' in value ? Number(value.until) : 0;
  return table === 'meta' && key === olderKey && until > now;
}

/** One who left long ago stands under the name that is typed, and what else somebody knows of them. */
function wordsOf({ roster, randomId }: ForgetOptions, { name, also }: PersonAsked): PersonWords {
  const member = roster.known(name)?.member;
  const given = [name, ...also];
  const isNumber = (word: string) => /^[\d-]+$/.test(word);
  const own = member === undefined ? [] : [member.name, member.email ?? '', ...Object.values(member.addresses)];
  const texts = [...given.filter((word) => !isId(word) || isNumber(word)), ...own].filter((word) => word.trim().length > 1);
  const ids = [...given.filter((word) => isId(word) && !isNumber(word)), ...(member === undefined ? [] : [member.id])];
  return { ids: [...new Set(ids)], texts: [...new Set(texts)], alias: `forgotten-${randomId()}` };
}
