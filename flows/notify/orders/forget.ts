/** Exports or erases all data about one person: ledger rows and roster entry. */
import { isId, type PersonExport, type PersonForgotten } from '@sabha/contracts';
import { type Ledger, type Op, olderKey } from '../../engine/records/ops.ts';
import type { PersonIdentifiers, PersonRow } from '../../engine/records/sites.ts';
import { type OrderResult, type RosterOrders, type RosterOrdersOptions, refusedOrder } from './roster-orders.ts';

export type ForgetOptions = Pick<RosterOrdersOptions, 'record' | 'now'> & {
  roster: Pick<RosterOrders, 'known' | 'forget'>;
  ledger: Pick<Ledger, 'person' | 'forget'>;
  /** Runs `work` while the server is stopped from using the ledger, so that no copy of its rows is in memory. */
  apart<T>(work: () => Promise<T>): Promise<T>;
  backupsUntil(): number;
  /** Returns random letters and digits for the alias that replaces the person. */
  randomId(): string;
};

/** The order to erase a person: id or name, and further texts that identify the person. Without `apply` the rows are only counted. */
export type PersonRequest = { name: string; also: readonly string[]; by: string };

export type PeopleOrders = ReturnType<typeof createPeopleOrders>;

/**
 * Exports or erases the data of a person.
 * Guarantee: a person who is in the site table or a file of the organisation is refused, and then nothing changes.
 */
export function createPeopleOrders(options: ForgetOptions) {
  const { roster, ledger, apart, record, now, backupsUntil } = options;
  return {
    async export(asked: PersonRequest): Promise<PersonExport> {
      const words = wordsOf(options, asked);
      const rows = await ledger.person(words);
      // A check after `forget` must not write the name again.
      const about = rows.length === 0 && roster.known(asked.name) === undefined ? 'a name without data' : asked.name;
      const row: Op = { op: 'audit', at: now(), who: asked.by, what: 'person exported', about };
      if (!(await record([row]))) throw new Error('the ledger did not store it');
      return { name: asked.name, words: [...words.ids, ...words.texts], rows };
    },
    async forget({ apply, ...asked }: PersonRequest & { apply: boolean }): Promise<OrderResult<PersonForgotten>> {
      const words = wordsOf(options, asked);
      const rows = await ledger.person(words);
      const line = refusalOf(options, asked.name, rows);
      if (line !== undefined) return refusedOrder(line);
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

/** Refuses a person whose data another module reads from a file or keeps in memory: that data must be changed there first. */
function refusalOf({ roster, now }: ForgetOptions, name: string, rows: readonly PersonRow[]): string | undefined {
  const known = roster.known(name);
  if (known?.isFixed === true) return `${known.member.id} is in sabha.json: remove them there and restart the server`;
  const [node] = rows.filter(({ table }) => table === 'nodes');
  if (node !== undefined)
    return `the site table names this person at ${String(node.row['path']) || 'the top'}: import it with somebody else there first`;
  if (rows.some((one) => isInRestoreNote(one, now())))
    return 'the ledger was restored less than a day ago, and the server still lists the last actions of this person: try again after that day';
  const account = rows.find(({ table }) => table === 'accounts' || table === 'logins');
  if (account === undefined) return undefined;
  const verb = account.row['token'] === undefined ? 'accounts remove' : 'tokens revoke';
  return `there is an account of this person: sabha ${verb} ${String(account.row['name'] ?? account.row['account'])} first`;
}

/** True if the list of actions that are missing in a restored ledger names the person: several modules keep that list in memory. */
function isInRestoreNote({ table, row: { key, value } }: PersonRow, now: number): boolean {
  const until = typeof value === 'object' && value !== null && 'until' in value ? Number(value.until) : 0;
  return table === 'meta' && key === olderKey && until > now;
}

/**
 * Returns the texts to search for: the typed ones, and those of the roster. A person who left the roster is found only by the typed ones.
 */
function wordsOf({ roster, randomId }: ForgetOptions, { name, also }: PersonRequest): PersonIdentifiers {
  const member = roster.known(name)?.member;
  const given = [name, ...also];
  const isNumber = (word: string) => /^[\d-]+$/.test(word);
  const own = member === undefined ? [] : [member.name, member.email ?? '', ...Object.values(member.addresses)];
  const texts = [...given.filter((word) => !isId(word) || isNumber(word)), ...own].filter((word) => word.trim().length > 1);
  const ids = [...given.filter((word) => isId(word) && !isNumber(word)), ...(member === undefined ? [] : [member.id])];
  return { ids: [...new Set(ids)], texts: [...new Set(texts)], alias: `forgotten-${randomId()}` };
}
