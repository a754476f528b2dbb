/** Which backups are kept: 24 hours, 14 days and 8 weeks that have one, of each the newest. */
import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const kept: readonly { eachMs: number; most: number }[] = [
  { eachMs: hourMs, most: 24 },
  { eachMs: dayMs, most: 14 },
  { eachMs: 7 * dayMs, most: 8 },
];
const namePattern = /^sabha-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.backup$/;

/** After so long none of those of now is kept any more, where each week has one. */
export const goneAfterMs = 9 * 7 * dayMs;

/** The name of a backup of a time, in UTC. */
export function backupName(at: number): string {
  return `sabha-${new Date(at).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z.backup`;
}

/** The backups of a folder by their time, oldest first; none where it is not there. */
export async function backupsIn(folder: string): Promise<{ at: number; file: string }[]> {
  const names = await readdir(folder).catch(() => []);
  const found = names.flatMap((name) => {
    const at = Date.parse(name.replace(namePattern, '$1-$2-$3T$4:$5:$6Z'));
    return namePattern.test(name) ? [{ at, file: join(folder, name) }] : [];
  });
  return found.sort((a, b) => a.at - b.at);
}

/** Of the times of backups those that go. The newest never goes, and no clock is asked: one that is wrong deletes nothing. */
export function expired(times: readonly number[]): number[] {
  const stay = new Set<number>();
  for (const { eachMs, most } of kept) {
    // The last of each span that is set is its newest.
    const newestOf = new Map(times.toSorted((a, b) => a - b).map((at) => [Math.floor(at / eachMs), at]));
    for (const at of [...newestOf.values()].slice(-most)) stay.add(at);
  }
  return times.filter((at) => !stay.has(at));
}

/** Deletes of a folder what is not kept, and what a kill left half written; nothing else may be writing there. What was just made stays, however old a wrong clock calls it. */
export async function sweep(folder: string, made: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const halves = names.filter((name) => name.endsWith('.part') && namePattern.test(name.slice(0, -'.part'.length)));
  for (const name of halves) await rm(join(folder, name), { force: true });
  const found = await backupsIn(folder);
  const gone = new Set(expired(found.map(({ at }) => at)));
  for (const { at, file } of found) if (gone.has(at) && basename(file) !== basename(made)) await rm(file, { force: true });
}
