/** The API as the operator's command asks it. */
import { codeOf, isLoopback } from '@sabha/contracts';
import { CliError, type Client } from './model.ts';

/**
 * A client of the API at an address, with a token where one is needed. What it cannot do or get is a `CliError` of one line.
 * `needed` = the line for a server that needs a token, where there is none.
 */
export function createClient(address: string, token?: string, needed = 'a token is needed: set SABHA_TOKEN'): Client {
  if (!URL.canParse(address)) throw new CliError(2, `SABHA_API: "${address}" is no address such as http://127.0.0.1:1880`);
  const { protocol, hostname } = new URL(address);
  if (token !== undefined && protocol !== 'https:' && !isLoopback(hostname))
    throw new CliError(2, 'SABHA_API: a token goes to another machine over https only');
  if (token !== undefined && !/^[ -~]+$/.test(token)) throw new CliError(2, 'the token is not one line of ASCII: check SABHA_TOKEN');
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const ask = async (path: string, init: RequestInit = {}, accept: readonly number[] = []): Promise<string> => {
    const headers = { ...init.headers, ...authorization };
    const answer = await fetch(new URL(path, address), { ...init, headers }).catch((error: Error) => {
      // What `fetch` says is that it failed; why stands in its cause.
      throw new CliError(2, `the centre at ${address} does not answer: ${codeOf(error.cause ?? error)}`);
    });
    const text = await answer.text().catch(() => {
      throw new CliError(2, `the centre at ${address} stopped in the middle of its answer: try again`);
    });
    if (answer.status === 401 && token === undefined) throw new CliError(1, needed);
    if (!answer.ok && !accept.includes(answer.status)) throw new CliError(answer.status === 400 ? 2 : 1, lineOf(text, answer.status));
    return text;
  };
  const parse = <T>(text: string): T => {
    try {
      return (text === '' ? null : JSON.parse(text)) as T;
    } catch {
      throw new CliError(2, `${address} is no centre of Sabha: check the address in SABHA_API`);
    }
  };
  return {
    get: async (path) => parse(await ask(path)),
    text: (path) => ask(path),
    post: async (path, body, accept) => {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
      return parse(await ask(path, init, accept));
    },
  };
}

function lineOf(text: string, status: number): string {
  try {
    const { error } = JSON.parse(text) as { error?: string };
    if (typeof error === 'string') return error;
  } catch {
    // No answer of ours: its status says more than its text.
  }
  return `the centre answered with status ${status}`;
}
