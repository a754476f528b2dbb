/** What a verb of the operator's command is, and the API as it asks it. */
import type { ParseArgsOptionDescriptor } from 'node:util';
import { codeOf, isLoopback, type Language, type Words } from '@sabha/contracts';
import type { Restored } from '../../../storage/backup/restore.ts';

/** What somebody typed, and what a verb may use to answer it. */
export type Call = {
  /** The words behind the verb. */
  words: readonly string[];
  options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  /** Who acts, as the audit names them. */
  by: string;
  /** The language of the reader. */
  language: Language;
  api: Client;
  /** Text of a UTF-8 file; throws `CliError`. */
  readText(file: string): Promise<string>;
  /** The texts of a file, or of all files of a folder with this ending; throws `CliError`. */
  readTexts(path: string, ending: string): Promise<{ whole: boolean; texts: { name: string; text: string }[] }>;
  writeText(file: string, text: string): Promise<void>;
  /** Copies a file completely or not at all; only its owner can read the copy. */
  copyFile(from: string, to: string): Promise<void>;
  /** Makes the server of this machine again from a backup; throws `CliError`. */
  restore(what: { file: string; check: boolean; passphraseFile: string | undefined }): Promise<Restored>;
  now(): number;
  pause(ms: number): Promise<void>;
  /** Prints a progress line outside the answer. */
  say(line: string): void;
};

/** `ok` = exit code 0, else 1. Either `json` or `text` is printed. */
export type Answer = { ok: boolean; json: unknown; text: string };

/** How a verb shows the answer of its route. */
export type Layout = (answer: never, call: Call) => Answer | Promise<Answer>;

/** A row in the list of verbs. */
export type Verb = {
  /** The words and options behind the name. */
  usage: string;
  /** What it does, in one sentence. */
  does: Words;
  /** Fewest and most words behind the verb. */
  words: readonly [number, number];
  options: Readonly<Record<string, ParseArgsOptionDescriptor & { says: Words }>>;
  /** The options without which there is no call. */
  needed: readonly string[];
  run(call: Call): Promise<Answer>;
};

/** One line for the person who typed the command, and the exit code: 1 the answer is no, 2 a wrong call or no server. */
export class CliError extends Error {
  readonly code: 1 | 2;
  constructor(code: 1 | 2, line: string) {
    super(line);
    this.code = code;
  }
}

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
    /** `accept`: HTTP statuses above 399 whose body is read as a normal answer. */
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
