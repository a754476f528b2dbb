/** What a verb of the operator's command is. */
import type { ParseArgsOptionDescriptor } from 'node:util';
import type { Language, LedgerAudit, Words } from '#contracts';

/** The API as a verb asks it. What it cannot do or get is a `CliError`. */
export type Client = {
  get<T>(path: string): Promise<T>;
  text(path: string): Promise<string>;
  /** `accept` = statuses above 399 whose body is an answer too. */
  post<T>(path: string, body: object, accept?: readonly number[]): Promise<T>;
};

/** What a backup held, and where that lies which stood in its place. */
export type RestoredCentre = {
  about: { at: number };
  audit: Pick<LedgerAudit, 'events' | 'incidents' | 'chain'>;
  aside: readonly string[];
  left?: string;
};

/** What somebody typed, and what a verb may use to answer it. */
export type Call = {
  /** The words behind the verb. */
  words: readonly string[];
  options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  /** Who asks; it stands in the audit. */
  by: string;
  /** Of whoever reads the answer. */
  language: Language;
  api: Client;
  /** Text of a UTF-8 file; throws `CliError`. */
  readText(file: string): Promise<string>;
  /** The texts of a file, or of all files of a folder with this ending; throws `CliError`. */
  readTexts(path: string, ending: string): Promise<{ whole: boolean; texts: { name: string; text: string }[] }>;
  writeText(file: string, text: string): Promise<void>;
  /** A copy for its owner alone, whole or not at all. */
  copyFile(from: string, to: string): Promise<void>;
  /** Makes the centre of this machine again from a backup; throws `CliError`. */
  restore(what: { file: string; check: boolean; passphraseFile: string | undefined }): Promise<RestoredCentre>;
  now(): number;
  pause(ms: number): Promise<void>;
  /** A line beside the answer, while it is waited for. */
  say(line: string): void;
};

/** `ok` = the answer is yes (exit code 0) or no (1). Of the two forms one is printed. */
export type Answer = { ok: boolean; json: unknown; text: string };

/** What may be said with a verb, as `parseArgs` takes it, and what it is for. */
export type Option = ParseArgsOptionDescriptor & { says: Words };

/** A row in the list of verbs. */
export type Verb = {
  /** What stands behind the verb, as the usage shows it. */
  usage: string;
  /** What it does, in one sentence. */
  does: Words;
  /** Fewest and most words behind the verb. */
  words: readonly [number, number];
  options?: Readonly<Record<string, Option>>;
  run(call: Call): Promise<Answer>;
};

/** One line for the person who typed the command, and the exit code: 1 the answer is no, 2 a wrong call or nobody to ask. */
export class CliError extends Error {
  readonly code: 1 | 2;
  constructor(code: 1 | 2, line: string) {
    super(line);
    this.code = code;
  }
}
