/** A nation of small sites for tests of shared causes, and the mails to its people. */
import { explainedIsTold, noFalseCause, noFalseSilence } from './audit-silence.ts';
import type { Pc } from './pc.ts';
import { rowsOf } from './rows.ts';
import { complaints } from './scene.ts';
import type { FurtherSite, World } from './world.ts';

type How = { pcs?: number; isp?: string; battery?: boolean };

export function sites(state: string, count: number, { pcs = 1, isp, battery = false }: How = {}): FurtherSite[] {
  return Array.from({ length: count }, (_, at) => ({
    path: `${state}/site-${at + 1}`,
    link: 'fibre',
    pcs,
    battery,
    ...(isp !== undefined && { isp }),
  }));
}

export function pcsAt(world: World, path: string): Pc[] {
  return world.pcs.filter((pc) => pc.path.startsWith(`${path}/`));
}

/** Returns recipient and subject of each mail, in order of delivery. */
export function toldIn(world: World): string[] {
  return world.centre.post.deliveries.filter(({ channel }) => channel === 'email').map(({ person, subject }) => `${person}: ${subject}`);
}

/** Returns the broken guarantees: lost or duplicated messages, wrong silence, a wrong cause, an unexplained silence. */
export async function judged(world: World): Promise<string[]> {
  const rows = rowsOf(world);
  return [...(await complaints(world)), ...noFalseSilence(world, rows), ...noFalseCause(world, rows), ...explainedIsTold(rows)];
}

/** Breaks the links of the PCs; the broker does not notice at once. */
export function cutAll(pcs: readonly Pc[]): void {
  for (const pc of pcs) pc.cut('hole');
}

export function healAll(pcs: readonly Pc[]): void {
  for (const pc of pcs) pc.heal();
}
