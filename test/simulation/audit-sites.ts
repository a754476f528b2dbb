/** Audits by R15 (close) that nobody is notified of sites that are not live, or of removed PCs. */
import { isPcPath, siteOf } from '@sabha/contracts';
import { isWaiting } from '../../flows/engine/transitions/transitions.ts';
import type { Rows } from './rows.ts';
import { epochMs } from './time.ts';
import { clockOf, type World } from './world.ts';

/** Time in milliseconds for messages that were already being sent, equal to the time limit of an offer. */
const underWayMs = 15_000;

/** The server raises nothing for a room that it does not watch, and nobody is notified of that room. */
export function nothingOfOthers(world: World, { incidents, transitions, outbox }: Rows): string[] {
  const { dates } = world.centre.seen;
  const news = new Map(transitions.filter(({ kind }) => kind === 'raised' || kind === 'worsened').map((one) => [one.id, one]));
  const scopeOf = (id: number) => incidents.find((one) => one.id === id)?.scope ?? '';
  const within = (path: string, at: number, slackMs: number) =>
    world.unwatched.some((one) => one.path === path && at > one.from + slackMs) ||
    closedTimes(world, path).some(({ from, to }) => at > from + slackMs && at < to);
  const raised = [...news.values()].flatMap((one) => {
    const scope = scopeOf(one.incident);
    const at = dates.decided(one.id) ?? one.at - epochMs;
    return within(scope, at, 0) ? [`${scope} is not watched, and at ${clockOf(at)} ${one.about[0]?.fault} is ${one.kind}`] : [];
  });
  // After a suspension of the server, a raise and its end are written at the same moment, in this order.
  const ends = new Map(transitions.filter(({ kind }) => kind === 'closed').map((one) => [one.id, one.incident]));
  const isClosedAtOnce = ({ incident, person, at }: { incident: number; person: string; at: number }) =>
    outbox.some(
      (row) => row.person === person && ends.get(row.transition ?? 0) === incident && Math.abs((dates.written(row.key) ?? 0) - at) < 1_000,
    );
  const told = outbox.flatMap((row) => {
    const one = news.get(row.transition ?? 0);
    const at = dates.written(row.key) ?? row.createdAt - epochMs;
    // A second channel after a failure is not a new message, and it says that the incident is over.
    if (one !== undefined && isClosedAtOnce({ incident: one.incident, person: row.person, at })) return [];
    return one !== undefined && row.key.split('/').length === 3 && within(scopeOf(one.incident), at, underWayMs)
      ? [`${row.key} is told of a room that is not watched`]
      : [];
  });
  return [...raised, ...told];
}

/** Returns when the site of a room was not live, by the commits of the ledger. */
function closedTimes({ centre }: World, path: string): { from: number; to: number }[] {
  if (!isPcPath(path)) return [];
  const stages = centre.seen.dates.stages(siteOf(path));
  return stages.flatMap(({ stage, at }, index) =>
    stage === 'live' ? [] : [{ from: at, to: stages[index + 1]?.at ?? Number.POSITIVE_INFINITY }],
  );
}

/** No incident of a room that the server does not watch stays open, and each notified person is notified of the closure. */
export function closedIsTold(world: World, { incidents, transitions, outbox }: Rows): string[] {
  const open = incidents.filter(({ over, scope }) => over === null && !scope.startsWith('centre') && !world.isWatched(scope));
  const closed = incidents.filter(({ over }) => over === 'closed');
  const untold = closed.flatMap(({ id, told, closedBecause }) => {
    const last = transitions.find((one) => one.incident === id && one.kind === 'closed');
    if (last === undefined) return [`incident ${id} was closed (${closedBecause}), and nothing says so`];
    if (isWaiting(last)) return [];
    // The default route and a catch node notify only central.
    if (/default route|error on the tab/.test(last.conclusion ?? '')) return [];
    const reached = new Set(outbox.filter((row) => row.transition === last.id).map(({ person }) => person));
    return told
      .filter(({ person }) => !reached.has(person))
      .map(({ person }) => `${person} was told of incident ${id}, not that it is closed`);
  });
  return [...open.map(({ scope }) => `${scope} is not watched and has an open incident`), ...untold];
}
