/** A centre leaves a machine. */
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '#contracts';
import { CentreError } from '../machine/centre-error.ts';
import { lastLine } from '../machine/owners.ts';
import { forgetPrevious, removeReleases } from '../release/links.ts';
import type { Context } from './context.ts';
import { stopServices, unlinkServices } from './services.ts';

/** As `makeUsers` describes them in the table of users. */
const ours = /^(sabha-[\w-]+):(?:[^:]*:){3}Sabha /gm;

/** `purge` = its data, its settings and its users go too. */
export type UninstallOptions = { purge: boolean };

/** Takes the programs and the services away. It can be called again after whatever ended it. Throws a `CentreError`. */
export function uninstall(context: Context, { purge }: UninstallOptions): void {
  const { places, machine, isBooted, say, begin } = context;
  if (existsSync(places.current)) stopServices(context);
  begin('remove');
  unlinkServices(context);
  if (isBooted) machine.run('systemctl', ['daemon-reload']);
  // What leads to a release goes before it does.
  forgetPrevious(places);
  rmSync(places.current, { force: true });
  if (existsSync(places.releases)) removeReleases(places, []);
  rmSync(places.program, { recursive: true, force: true });
  if (!purge) return say(`the centre is gone; its data are in ${places.data}, its settings in ${places.settings} ("--purge" removes them)`);
  for (const path of [places.data, places.settings]) remove(path);
  for (const [, user = ''] of readFileSync('/etc/passwd', 'utf8').matchAll(ours)) {
    const { code, err } = machine.run('userdel', [user]);
    if (code !== 0) throw new CentreError(`the user ${user} cannot be removed: ${lastLine(err)}`);
  }
  say('the centre is gone, with its data, its settings and its users');
}

/** A disk that is mounted there stays, empty. */
function remove(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
  try {
    rmdirSync(folder);
  } catch (error) {
    if (codeOf(error) !== 'EBUSY') throw error;
  }
}
