/**
 * The `sabha` command for operators, a client of the API. Exit codes:
 * - 0: yes, or done
 * - 1: no, or refused
 * - 2: wrong usage, or no server reached
 * - 141: the reader of the output is gone
 */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  clearLine,
  codeOf,
  type Language,
  languageFor,
  proveServer,
  readSettings,
  realClock,
  showWait,
  translateLine,
  type Words,
} from '@sabha/contracts';
import { BackupError, copyInto } from '../../storage/backup/format/backup-file.ts';
import { type Restored, restore } from '../../storage/backup/restore.ts';
import { catalogueLines } from './kit/lines.ts';
import { CliError, createClient, type ServerAddress, type VerbCall } from './kit/model.ts';
import { plainText } from './kit/text.ts';
import { dispatch, helpText } from './verbs.ts';

const env = process.env;
const guides: Words = { en: 'Guides', hi: 'हर काम के बारे में पेज' };
const asksForHelp: ReadonlySet<string> = new Set(['--help', '-h']);

async function main(args: string[], language: Language): Promise<number> {
  if (args[0] === 'help' || args.some((word) => asksForHelp.has(word))) {
    const address = env['SABHA_API'] ?? (await addressOfSettings(env['SABHA_CONFIG']).catch(() => 'http://127.0.0.1:1880'));
    console.log(`${helpText(args[0] === 'help' ? args.slice(1) : args, language)}\n${guides[language]}: ${address}/docs/`);
    return 0;
  }
  const api = createClient(findServer);
  // The escape code removes the progress line of `withPatience` before the new line.
  const say = (line: string) => console.error(process.stderr.isTTY ? `${clearLine}${line}` : line);
  const doing = { readText, readTexts, writeText, copyFile, restore: restoreCentre, now: Date.now, pause, say };
  const work = dispatch(args, { api, by: userName(), language, ...doing });
  const { ok, out } = await showWait(work, {
    clock: realClock(),
    screen: process.stderr,
    say: (seconds) => translateLine(`still at work: ${seconds} s (Ctrl+C ends the waiting)`, language, catalogueLines),
  });
  process.stdout.write(`${out}\n`);
  return ok ? 0 : 1;
}

/** npm starts scripts in the package folder. INIT_CWD is the folder where the person typed the command. */
async function readText(file: string): Promise<string> {
  return readUtf8(resolve(env['INIT_CWD'] ?? '.', file), file);
}

async function readTexts(path: string, ending: string): Promise<{ whole: boolean; texts: { name: string; text: string }[] }> {
  const at = resolve(env['INIT_CWD'] ?? '.', path);
  const whole = await stat(at).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const names = whole ? (await readdir(at)).filter((name) => name.endsWith(ending)).sort() : [basename(path)];
  if (names.length === 0) throw new CliError(2, `${path}: no file there ends in ${ending}`);
  const textOf = (name: string) => (whole ? readUtf8(join(at, name), join(path, name)) : readUtf8(at, path));
  return { whole, texts: await Promise.all(names.map(async (name) => ({ name, text: await textOf(name) }))) };
}

async function writeText(file: string, text: string): Promise<void> {
  await writeFile(resolve(env['INIT_CWD'] ?? '.', file), text).catch((error: NodeJS.ErrnoException) => {
    throw new CliError(2, `${file}: cannot be written: ${error.code}`);
  });
}

async function copyFile(from: string, to: string): Promise<void> {
  const file = resolve(env['INIT_CWD'] ?? '.', to);
  await copyInto(from, dirname(file), basename(file)).catch((error: NodeJS.ErrnoException) => {
    throw new CliError(2, `${to}: ${from} cannot be copied there: ${error.code}`);
  });
}

/** Restores into the data folder that `npm start` would use. */
async function restoreCentre({ file, check, passphraseFile }: Parameters<VerbCall['restore']>[0]): Promise<Restored> {
  const passphrase = passphraseFile === undefined ? undefined : (await readText(passphraseFile)).trim();
  const places = { data: resolve(env['SABHA_DATA'] ?? 'data'), settings: resolve(env['SABHA_CONFIG'] ?? 'sabha.json') };
  return restore({ file: resolve(env['INIT_CWD'] ?? '.', file), ...places, passphrase, check, now: Date.now }).catch((error: Error) => {
    throw error instanceof BackupError ? new CliError(1, error.message) : error;
  });
}

/** Returns the address in the settings file. A named file must exist; without a name, ./sabha.json or the defaults apply. */
async function addressOfSettings(named: string | undefined): Promise<string> {
  const file = named ?? 'sabha.json';
  const text = await readUtf8(file, file).catch((error: Error) => {
    if (named === undefined && error.cause === 'ENOENT') return '{}';
    throw error;
  });
  const settings = readSettings(text, file);
  if (!settings.ok) throw new CliError(2, settings.line);
  if (settings.value.ports.api === 0) throw new CliError(2, `${file}: ports.api is 0, so SABHA_API must name the address`);
  return `http://127.0.0.1:${settings.value.ports.api}`;
}

/**
 * Returns the server with the token from the environment, else from the data folder. That token goes only to the server of this machine.
 */
async function findServer(): Promise<ServerAddress> {
  const address = env['SABHA_API'] ?? (await addressOfSettings(env['SABHA_CONFIG']));
  if (env['SABHA_TOKEN'] || env['SABHA_API']) return { address, token: env['SABHA_TOKEN']?.trim() || undefined };
  const data = resolve(env['SABHA_DATA'] ?? 'data');
  const token = (await readFile(join(data, 'cli.token'), 'utf8').catch(() => '')).trim();
  const needed = `a token is needed, and none can be read in the data folder ${data}: use sudo, or set SABHA_DATA or SABHA_TOKEN`;
  if (token === '') return { address, needed };
  await proveServer(address, { name: 'server-cli', text: token }).catch((error: Error) => {
    throw new CliError(2, error.cause ? `the server at ${address} does not answer: ${codeOf(error.cause)}` : error.message);
  });
  return { address, token };
}

async function readUtf8(path: string, shown: string): Promise<string> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw Object.assign(new CliError(2, `${shown}: cannot be read: ${error.code}`), { cause: error.code });
  });
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new CliError(2, `${shown}: is not UTF-8: save it as "CSV UTF-8"`);
  }
}

/** Returns the name of the acting user: the user who called sudo, else the process user. */
function userName(): string {
  try {
    return env['SUDO_USER'] || userInfo().username || 'operator';
  } catch {
    return 'operator';
  }
}

// Node ignores SIGPIPE. If the reader closes the pipe (`| head`), the command exits silently with 128 + 13, as after that signal.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(128 + 13);
  });
}

const args = process.argv.slice(2);
const language = languageFor(args, env);
try {
  process.exitCode = await main(args, language);
} catch (error) {
  if (!(error instanceof CliError)) throw error;
  console.error(plainText(translateLine(error.message, language, catalogueLines)));
  process.exitCode = error.code;
}
