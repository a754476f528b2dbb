/** The operator's `sabha` command, a client of the API. Exit code: 0 yes, 1 the answer is no, 2 a wrong call or nobody to ask. */
import { readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readSettings } from '#contracts';
import { createClient } from './client.ts';
import { dispatch, usage } from './dispatch.ts';
import { CliError } from './verbs/model.ts';
import { plainText } from './verbs/text.ts';

const env = process.env;

async function main(args: string[]): Promise<number> {
  if (['help', '--help', '-h'].includes(args[0] ?? '')) {
    console.log(usage());
    return 0;
  }
  const api = createClient(env['SABHA_API'] ?? (await addressOfSettings(env['SABHA_CONFIG'])));
  const say = (line: string) => console.error(line);
  const { ok, out } = await dispatch(args, { api, by: userName(), readText, writeText, pause, say });
  process.stdout.write(`${out}\n`);
  return ok ? 0 : 1;
}

/** npm runs a script in the package's folder; a file is meant from where the person stands. */
async function readText(file: string): Promise<string> {
  return readUtf8(resolve(env['INIT_CWD'] ?? '.', file), file);
}

async function writeText(file: string, text: string): Promise<void> {
  await writeFile(resolve(env['INIT_CWD'] ?? '.', file), text).catch((error: NodeJS.ErrnoException) => {
    throw new CliError(2, `${file}: cannot be written: ${error.code}`);
  });
}

/** A file that is named must be there; without a name, ./sabha.json or all defaults. */
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

function userName(): string {
  try {
    return userInfo().username || 'operator';
  } catch {
    return 'operator';
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CliError)) throw error;
  console.error(plainText(error.message));
  process.exitCode = error.code;
}
