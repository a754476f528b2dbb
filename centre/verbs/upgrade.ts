/** A centre gets another release, and goes back to the one before. */
import { join } from 'node:path';
import { CentreError } from '../machine/centre-error.ts';
import { giveFolders, makeUsers } from '../machine/owners.ts';
import { currentRelease, forgetPrevious, keepPrevious, type Previous, readPrevious, removeOthers, useRelease } from '../release/links.ts';
import { layRelease, nameOf } from '../release/release.ts';
import type { Context } from './context.ts';
import { checkCopy, ledgerVersion, makeCopy, putBack, settingsFile } from './data.ts';
import { servedParts } from './install.ts';
import { linkServices, restartServices, stopServices } from './services.ts';

/** `check` = it only looks whether it would go; `withoutCopy` = the data are not copied first. */
export type UpgradeOptions = { check: boolean; withoutCopy: boolean };

/**
 * Brings the release of the sources, after a copy of the data. One that does not come up is taken back at once. Throws a `CentreError`.
 * Guarantee: killed at any moment it leaves the old release in use or the new one, and can be called again.
 */
export function upgrade(context: Context, { check, withoutCopy }: UpgradeOptions): void {
  const { places, machine, from, say, begin, idOf } = context;
  const before = currentRelease(places);
  if (before === undefined) throw new CentreError('no centre is installed here: "install" does that');
  const name = nameOf(from);
  if (before === name && check) return say(`${name} is in use already`);
  const begun = readPrevious(places);
  // Of a call that was killed on its way back: nothing may run.
  if (!check && begun?.isOnTrial && begun.release === before) goBack(context, begun);
  begin('lay');
  layRelease({ from, places, machine }, settingsFile(places));
  if (before !== name) {
    const copy = withoutCopy ? undefined : makeCopy(context, name, { isKept: !check });
    if (check)
      return say(`${name} would take the place of ${before}: its settings are good${copy ? `, the copy ${copy.file} is whole` : ''}`);
    makeUsers(machine, servedParts);
    giveFolders(places, idOf);
    keepPrevious(places, { release: before, backup: copy?.file ?? null, ledger: copy?.ledger ?? null, isOnTrial: true });
    useRelease(places, name);
  }
  bringUp(context, name);
}

/**
 * Goes back to the release before the last upgrade, and to its data where that one changed the ledger. Throws a `CentreError`.
 * Guarantee: as for `upgrade`.
 */
export function rollback(context: Context): void {
  const { places } = context;
  const previous = readPrevious(places);
  if (previous === undefined) throw new CentreError('there is no release to go back to');
  goBack(context, previous);
}

function bringUp(context: Context, name: string): void {
  const { places, say } = context;
  const previous = readPrevious(places);
  try {
    linkServices(context);
    restartServices(context);
  } catch (error) {
    if (!(error instanceof CentreError) || !previous?.isOnTrial) throw error;
    goBack(context, previous);
    throw new CentreError(`${error.message}; ${previous.release} is in use again`);
  }
  if (previous?.isOnTrial) keepPrevious(places, { ...previous, isOnTrial: false });
  removeOthers(places);
  say(`${name} is in use`);
}

function goBack(context: Context, { release, backup, ledger }: Previous): void {
  const { places, say } = context;
  const place = join(places.releases, release);
  stopServices(context);
  // Where a restore was cut there is none.
  const isChanged = ledger !== null && ledgerVersion(context) !== ledger;
  if (isChanged && backup !== null) {
    // Before the release: the newer one starts on older data, the older one not on newer.
    putBackOrGoOn(context, place, backup);
    say(`the ledger is that of ${backup} again: what people did since then is gone, and the wall names it`);
  }
  useRelease(places, release);
  linkServices(context);
  restartServices(context);
  forgetPrevious(places);
  say(`${place} is in use again`);
}

/** Without it the release before cannot read the ledger: what ran goes on. */
function putBackOrGoOn(context: Context, release: string, backup: string): void {
  try {
    checkCopy(context, release, backup);
    putBack(context, release, backup);
  } catch (error) {
    restartServices(context);
    throw error;
  }
}
