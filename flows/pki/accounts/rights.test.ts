import type { AccountRole } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { type Action, refusalFor } from './accounts.ts';

const roles: AccountRole[] = ['reader', 'state', 'central'];
const scopes = ['', 'ladakh', 'ladakh/leh'];
const paths = ['', 'ladakh', 'ladakh/leh', 'ladakh/leh/vc-1', 'ladakh/leh-2', 'ladakh-2', 'goa', 'goa/panaji', 'centre/unheard'];
/** The lowest role that may do each action. */
const least: Record<Action, AccountRole> = {
  read: 'reader',
  acknowledge: 'state',
  note: 'state',
  assign: 'state',
  snooze: 'state',
  maintenance: 'state',
  rollcall: 'state',
  stage: 'state',
  roster: 'state',
  announce: 'state',
  import: 'central',
  pcs: 'central',
  tokens: 'central',
  commands: 'central',
  tabs: 'central',
  accounts: 'central',
  backup: 'central',
  audit: 'central',
  people: 'central',
};
const inside: Record<string, string[]> = {
  '': paths,
  ladakh: ['ladakh', 'ladakh/leh', 'ladakh/leh/vc-1', 'ladakh/leh-2'],
  'ladakh/leh': ['ladakh/leh', 'ladakh/leh/vc-1'],
};

const table = roles.flatMap((role) =>
  (Object.keys(least) as Action[]).flatMap((action) => scopes.map((scope) => ({ role, action, scope }))),
);

test.each(table)('the permission of $role of "$scope" for the action $action', ({ role, action, scope }) => {
  const may = roles.indexOf(role) >= roles.indexOf(least[action]);
  const allowed = paths.filter((path) => refusalFor({ role, scope }, action, path) === undefined);
  expect(allowed).toEqual(may ? inside[scope] : []);
  if (!may) expect(refusalFor({ role, scope }, action, scope)).toBe(`an account with the role "${role}" may not do this`);
});

test('an unknown role, action or scope is refused', () => {
  const odd = (role: string, action: string, scope: unknown) =>
    refusalFor({ role: role as AccountRole, scope: scope as string }, action as Action, 'ladakh');
  expect(odd('owner', 'read', '')).toBeDefined();
  expect(odd('toString', 'read', '')).toBeDefined();
  expect(odd('central', 'format', '')).toBeDefined();
  expect(odd('central', 'read', undefined)).toBeDefined();
  expect(odd('central', 'read', null)).toBeDefined();
  expect(odd('central', 'read', 'goa')).toBe('this account is for goa only');
});

test("an account of a group of sites has its role's permissions at these sites only", () => {
  const within = (scope: string, path: string) => scope === path || (scope === 'group:magadh' && path === 'goa/panaji');
  const refused = (path: string) =>
    refusalFor({ role: 'state', scope: 'group:magadh', has: (own) => within('group:magadh', own) }, 'stage', path);
  expect(refused('goa/panaji')).toBeUndefined();
  expect(['goa', 'goa/margao', ''].map(refused)).toEqual(Array(3).fill('this account is for group:magadh only'));
});
