/** The services of a centre: known to systemd, started, stopped. */
import { lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { join, sep } from 'node:path';
import { CentreError } from '../machine/centre-error.ts';
import { lastLine } from '../machine/owners.ts';
import type { Places } from '../machine/places.ts';
import { replaceLink } from '../release/links.ts';
import { partNames } from '../release/release.ts';
import { target, unitOf } from '../units/units.ts';
import type { Context } from './context.ts';

/** What of a release is for systemd. */
const isUnit = (name: string) => /\.(service|target)$/.test(name);

/**
 * Tells systemd of the units of the release in use, and takes away those that it does not have. They are links to it: whoever swaps the release
 * swaps them.
 */
export function linkServices({ places }: Context): void {
  const { current, units, command } = places;
  const wanted = readdirSync(join(current, 'units')).filter(isUnit);
  for (const link of linksOf(places)) if (!wanted.includes(link)) rmSync(join(units, link));
  for (const name of wanted) replaceLink(join(units, name), join(current, 'units', name));
  replaceLink(join(startsIn(places), target), join('..', target));
  mkdirSync(join(command, '..'), { recursive: true });
  replaceLink(command, join(current, 'units', 'sabha'));
}

/** Takes all of that away. */
export function unlinkServices({ places }: Context): void {
  rmSync(join(startsIn(places), target), { force: true });
  for (const link of linksOf(places)) rmSync(join(places.units, link));
  rmSync(places.command, { force: true });
}

/** Starts the parts anew, each ready when this returns. Throws a `CentreError` which names the first that is not, with its last words. */
export function restartServices({ places, machine, isBooted, say, begin }: Context): void {
  if (!isBooted) return say('systemd does not run here: the parts start with the machine');
  begin('start');
  const { code, err } = machine.run('systemctl', ['daemon-reload']);
  if (code !== 0) throw new CentreError(`systemctl daemon-reload: ${lastLine(err)}`);
  const units = unitsIn(places);
  // Waits for all of them; which of them did not start is asked one by one.
  machine.run('systemctl', ['restart', target, ...units]);
  for (const unit of units) {
    if (machine.run('systemctl', ['is-active', '--quiet', unit]).code === 0) continue;
    // One that has failed is tried once more.
    if (machine.run('systemctl', ['start', unit]).code === 0) continue;
    // Of the part alone: after it systemd has words of its own about it.
    const { out } = machine.run('journalctl', [`_SYSTEMD_UNIT=${unit}`, '--lines', '1', '--output', 'cat', '--no-pager']);
    throw new CentreError(`${unit} does not start: ${wordsOf(lastLine(out)) || `see journalctl --unit ${unit}`}`);
  }
}

/** Stops them; none runs any more when this returns, which that of the target alone would not wait for. */
export function stopServices({ places, machine, isBooted, begin }: Context): void {
  if (!isBooted) return;
  begin('stop');
  const { code, err } = machine.run('systemctl', ['stop', target, ...unitsIn(places)]);
  if (code !== 0) throw new CentreError(`systemctl stop ${target}: ${lastLine(err)}`);
}

/** The services of the release in use. */
function unitsIn({ current }: Places): string[] {
  return partNames(current).map(unitOf);
}

/** What the system starts of its own accord. */
function startsIn({ units }: Places): string {
  return join(units, 'multi-user.target.wants');
}

/** Units that lead into a release. */
function linksOf({ units, current }: Places): string[] {
  mkdirSync(units, { recursive: true });
  return readdirSync(units).filter((name) => {
    const path = join(units, name);
    return isUnit(name) && lstatSync(path).isSymbolicLink() && readlinkSync(path).startsWith(`${current}${sep}`);
  });
}

/** A line of a log as a person reads it: its message. */
function wordsOf(line: string): string {
  return /"msg":"((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? line;
}
