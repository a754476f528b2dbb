/** A nation of small sites for the stories of one cause, and what its people were told by mail. */
import { explainedIsTold, noFalseCause, noFalseSilence } from './audit-silence.ts';
import type { Pc } from './pc.ts';
import { rowsOf } from './rows.ts';
import { complaints } from './scene.ts';
import type { FurtherSite, World } from './world.ts';

type How = { pcs?: number; isp?: string; battery?: boolean };

/** So many sites of a state. */
export function sites(state: string, count: number, { pcs = 1, isp, battery = false }: How = {}): FurtherSite[] {
  return Array.from({ length: count }, (_, at) => ({
    path: `${state}/site-${at + 1}`,
    link: 'fibre',
    pcs,
    battery,
    ...(isp !== undefined && { isp }),
  }));
}

/** The PCs below a path of the tree. */
export function pcsAt(world: World, path: string): Pc[] {
  return world.pcs.filter((pc) => pc.path.startsWith(`${path}/`));
}

/** Who was told what, in the order of the mails. */
export function toldIn(world: World): string[] {
  return world.centre.post.deliveries.filter(({ channel }) => channel === 'email').map(({ person, subject }) => `${person}: ${subject}`);
}

/** What of the promises did not hold: nothing lost or twice, nobody called silent or dark wrongly, whoever is explained known. */
export async function judged(world: World): Promise<string[]> {
  const rows = rowsOf(world);
  return [...(await complaints(world)), ...noFalseSilence(world, rows), ...noFalseCause(world, rows), ...explainedIsTold(rows)];
}

/** Their lines break, and nobody tells the broker. */
export function cutAll(pcs: readonly Pc[]): void {
  for (const pc of pcs) pc.cut('hole');
}

export function healAll(pcs: readonly Pc[]): void {
  for (const pc of pcs) pc.heal();
}
