/** Audits snoozed incidents and places under maintenance. */
import { faultOf, isPcPath, isWithin, type Severity, scopePlace } from '@sabha/contracts';
import type { Incident, Transition } from '../../flows/engine/records/incidents.ts';
import type { OutboxRow } from '../../flows/engine/records/notices.ts';
import type { Maintenance } from '../../flows/engine/records/sites.ts';
import { isWorse } from '../../flows/engine/transitions/incident.ts';
import { hasWaited } from '../../flows/engine/transitions/transitions.ts';
import { longestQuiet, standingTimes } from './audit-times.ts';
import type { Span } from './dates.ts';
import type { History } from './history.ts';
import { zone } from './quiets.ts';
import { type Rows, wasMuted } from './rows.ts';
import { epochMs } from './time.ts';
import { clockOf, type World } from './world.ts';

const minute = 60_000;
/** Time in milliseconds for messages that were already being sent, equal to the time limit of an offer. */
const underWayMs = 15_000;
/** Tolerance for the transmission, a repeated offer and the default route. */
const tellingMs = 150_000;

/**
 * A new critical fault, or a fault worse than the snoozed severity, ends a snooze at once. Until then nobody is notified, and each snooze
 * ends in time.
 */
export function quietHidesNothing(world: World, rows: Rows): string[] {
  return rows.incidents.flatMap((incident) => {
    const spans = quietsOf(incident);
    if (spans.length === 0) return [];
    const news = rows.transitions.filter((one) => one.incident === incident.id && isNews(one));
    const within = (at: number) => spans.some(({ from, to }) => at > from && at < to);
    const hidden = news.filter((one) => one.again === undefined && within(one.at) && endsQuiet(world, one));
    const ids = new Set(news.filter(isUsual).map(({ id }) => id));
    // A stepped clock makes these dates incomparable.
    const isDated = world.centre.seen.steps === 0;
    const told = isDated ? rows.outbox.filter((row) => isOf(row, ids) && within(row.createdAt) && within(row.createdAt - underWayMs)) : [];
    return [
      ...hidden.map((one) => `${incident.scope}: ${namesOf(one)} at ${clockOf(one.at - epochMs)} was hidden by a quiet`),
      ...told.map(({ key }) => `${key} is told of ${incident.scope} while it is quiet`),
      ...(incident.over === null && incident.snoozed !== undefined ? [`${incident.scope} is quiet for ever`] : []),
    ];
  });
}

/** Returns when an incident was snoozed, by the clock of the server. */
function quietsOf({ deeds = [], overAt }: Incident): Span[] {
  const spans: Span[] = [];
  const end = overAt ?? Number.POSITIVE_INFINITY;
  for (const { did, at } of deeds) {
    const last = spans.at(-1);
    // A repeated snooze extends the first.
    if (did === 'snoozed' && spans.at(-1)?.to !== end) spans.push({ from: at, to: end });
    if (did === 'awake' && last !== undefined) last.to = Math.min(last.to, at);
  }
  return spans;
}

function endsQuiet({ centre }: World, { incident, about }: Transition): boolean {
  const before = centre.seen.snoozed.filter((one) => one.incident === incident).map(({ severity }) => severity);
  const severities = about.flatMap<Severity>(({ fault }) => faultOf(fault)?.severity ?? []);
  return severities.some((severity) => severity === 'critical' || before.every((one) => isWorse(severity, one)));
}

/**
 * People are notified when maintenance starts and ends, and then of the remaining faults. During the maintenance they are not notified of
 * new faults.
 */
export function maintenanceIsTold(history: History, world: World, rows: Rows): string[] {
  const held = rows.incidents.filter(({ scope }) => scopePlace(scope) !== undefined);
  return [
    ...plansOf(world).flatMap((plan) => beginsInSight(history, world, { plan, held, rows })),
    ...held.flatMap((one) => [...endsToo(one, rows), ...tellsNothing(world, one, rows), ...tellsWhatIsLeft(history, world, one, rows)]),
  ];
}

function plansOf({ centre }: World): Maintenance[] {
  const found = centre.db().prepare('SELECT row FROM maintenance').all();
  return found.map(({ row }) => JSON.parse(String(row)) as Maintenance);
}

/** People are notified of planned maintenance of a known place if the server works for long enough. */
function beginsInSight(history: History, world: World, at: { plan: Maintenance; held: Incident[]; rows: Rows }): string[] {
  const { plan, held, rows } = at;
  const { id, scope, start, minutes } = plan;
  const from = Temporal.PlainDateTime.from(start).toZonedDateTime(zone).epochMilliseconds - epochMs;
  const centreOnly = { ...history, quiets: [], siteActs: [], restores: [] };
  const isSeen = longestQuiet(centreOnly, nobody, from, from + minutes * minute) >= tellingMs;
  const isThere = world.centre.centre()?.sites.table().node(scope) !== undefined && !world.unwatched.some(({ path }) => path === scope);
  if (!isSeen || !isThere || world.centre.seen.steps > 0) return [];
  const own = held.filter(({ faults, ended = [] }) => [...faults, ...ended].some(({ device }) => device.startsWith(`${id}@`)));
  const isTold = own.some(({ id: incident }) =>
    rows.transitions.some((one) => one.incident === incident && isNews(one) && reached(one, rows)),
  );
  return isTold ? [] : [`${id}: nobody was told that ${scope} is maintained from ${clockOf(from)}`];
}

/** A number that no PC of a history has. */
const nobody = -1;

/** Maintenance ends, and each person who was notified of its start is notified of its end. */
function endsToo({ id, scope, over }: Incident, { transitions, outbox }: Rows): string[] {
  if (over === null) return [`${scope} still goes on`];
  const own = transitions.filter(({ incident }) => incident === id);
  const ids = new Set(own.filter((one) => isNews(one) && isUsual(one)).map((one) => one.id));
  const last = own.find(({ kind }) => kind === 'cleared');
  if (last !== undefined && !isUsual(last)) return [];
  const ends = new Set(outbox.filter(({ transition }) => transition === last?.id).map(({ person }) => person));
  const began = new Set(outbox.filter((row) => isOf(row, ids)).map(({ person }) => person));
  return [...began]
    .filter((person) => !ends.has(person))
    .map((person) => `${person} was told that ${scope} begins, and not that it is over`);
}

function tellsNothing(world: World, maintenance: Incident, rows: Rows): string[] {
  const spans = world.centre.seen.dates.spans(maintenance.id);
  const path = scopePlace(maintenance.scope) ?? '';
  const rooms = new Set(rows.incidents.filter(({ scope }) => isPcPath(scope) && isWithin(path, scope)).map(({ id }) => id));
  // A clock step ends maintenance, with a notification, and starts it again.
  const isLeft = ({ again }: Transition) => world.centre.seen.steps > 0 && again?.why === 'maintained';
  const news = rows.transitions.filter((one) => rooms.has(one.incident) && isNews(one) && isUsual(one) && !isLeft(one));
  const ids = new Set(news.map(({ id }) => id));
  return rows.outbox.flatMap((row) => {
    const at = world.centre.seen.dates.written(row.key) ?? row.createdAt - epochMs;
    return isOf(row, ids) && spans.some(({ from, to }) => at > from + underWayMs && at < to)
      ? [`${row.key} is told at ${clockOf(at)} of ${path}, which is maintained`]
      : [];
  });
}

/** People are notified of a fault of a room that began before the end of the maintenance and lasts long enough after it. */
function tellsWhatIsLeft(history: History, world: World, maintenance: Incident, rows: Rows): string[] {
  const span = world.centre.seen.dates.spans(maintenance.id).at(-1);
  const path = scopePlace(maintenance.scope) ?? '';
  if (span === undefined) return [];
  const rooms = new Map(rows.incidents.filter(({ scope }) => isPcPath(scope) && isWithin(path, scope)).map((one) => [one.id, one.scope]));
  // A clock step ends maintenance and starts it again.
  const again = rows.incidents.filter(({ scope }) => scope === maintenance.scope).flatMap(({ id }) => world.centre.seen.dates.spans(id));
  return standingTimes(history).flatMap(({ pc, key, from, to }) => {
    const [fault = '', device = ''] = key.split('|');
    const needed = (faultOf(fault)?.holdMs ?? 0) + tellingMs;
    // People may instead be notified of a parent fault, which hides this one.
    const names = [fault, ...(faultOf(fault)?.parents ?? [])];
    const isHere = [...rooms.values()].includes(world.pc(pc).path);
    const isOver = !again.some((one) => one.from >= span.to && one.from < span.to + needed);
    const isLong = isOver && from < span.to && longestQuiet(history, pc, span.to, to) >= needed;
    if (!isHere || !isLong || isHidden(history, { pc, key, from, to }) || wasMuted(rows, world.pc(pc).path)) return [];
    const news = rows.transitions.filter(
      (one) =>
        rooms.get(one.incident) === world.pc(pc).path &&
        isNews(one) &&
        // A notification from before the maintenance does not count.
        (world.centre.seen.dates.decided(one.id) ?? one.at - epochMs) >= span.from &&
        one.about.some((about) => names.includes(about.fault) && (about.fault !== fault || about.device === device)),
    );
    const isTold = news.some((one) => hasWaited(one) || !isUsual(one) || writtenOf(world, one, rows).some((at) => at >= span.to));
    return isTold
      ? []
      : [`${world.pc(pc).path}: ${key} still stood at ${clockOf(span.to)}, when its maintenance ended, and nobody was told`];
  });
}

function isHidden(history: History, { pc, key, from, to }: ReturnType<typeof standingTimes>[number]): boolean {
  const parents = faultOf(key.split('|')[0] ?? '')?.parents ?? [];
  return standingTimes(history).some(
    (one) => one.pc === pc && parents.includes(one.key.split('|')[0] ?? '') && one.from <= to && one.to >= from,
  );
}

function writtenOf(world: World, { id }: Transition, { outbox }: Rows): number[] {
  const own = outbox.filter(({ transition }) => transition === id);
  return own.map(({ key, createdAt }) => world.centre.seen.dates.written(key) ?? createdAt - epochMs);
}

/** Whether the tabs or the default route notified somebody. */
function reached(one: Transition, { outbox }: Rows): boolean {
  return !isUsual(one) || outbox.some(({ transition }) => transition === one.id);
}

function isNews({ kind }: Transition): boolean {
  return kind === 'raised' || kind === 'worsened';
}

/** Whether neither a catch node nor the default route concluded the transition. Both may notify central at any time. */
function isUsual({ conclusion }: Transition): boolean {
  return !/default route|error on the tab/.test(conclusion ?? '');
}

/** A message on a second channel after a failure of the first is not a new message. */
function isOf({ key, transition }: OutboxRow, ids: ReadonlySet<number>): boolean {
  return ids.has(transition ?? 0) && key.split('/').length === 3;
}

function namesOf({ about }: Transition): string {
  return about.map(({ fault }) => fault).join(', ');
}
