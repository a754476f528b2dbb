/** What a row cannot do without: a byte that turned within the name of a key leaves the text whole, and the start finds nothing where something was. */
import type { RegistryEntry } from '#contracts';
import type { Account, Login } from '../records/accounts.ts';
import type { Incident, PcRecord, Timer, Transition } from '../records/incidents.ts';
import type { OutboxRow } from '../records/notices.ts';
import type { Member } from '../records/roster.ts';
import type { TreeNode } from '../records/sites.ts';

/** Its keys, and those of each entry of its lists, or within it. What may be absent does not count, nor do names that are data. */
type Keys<T> = { [K in keyof T as object extends Pick<T, K> ? never : K]: KeysOf<T[K]> };
type KeysOf<V> = V extends readonly (infer E)[] ? (E extends object ? Keys<E> : true) : V extends object ? true | Keys<V> : true;
type Shape = { [key: string]: true | Shape };

const fault = { key: true, fault: true, device: true, name: true, reason: true, severity: true, since: true } as const;
const standing = { ...fault, goneAt: true, unknownSince: true, hidden: true, told: true } as const;
const { key: _, severity: __, ...news } = fault;
const message = { severity: true, holdMs: true, to: true } as const;
const words = { en: true, hi: true } as const;
const told = { person: true, channel: true, at: true } as const;

/** By table. Without what older versions did not write, and `load` adds. */
const shapes: { [table: string]: Shape } = {
  pcs: {
    pc: true,
    link: true,
    presence: true,
    boot: true,
    session: true,
    rev: true,
    digest: true,
    heardAt: true,
    lostAt: true,
    lostSession: true,
    unheard: true,
    spool: true,
    config: true,
    inventory: true,
    agent: true,
    ended: true,
    checks: { component: true, device: true, status: true, fault: true, reason: true, since: true },
  } satisfies Keys<Omit<PcRecord, 'calledAt'>>,
  incidents: {
    id: true,
    scope: true,
    openedAt: true,
    overAt: true,
    over: true,
    closedBecause: true,
    severity: true,
    flapping: true,
    acknowledged: true,
    faults: standing,
    told,
    notes: { at: true, by: true, text: true },
  } satisfies Keys<Incident>,
  transitions: {
    id: true,
    incident: true,
    kind: true,
    at: true,
    about: news,
    severity: true,
    holdMs: true,
    state: true,
    offers: true,
    offeredAt: true,
    sent: true,
    conclusion: true,
  } satisfies Keys<Transition>,
  timers: { id: true, transition: true, node: true, dueAt: true, unlessAcknowledged: true, message } satisfies Keys<Timer>,
  outbox: {
    key: true,
    transition: true,
    channel: true,
    person: true,
    notice: true,
    createdAt: true,
    dueAt: true,
    tries: true,
    state: true,
    lastError: true,
  } satisfies Keys<OutboxRow>,
  nodes: { path: true, name: words, layer: true, site: true } satisfies Keys<TreeNode>,
  registry: { pc: true, tokenHash: true, revoked: true } satisfies Keys<Omit<RegistryEntry, 'certificates'>>,
  accounts: {
    name: true,
    role: true,
    scope: true,
    password: true,
    once: true,
    stamp: true,
    madeAt: true,
  } satisfies Keys<Omit<Account, 'openid'>>,
  logins: { hash: true, account: true, stamp: true, startedAt: true, usedAt: true } satisfies Keys<Login>,
  roster: {
    id: true,
    name: true,
    role: true,
    scope: true,
    language: true,
    channels: true,
    groups: true,
    roles: true,
    scopes: true,
    duty: true,
    zone: true,
    leave: { from: true, to: true },
    deputy: true,
    webhook: true,
    addresses: true,
  } satisfies Keys<Member>,
};

/** What a row of a table lacks, as `faults.since`; undefined where nothing, or where nothing is known of the table. */
export function lackOf(table: string, row: unknown): string | undefined {
  const shape = shapes[table];
  return shape && lackIn(row, shape);
}

function lackIn(value: unknown, shape: Shape): string | undefined {
  const fields = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  for (const [key, within] of Object.entries(shape)) {
    const field = fields[key];
    if (field === undefined) return key;
    if (within === true) continue;
    for (const one of Array.isArray(field) ? field : [field]) {
      const lack = lackIn(one, within);
      if (lack !== undefined) return `${key}.${lack}`;
    }
  }
  return undefined;
}
