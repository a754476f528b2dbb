/** Who may do what, and where. What is not named here nobody may. */
import { isWithin, type TokenRole } from '@sabha/contracts';

const acting = ['read', 'acknowledge', 'note', 'assign', 'snooze', 'maintenance', 'rollcall', 'stage', 'roster', 'announce'] as const;
const all = [...acting, 'import', 'pcs', 'tokens', 'commands', 'tabs', 'accounts', 'backup', 'audit', 'people'] as const;

/** `acknowledge` = to be on it, and to say that it is fixed; `pcs` = move, replace, retire, revoke; `roster` = who is told, with their numbers, and their days off; `audit` = to read who did what and what PCs said, `people` = all that stands of a person, and to take it out, `tokens` = whatever lets a PC in, enrolment codes too. */
export type Action = (typeof all)[number];

/** Whether a path lies in a scope. */
export type Within = (scope: string, path: string) => boolean;
/** What somebody may do, and where; `has` knows what lies there, groups of sites too, and is as the tree says where it is absent. */
export type Grant = { role: TokenRole; scope: string; has?(path: string): boolean };

const allowed: Readonly<Record<TokenRole, readonly Action[]>> = {
  reader: ['read'],
  'node-red': ['read'],
  state: acting,
  central: all,
};

/** Whether a role may do a thing anywhere at all. */
export function mayDo(role: TokenRole, action: Action): boolean {
  return Object.hasOwn(allowed, role) && allowed[role].includes(action);
}

/**
 * Why an account may not do a thing to a path of the tree ('' = the whole of it); undefined where it may.
 * Guarantee: a role, an action or a path that is not named is refused.
 */
export function refusalFor({ role, scope, has = (own) => isWithin(scope, own) }: Grant, action: Action, path: string): string | undefined {
  if (!mayDo(role, action)) return `an account with the role "${role}" may not do this`;
  return has(path) ? undefined : `this account is for ${scope} only`;
}
