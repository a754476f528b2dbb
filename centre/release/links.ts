/** Which release is in use, and what there is to go back to. */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { replaceFile } from '#contracts';
import { CentreError } from '../machine/centre-error.ts';
import type { Places } from '../machine/places.ts';

const previousSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    release: v.string(),
    backup: v.nullable(v.string()),
    ledger: v.nullable(v.number()),
    isOnTrial: v.optional(v.boolean(), false),
  }),
);

/**
 * A release that was in use before, the copy of its data that was made then, and the version of its ledger. `isOnTrial`: the one that took its
 * place has not come up yet.
 */
export type Previous = v.InferOutput<typeof previousSchema>;

/** The name of the release in use; undefined where none is installed. */
export function currentRelease({ current, releases }: Places): string | undefined {
  if (lstatSync(current, { throwIfNoEntry: false }) === undefined) return undefined;
  const name = basename(readlinkSync(current));
  if (!existsSync(join(releases, name))) throw new CentreError(`${current}: leads to ${name}, which is not in ${releases}`);
  return name;
}

/** Takes a release into use. Guarantee: at every moment the link leads to the one of before or to this one, and with it its units. */
export function useRelease({ current, releases }: Places, name: string): void {
  replaceLink(current, join(releases, name));
}

/** Puts a link in the place of whatever link was there. */
export function replaceLink(link: string, to: string): void {
  const fresh = `${link}.new`;
  rmSync(fresh, { force: true });
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(to, fresh);
  renameSync(fresh, link);
}

/** What an upgrade left; undefined where there is nothing to go back to. */
export function readPrevious({ previous }: Places): Previous | undefined {
  if (!existsSync(previous)) return undefined;
  const read = v.safeParse(previousSchema, readFileSync(previous, 'utf8'));
  if (!read.success) throw new CentreError(`${previous}: does not say what to go back to`);
  return read.output;
}

/** Remembers what to go back to. */
export function keepPrevious({ previous }: Places, what: Previous): void {
  replaceFile(previous, `${JSON.stringify(what)}\n`);
}

/** Forgets it. */
export function forgetPrevious({ previous }: Places): void {
  rmSync(previous, { force: true });
}

/** Where the copy of the data lies that was made before a release came. */
export function copyBefore({ copies }: Places, name: string): string {
  return join(copies, `before-${name}.backup`);
}

/** Where a release is laid that is not whole yet, and what is left of one that goes. */
export function draftIn({ releases }: Places): string {
  return join(releases, '.draft');
}

/** Removes releases. Guarantee: under the name of each stands nothing, or all of it. */
export function removeReleases(places: Places, kept: readonly (string | undefined)[]): void {
  const draft = draftIn(places);
  const remove = () => rmSync(draft, { recursive: true, force: true });
  remove();
  for (const name of readdirSync(places.releases)) {
    if (kept.includes(name)) continue;
    renameSync(join(places.releases, name), draft);
    remove();
  }
}

/** Removes the releases that are neither in use nor to go back to, and the copies for those. */
export function removeOthers(places: Places): void {
  const previous = readPrevious(places);
  for (const name of existsSync(places.copies) ? readdirSync(places.copies) : []) {
    const copy = join(places.copies, name);
    if (/^before-[\w.+-]+-[0-9a-f]{10}\.backup$/.test(name) && copy !== previous?.backup) rmSync(copy, { force: true });
  }
  removeReleases(places, [currentRelease(places), previous?.release]);
}
