/** 65 scripted outages in five rounds: what was said of each, and whether it could be known. */
import { absenceOf, outageAt } from './absences.ts';
import type { Said } from './outage-play.ts';
import { alone, intended, linkDown, nation, type Outage, powerCut, powerCutWithUps, upstream } from './outage-scripts.ts';
import { rowsOf } from './rows.ts';
import { minute } from './scene.ts';
import { createWorld, type World } from './world.ts';

const rounds = 5;
const returnMs = 20 * minute;

/** Plays them all. */
export async function playRounds(seed: number): Promise<Judged[]> {
  const world = createWorld({ seed, further: nation });
  world.boot();
  await world.pass(10 * minute);
  const judged: Judged[] = [];
  for (let round = 0; round < rounds; round += 1) judged.push(...(await play(world, scriptsOf(world, round))));
  return judged;
}

/**
 * `claims`: what was said before the return though nobody could know it; `untold`: incidents that say another thing than the record; `said`:
 * all that was said of it, each minute and afterwards.
 */
type Judged = { kind: string; isRight: boolean; labels: string[]; claims: string[]; untold: string[]; said: Said[] };

async function play(world: World, outages: Outage[]): Promise<Judged[]> {
  const claims = new Map<Outage, string[]>(outages.map((outage) => [outage, []]));
  const said = new Map<Outage, Said[]>(outages.map((outage) => [outage, []]));
  for (const outage of outages) world.time.later(world.random.next() * 5 * minute, outage.begin);
  const lastsMs = (20 + world.random.below(20)) * minute;
  for (let at = 0; at < lastsMs; at += minute) {
    await world.pass(minute);
    for (const outage of outages) {
      claims.get(outage)?.push(...claimsOf(world, outage));
      said.get(outage)?.push(...liveOf(world, outage));
    }
  }
  for (const outage of outages) outage.end();
  await world.pass(returnMs);
  return outages.map((outage) => ({
    ...labelled(world, outage),
    claims: claims.get(outage) ?? [],
    said: [...(said.get(outage) ?? []), ...afterOf(world, outage)],
  }));
}

/** What happens in a round: one outage at each site, at different times. */
function scriptsOf(world: World, round: number): Outage[] {
  const at = (path: string) => ({ ...world, pcs: world.pcs.filter((pc) => pc.path.startsWith(`${path}/`)) });
  const plain = [intended, powerCut, linkDown, alone, powerCut, linkDown];
  const hill = [powerCutWithUps, powerCutWithUps, linkDown, powerCutWithUps, intended];
  const turn = (kinds: typeof plain, by: number) => kinds[(round + by) % kinds.length] as (typeof plain)[number];
  return [
    ...[0, 1, 2, 3, 4].map((site) => turn(plain, site)(at(`state-${site}/office`))),
    ...[0, 1, 2, 3, 4].map((site) => turn(hill, site)(at(`hill-${site}/office`))),
    // The only PC of its site, dark without a word: what it was nobody can tell, not even afterwards. These count as wrong.
    (round === 2 ? powerCut : linkDown)(at('alone-1/office')),
    (round === 4 ? powerCut : intended)(at('alone-2/office')),
    upstream(at('valley')),
  ];
}

function claimsOf(world: World, { kind, how, pcs, canKnow }: Outage): string[] {
  if (canKnow) return [];
  return pcs.flatMap(({ path }) => {
    const outage = outageAt(world, path);
    const isClaim = outage && (outage.cause === 'power-cut' || outage.cause === 'link-down') && outage.confidence > 0.6;
    return isClaim ? [`${path}, ${kind} (${how}): ${outage.cause} ${outage.confidence}`] : [];
  });
}

function labelled(world: World, { kind, how, pcs, truth }: Outage): Omit<Judged, 'claims' | 'said'> {
  const found = pcs.map(({ path }) => ({ path, absence: absenceOf(world, path) }));
  const { incidents } = rowsOf(world);
  const untold = found.filter(({ absence }) => {
    const incident = incidents.find(({ id }) => id === absence?.incident);
    return incident !== undefined && (incident.outage?.cause !== absence?.cause || incident.outage?.to !== absence?.to);
  });
  return {
    kind,
    labels: found.map(({ path, absence }) => `${path} (${how}) ${absence?.cause} ${absence?.confidence}`),
    isRight: found.every(({ absence }) => absence?.to !== null && absence?.cause === truth),
    untold: untold.map(({ path }) => path),
  };
}

function liveOf(world: World, { kind, pcs, truth }: Outage): Said[] {
  const outages = pcs.flatMap(({ path }) => outageAt(world, path) ?? []);
  return outages.map(({ cause, confidence }) => ({ kind, when: 'live', cause, confidence, truth, isTwin: false }));
}

function afterOf(world: World, { kind, pcs, truth }: Outage): Said[] {
  const absences = pcs.flatMap(({ path }) => absenceOf(world, path) ?? []);
  return absences.map(({ cause, confidence }) => ({ kind, when: 'after', cause, confidence, truth, isTwin: false }));
}
