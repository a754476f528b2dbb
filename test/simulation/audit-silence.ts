/** Audits the silence of PCs: R16 (sessions and births), R18 (silence), R18a (canary), R30 (replacement). */
import { links, willGraceMs } from '@sabha/contracts';
import type { Transition } from '../../flows/engine/records/incidents.ts';
import type { Arrival } from './centre-machine.ts';
import { type Rows, rowsOf } from './rows.ts';
import { epochMs } from './time.ts';
import { clockOf, type World } from './world.ts';

/** A PC is silent only in the cases of R18. */
export function noFalseSilence(world: World, { transitions, incidents }: Rows): string[] {
  return transitions.flatMap((one) => {
    const scope = incidents.find(({ id }) => id === one.incident)?.scope ?? '';
    const { dates } = world.centre.seen;
    const at = dates.decided(one.id) ?? one.at - epochMs;
    const silent =
      one.kind === 'raised' || one.kind === 'worsened'
        ? one.about.filter(({ fault }) => fault === 'pc.silent' || fault === 'centre.unheard')
        : [];
    return silent.flatMap(({ fault, device }) => {
      const pc = fault === 'pc.silent' ? scope : device;
      const wrong = falseSilence(world, pc, dates.toldSince(one.id, `${fault}|${device}`) ?? at);
      return wrong === undefined ? [] : [`${pc} is called silent at ${clockOf(at)}, ${wrong}`];
    });
  });
}

/**
 * A site is reported as dark only if at least one of its PCs may be reported as silent. The same holds for the sites of a shared cause
 * (R19a).
 */
export function noFalseCause(world: World, { transitions, incidents }: Rows): string[] {
  // Includes the hostile PC.
  const every = rowsOf(world);
  const isNews = ({ kind }: Transition) => kind === 'raised' || kind === 'worsened';
  return transitions.filter(isNews).flatMap((one) => {
    const incident = incidents.find(({ id }) => id === one.incident);
    const members = incident?.spread?.members ?? [];
    if (!one.about.some(({ fault }) => fault.startsWith('outage.') && fault !== 'outage.power')) return [];
    const at = world.centre.seen.dates.decided(one.id) ?? one.at - epochMs;
    // All PCs that ever sent a message, including the hostile one.
    const pcs = [...world.centre.seen.arrivals.keys()];
    const all = pcs.filter((pc) => members.some((member) => pc === member || pc.startsWith(`${member}/`)));
    const wrong = all.map((pc) => (isSilent(world, every, pc, at) ? undefined : falseSilence(world, pc, at)));
    return wrong.includes(undefined) ? [] : [`${incident?.scope} is called dark at ${clockOf(at)}, ${wrong[0] ?? 'though it has no PC'}`];
  });
}

/**
 * Whether the PC was already found silent and has sent nothing since. Another check audits that finding. A restart of the server changes
 * neither.
 */
function isSilent({ centre }: World, { transitions, incidents }: Pick<Rows, 'transitions' | 'incidents'>, pc: string, at: number): boolean {
  const words = (centre.seen.arrivals.get(pc) ?? []).filter((one) => !one.lost);
  const own = new Set(incidents.filter(({ scope }) => scope === pc).map(({ id }) => id));
  return transitions.some(({ id, incident, kind, about }) => {
    const calledAt = centre.seen.dates.decided(id);
    const isCalled = own.has(incident) && (kind === 'raised' || kind === 'worsened') && about.some(({ fault }) => fault === 'pc.silent');
    return isCalled && calledAt !== undefined && calledAt < at && !words.some((one) => one.at > calledAt && one.at <= at);
  });
}

/** A silent PC without a separate notification belongs to a shared cause that people know of (R19a). */
export function explainedIsTold({ incidents }: Rows): string[] {
  const byId = new Map(incidents.map((one) => [one.id, one]));
  const isKnown = (id: number | undefined): boolean => {
    const cause = byId.get(id ?? 0);
    return cause !== undefined && (cause.told.length > 0 || isKnown(cause.parent));
  };
  const silent = incidents.filter(
    ({ over, faults }) => over === null && faults.some(({ fault, hidden }) => fault === 'pc.silent' && hidden),
  );
  return silent.flatMap(({ scope, parent, told }) => (told.length > 0 || isKnown(parent) ? [] : [`nobody knows why ${scope} is silent`]));
}

/** Returns why a PC must not be silent at this time, or undefined if it may be. */
function falseSilence({ centre, link, former }: World, pc: string, at: number): string | undefined {
  const session = centre.seen.subscribed.filter((one) => one.at <= at).at(-1);
  if (!session?.up) return 'though flows was not subscribed';
  const arrived = (centre.seen.arrivals.get(pc) ?? []).filter((one) => one.at <= at);
  // At a path with an earlier machine, a session counts from its birth on (R30).
  const heard = former.some((one) => one.path === pc && one.isRemoved(at)) ? arrived.filter((one) => isBorn(one, arrived)) : arrived;
  // A last will is not a message of the PC. At a path with an earlier machine it may belong to that machine (R30).
  const last = Math.max(session.at, heard.findLast(({ lost }) => !lost)?.at ?? 0);
  // The simulation records arrivals at once, but the server judges silence once a second.
  if (at - last >= links[link].silentMs - 1_000) return undefined;
  const words = heard.filter((one) => !one.lost && one.session !== null);
  const will = heard.find((one) => one.lost && isLastWord(one, words));
  if (will === undefined) return `though it was heard ${Math.round(at - last)} ms before and no will of its last session has come`;
  return at - Math.max(session.at, will.at) >= willGraceMs - 1_000 ? undefined : 'before the grace of its will was over';
}

function isBorn({ at, session }: Arrival, arrived: readonly Arrival[]): boolean {
  return session === null || arrived.some((one) => one.born && one.session === session && one.at <= at);
}

/** A last will counts unless a newer session sent a message before or after it (R16). */
function isLastWord(will: Arrival, words: readonly Arrival[]): boolean {
  const session = will.session ?? 0;
  const before = words.filter((one) => one.at <= will.at).at(-1);
  return (before?.session ?? 0) <= session && !words.some((one) => one.at > will.at && (one.session ?? 0) > session);
}
