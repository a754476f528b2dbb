/** The data of an installed centre as its verbs need them: a copy before they change, and the copy put back. */
import { constants, copyFileSync, existsSync, lchownSync, mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as v from 'valibot';
import { codeOf, loadText, readSettings } from '#contracts';
import { CentreError } from '../machine/centre-error.ts';
import { giveFolders, lastLine } from '../machine/owners.ts';
import { type Places, userOf } from '../machine/places.ts';
import { copyBefore } from '../release/links.ts';
import { nodeIn } from '../release/release.ts';
import type { Context } from './context.ts';

/** A backup, and the version of the ledger in it. */
export type Copy = { file: string; ledger: number };

const made = v.pipe(v.string(), v.parseJson(), v.object({ file: v.string() }));
const checked = v.pipe(v.string(), v.parseJson(), v.object({ about: v.object({ ledger: v.number() }) }));
const asksVersion =
  'const db = new (require("node:sqlite").DatabaseSync)(process.argv[1]); console.log(db.prepare("PRAGMA user_version").get().user_version)';

/** The settings of the centre. */
export function settingsFile({ settings }: Places): string {
  return join(settings, 'sabha.json');
}

/**
 * Makes a backup of the running centre, which the release to come reads from end to end; `isKept`: it is to be there for the way back, as those of
 * each hour are not. Throws a `CentreError` where it does not find it whole.
 */
export function makeCopy(context: Context, name: string, { isKept }: { isKept: boolean }): Copy {
  const { places } = context;
  context.begin('copy');
  // An empty folder may have been tidied away.
  if (isKept) giveFolders(places, context.idOf);
  const words = ['backup', ...(isKept ? [copyBefore(places, name)] : []), '--json'];
  const copied = sabha(context, { by: places.current, words, otherwise: 'no copy of the data can be made' });
  return checkCopy(context, join(places.releases, name), v.parse(made, copied).file);
}

/** Has a release read a copy from end to end. Throws a `CentreError` where it does not find it whole. */
export function checkCopy(context: Context, release: string, file: string): Copy {
  const check = { by: release, words: restoring(context, file, ['--check', '--json']), otherwise: 'the copy of the data cannot be used' };
  const { about } = v.parse(checked, sabha(context, check));
  return { file, ledger: about.ledger };
}

/** Has a release put a copy in the place of the data. Throws a `CentreError`; then nothing is changed. */
export function putBack(context: Context, release: string, file: string): void {
  context.begin('bring');
  const words = restoring(context, file, []);
  sabha(context, { by: release, words, otherwise: 'the copy of the data cannot be put back' });
}

/** A backup from anywhere on the machine, which may be encrypted. */
export type Brought = { from: string; passphraseFile: string | undefined };

/** Whether data of a centre lie here. */
export function hasData({ data }: Places): boolean {
  return existsSync(join(data, 'flows', 'ledger.db'));
}

/** Takes away what a call that was killed brought here: a whole backup, and its passphrase. */
export function removeBrought({ data }: Places): void {
  rmSync(broughtIn(data), { recursive: true, force: true });
}

function broughtIn(data: string): string {
  return join(data, 'brought');
}

/**
 * Puts a backup where no data are yet. Root reads it, since its folder may be closed to the user of flows. Throws a `CentreError`; then there are
 * still none.
 */
export function bringData(context: Context, release: string, { from, passphraseFile }: Brought): void {
  const { places, calledIn, idOf, say, begin } = context;
  begin('bring');
  const folder = broughtIn(places.data);
  const [copy, passphrase] = [join(folder, 'a.backup'), join(folder, 'passphrase')];
  const { user, group } = idOf(userOf('flows'));
  const give = (path: string) => lchownSync(path, user, group);
  const bring = (file: string, to: string): void => {
    try {
      copyFileSync(resolve(calledIn, file), to, constants.COPYFILE_EXCL);
    } catch (error) {
      throw new CentreError(`${file}: cannot be read: ${codeOf(error)}`);
    }
    give(to);
  };
  // People know the files by their own names.
  const named = (text: string) => text.replaceAll(copy, () => from).replaceAll(passphrase, () => passphraseFile ?? '');
  mkdirSync(folder, { mode: 0o700 });
  try {
    // Archives may lie in it, which no backup has; what is empty need not be put aside.
    if (readdirSync(join(places.data, 'flows')).length === 0) rmdirSync(join(places.data, 'flows'));
    bring(from, copy);
    if (passphraseFile !== undefined) bring(passphraseFile, passphrase);
    for (const one of [folder, settingsFile(places)]) if (existsSync(one)) give(one);
    const words = ['restore', copy, ...(passphraseFile === undefined ? [] : ['--passphrase-file', passphrase])];
    say(named(sabha(context, { by: release, words, otherwise: 'the backup cannot be put here' }).trim()));
  } catch (error) {
    if (error instanceof CentreError) throw new CentreError(named(error.message));
    throw error;
  } finally {
    removeBrought(places);
  }
}

/** The version of the ledger of a stopped centre; undefined where it has none yet. It is opened as its own user: what SQLite leaves beside it is that user's. */
export function ledgerVersion({ places, machine }: Context): number | undefined {
  const ledger = join(places.data, 'flows', 'ledger.db');
  if (!existsSync(ledger)) return undefined;
  const { code, out, err } = machine.run(nodeIn(places.current), ['-e', asksVersion, ledger], { as: userOf('flows') });
  if (code !== 0) throw new CentreError(`${ledger}: cannot be read: ${lastLine(err)}`);
  return Number(out);
}

function restoring({ places }: Context, file: string, options: string[]): string[] {
  const path = settingsFile(places);
  const settings = readSettings(loadText(path), path);
  if (!settings.ok) throw new CentreError(settings.line);
  const passphrase = settings.value.backup?.passphraseFile;
  return ['restore', file, ...options, ...(passphrase === undefined ? [] : ['--passphrase-file', passphrase])];
}

type Call = { by: string; words: string[]; otherwise: string };

/** The command `sabha` of a release, as its user. */
function sabha({ places, machine }: Context, { by, words, otherwise }: Call): string {
  const env = { SABHA_CONFIG: settingsFile(places), SABHA_DATA: places.data };
  const { code, out, err } = machine.run(nodeIn(by), [join(by, 'flows/cli/cli.ts'), ...words], { as: userOf('flows'), env });
  if (code !== 0) throw new CentreError(`${otherwise}: ${lastLine(err)}`);
  return out;
}
