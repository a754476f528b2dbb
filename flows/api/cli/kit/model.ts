/** What a verb of the operator's command is. */
import type { ParseArgsOptionDescriptor } from 'node:util';
import type { Language, Words } from '@sabha/contracts';
import type { Restored } from '../../../storage/backup/restore.ts';
import type { Client } from './client.ts';

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
