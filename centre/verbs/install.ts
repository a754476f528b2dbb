/** A centre comes to a machine. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { modes, replaceFile } from '#contracts';
import { CentreError } from '../machine/centre-error.ts';
import { giveFolders, lastLine, makeUsers } from '../machine/owners.ts';
import { currentRelease, useRelease } from '../release/links.ts';
import { layRelease, nameOf, nodeIn, partNames } from '../release/release.ts';
import type { Context } from './context.ts';
import { bringData, hasData, removeBrought, settingsFile } from './data.ts';
import { linkServices, restartServices } from './services.ts';

/** The parts that have a user. */
export const servedParts = ['broker', 'flows', 'dashboards'];

/** A centre has no room of its own: the PC of an office where it stands gets the agent's package, as any other. */
const firstSettings = `${JSON.stringify({ site: null, people: [] }, null, 2)}\n`;

/** `from` = a backup with which it begins: else it begins with what is here, or with nothing. */
export type InstallOptions = { from: string | undefined; passphraseFile: string | undefined };

/**
 * Installs the centre from the sources, or mends what is installed of the same release. Throws a `CentreError` of one line.
 * Guarantee: it can be called again after whatever ended it, and goes on.
 */
export function install(context: Context, { from: backup, passphraseFile }: InstallOptions): void {
  const { places, machine, from, say, begin, idOf } = context;
  const installed = currentRelease(places);
  const name = nameOf(from);
  if (installed !== undefined && installed !== name) throw new CentreError(`${installed} is installed: "upgrade" brings ${name}`);
  if (backup === undefined && passphraseFile !== undefined) throw new CentreError('--passphrase-file is of a backup: --from names it');
  removeBrought(places);
  if (backup !== undefined && hasData(places)) {
    throw new CentreError(
      `${places.data}: a centre has its data there already: "install" without --from goes on with them, "uninstall --purge" takes them away`,
    );
  }
  makeUsers(machine, servedParts);
  mkdirSync(places.settings, { recursive: true });
  const settings = settingsFile(places);
  const isNew = makeSettings(settings);
  begin('lay');
  layRelease({ from, places, machine }, settings);
  const release = join(places.releases, name);
  if (backup !== undefined) {
    // Those of the backup come in their place.
    if (isNew) rmSync(settings);
    giveFolders(places, idOf);
    bringData(context, release, { from: backup, passphraseFile });
    makeSettings(settings);
  }
  begin('prepare');
  // Data of a centre that was started by "npm start" are brought into order by root, who may write in each folder.
  const env = { SABHA_CONFIG: settings, SABHA_DATA: places.data };
  const { code, out, err } = machine.run(nodeIn(release), [join(release, 'start.ts'), '--prepare'], { env });
  if (code !== 0) throw new CentreError(lastLine(err || out));
  giveFolders(places, idOf);
  useRelease(places, name);
  linkServices(context);
  restartServices(context);
  say(`${name} is in use; its parts: ${partNames(release).join(', ')}`);
  say(`settings: ${settings}; data: ${places.data}; "systemctl restart sabha.target" after a change`);
}

/** True where there were none. */
function makeSettings(file: string): boolean {
  if (existsSync(file)) return false;
  replaceFile(file, firstSettings, modes.shared);
  return true;
}
