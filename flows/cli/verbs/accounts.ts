/** The verbs of accounts and tokens. */
import type { AccountMade, AccountView, TokenView } from '#contracts';
import { type Answer, type Call, CliError, type Verb } from '../kit/model.ts';
import { daysOf, takes, usual } from '../kit/options.ts';
import { table, timeText } from '../kit/text.ts';

/** Who may log in. */
export const accounts: Record<string, Verb> = {
  'accounts add': {
    usage: 'NAME --role reader|state|central [--scope all|STATE|STATE/SITE|group:NAME]',
    does: {
      en: 'Makes an account for the wall; its secret is shown this once.',
      hi: 'वॉल का अकाउंट बनाता है; उसका गुप्त शब्द एक ही बार दिखता है।',
    },
    words: [1, 1],
    options: {
      role: takes(
        'reader looks, state acts for its part, central does all',
        'reader सिर्फ़ देखता है, state अपने हिस्से में काम करता है, central सब कुछ',
      ),
      scope: usual.scope,
    },
    run: add,
  },
  'accounts list': { usage: '', does: { en: 'Lists the accounts.', hi: 'अकाउंट की सूची दिखाता है।' }, words: [0, 0], run: list },
  'accounts password': {
    usage: 'NAME',
    does: { en: 'Makes a new secret for an account, shown this once.', hi: 'अकाउंट का नया गुप्त शब्द बनाता है, जो एक ही बार दिखता है।' },
    words: [1, 1],
    run: password,
  },
  'accounts remove': { usage: 'NAME', does: { en: 'Takes an account away.', hi: 'अकाउंट हटाता है।' }, words: [1, 1], run: remove },
};

/** The tokens of programs. */
export const tokens: Record<string, Verb> = {
  'tokens add': {
    usage: 'NAME --role reader|state|central|node-red --scope all|STATE|STATE/SITE --days N',
    does: {
      en: 'Makes a token by which a program uses the API over HTTPS, shown this once.',
      hi: 'HTTPS से API चलाने वाले प्रोग्राम का टोकन बनाता है, जो एक ही बार दिखता है।',
    },
    words: [1, 1],
    options: { role: takes('as an account; node-red reads', 'अकाउंट जैसी; node-red देखता है'), scope: usual.scope, days: usual.days },
    run: addToken,
  },
  'tokens list': { usage: '', does: { en: 'Lists the tokens.', hi: 'टोकन की सूची दिखाता है।' }, words: [0, 0], run: listTokens },
  'tokens revoke': { usage: 'NAME', does: { en: 'Revokes a token.', hi: 'टोकन बंद करता है।' }, words: [1, 1], run: revokeToken },
};

async function add({ api, by, words: [name = ''], options }: Call): Promise<Answer> {
  const { role, scope } = options;
  if (typeof role !== 'string') throw new CliError(2, 'accounts add needs --role: reader, state or central');
  return secretAnswer(await api.post<AccountMade>('/api/accounts', { name, role, scope, by }));
}

async function list({ api }: Call): Promise<Answer> {
  const all = await api.get<AccountView[]>('/api/accounts');
  const rows = all.map((one) => [one.name, one.role, one.scope || 'all', one.once ? 'not chosen yet' : 'chosen', timeText(one.madeAt)]);
  return { ok: true, json: all, text: table(['NAME', 'ROLE', 'SCOPE', 'PASSWORD', 'MADE'], rows) };
}

async function password({ api, by, words: [name = ''] }: Call): Promise<Answer> {
  return secretAnswer(await api.post<AccountMade>(`/api/accounts/${encodeURIComponent(name)}/password`, { by }));
}

async function remove({ api, by, words: [name = ''] }: Call): Promise<Answer> {
  await api.post(`/api/accounts/${encodeURIComponent(name)}/remove`, { by });
  return { ok: true, json: { removed: name }, text: `${name} may not log in any more` };
}

async function addToken({ api, by, words: [name = ''], options: { role, scope, days } }: Call): Promise<Answer> {
  if (typeof role !== 'string' || typeof scope !== 'string' || typeof days !== 'string')
    throw new CliError(2, 'tokens add needs --role, --scope and --days');
  const made = await api.post<AccountMade>('/api/program-tokens', { name, role, scope, days: daysOf(days), by });
  return { ok: true, json: made, text: table(['NAME', 'TOKEN (shown this once)'], [[made.name, made.secret]]) };
}

async function listTokens({ api }: Call): Promise<Answer> {
  const all = await api.get<TokenView[]>('/api/program-tokens');
  const rows = all.map((one) => [one.name, one.role, one.scope || 'all', one.endsAt === null ? 'never' : timeText(one.endsAt)]);
  return { ok: true, json: all, text: table(['NAME', 'ROLE', 'SCOPE', 'ENDS'], rows) };
}

async function revokeToken({ api, by, words: [name = ''] }: Call): Promise<Answer> {
  await api.post(`/api/program-tokens/${encodeURIComponent(name)}/revoke`, { by });
  return { ok: true, json: { revoked: name }, text: `the token ${name} opens nothing any more` };
}

function secretAnswer(made: AccountMade): Answer {
  return { ok: true, json: made, text: table(['NAME', 'SECRET (shown this once, for one login)'], [[made.name, made.secret]]) };
}
