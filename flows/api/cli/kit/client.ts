/** The API as the operator's command asks it. */
import { codeOf, isLoopback } from '@sabha/contracts';
import { CliError } from './model.ts';

/** Where the API is, and the token for it. `needed` = the line for a server that needs a token, where there is none. */
export type Server = { address: string; token?: string | undefined; needed?: string };

/** The API as a verb uses it. Each failure is a `CliError`. */
export type Client = ReturnType<typeof createClient>;

/** A client of the API; `find` is called at the first request, since a restore asks no server. What it cannot do or get is a `CliError` of one line. */
export function createClient(find: () => Server | Promise<Server>) {
  let found: Promise<Server> | undefined;
  const server = () => (found ??= Promise.try(find).then(checked));
  const ask = async (path: string, init: RequestInit = {}, accept: readonly number[] = []): Promise<string> => {
    const { address, token, needed = 'a token is needed: set SABHA_TOKEN' } = await server();
    const headers = { ...init.headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
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
  const askJson = async <T>(path: string, init?: RequestInit, accept?: readonly number[]): Promise<T> => {
    const text = await ask(path, init, accept);
    try {
      return (text === '' ? null : JSON.parse(text)) as T;
    } catch {
      throw new CliError(2, `${(await server()).address} is no centre of Sabha: check the address in SABHA_API`);
    }
  };
  return {
    get: <T>(path: string) => askJson<T>(path),
    text: (path: string) => ask(path),
    /** `accept` = statuses above 399 whose body is a response too. */
    post: <T>(path: string, body: object, accept?: readonly number[]) =>
      askJson<T>(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }, accept),
  };
}

function checked(server: Server): Server {
  const { address, token } = server;
  if (!URL.canParse(address)) throw new CliError(2, `SABHA_API: "${address}" is no address such as http://127.0.0.1:1880`);
  const { protocol, hostname } = new URL(address);
  if (token !== undefined && protocol !== 'https:' && !isLoopback(hostname))
    throw new CliError(2, 'SABHA_API: a token goes to another machine over https only');
  if (token !== undefined && !/^[ -~]+$/.test(token)) throw new CliError(2, 'the token is not one line of ASCII: check SABHA_TOKEN');
  return server;
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
