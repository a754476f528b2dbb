/** Audits R27 (quota and backpressure): how often people are notified of a room or of a shared cause. */
import { budgets, causeKindOf, faultOf, isPcPath } from '@sabha/contracts';
import type { Transition } from '../../flows/engine/records/incidents.ts';
import { isEnd } from '../../flows/engine/transitions/incident.ts';
import { hasWaited, isWaiting } from '../../flows/engine/transitions/transitions.ts';
import { centreStepMs } from './disturbances.ts';
import { isMuting, type Rows } from './rows.ts';
import { epochMs } from './time.ts';
import { clockOf, type World } from './world.ts';

const hourMs = 3_600_000;
/** Tolerance for the transmission and for a repeated offer, in milliseconds. */
const slackMs = 30_000;

type Message = { transition: Transition; at: number };

/** Groups the messages by scope, for scopes with a rate limit, in order. */
function messagesOf({ centre }: World, { incidents, transitions, outbox }: Rows): Map<string, Message[]> {
  const scopes = new Map(incidents.map(({ id, scope }) => [id, scope]));
  const firstAt = new Map<number, number>();
  for (const { key, transition, createdAt, notice } of outbox) {
    const at = centre.seen.dates.written(key) ?? createdAt - epochMs;
    if (transition !== null && notice.digest === undefined) firstAt.set(transition, Math.min(at, firstAt.get(transition) ?? at));
  }
  const told = transitions.flatMap((one) => {
    const at = firstAt.get(one.id);
    return at === undefined ? [] : [{ scope: scopes.get(one.incident) ?? '', transition: one, at }];
  });
  const paced = told.filter(({ scope }) => isPcPath(scope) || causeKindOf(scope) !== undefined).toSorted((a, b) => a.at - b.at);
  return Map.groupBy(paced, ({ scope }) => scope);
}

/**
 * Each room and each shared cause gets at most three messages an hour, also across restarts of `flows`. Exceptions: critical faults that
 * are new in the hour, requests of people, and messages that no tab concluded. Each clock step allows three more.
 */
export function fewAnHour(world: World, rows: Rows): string[] {
  const most = budgets.messagesAnHour.most * (1 + world.centre.seen.steps);
  return [...messagesOf(world, rows)].flatMap(([scope, all]) => {
    const usual = all.filter((one, index) => !isBesides(one, all.slice(0, index)));
    const counts = usual.map(({ at }) => usual.filter((one) => one.at >= at && one.at < at + hourMs - slackMs).length);
    const over = Math.max(0, ...counts);
    return over <= most ? [] : [`${scope}: ${over} messages within an hour, and ${most} is the most`];
  });
}

/**
 * Whether the limit does not apply: requests of people, transitions that no tab concluded, and critical faults that are new in this hour.
 */
function isBesides({ transition, at }: Message, earlier: readonly Message[]): boolean {
  if (transition.again !== undefined || /default route|error on the tab/.test(transition.conclusion ?? '')) return true;
  const isNews = (one: Message) => !isEnd(one.transition) && one.transition.again === undefined && one.at > at - hourMs;
  const before = earlier.filter(isNews).flatMap((one) => one.transition.about);
  return !isEnd(transition) && criticalOf(transition).some((fault) => !before.some((one) => one.fault === fault));
}

/**
 * A transition may be delayed or only counted if its room had reached the limit. People must also have been notified of its critical faults
 * within that hour.
 */
export function heldWithReason(world: World, rows: Rows): string[] {
  const scopes = new Map(rows.incidents.map(({ id, scope }) => [id, scope]));
  const all = messagesOf(world, rows);
  return rows.transitions.filter(hasWaited).flatMap((one) => {
    const scope = scopes.get(one.incident) ?? '';
    const at = world.centre.seen.dates.decided(one.id) ?? one.at - epochMs;
    const about = (all.get(scope) ?? []).filter(
      (message) => message.transition.id !== one.id && message.at > at - hourMs - slackMs - putMs(world),
    );
    const what = `${scope} at ${clockOf(at)}: ${one.kind} ${one.about.map(({ fault }) => fault).join(', ')} was held back`;
    if (about.length < budgets.messagesAnHour.most) return [`${what}, and only ${about.length} messages were told`];
    const told = new Set(about.flatMap(({ transition }) => transition.about.map(({ fault }) => fault)));
    const untold = isEnd(one) || one.severity !== 'critical' ? [] : criticalOf(one).filter((fault) => !told.has(fault));
    return untold.map((fault) => `${what}, and nobody was told of ${fault}, which is critical`);
  });
}

/** A room is muted only after more transitions in an hour than the limits for notified and counted ones. */
export function mutedWithReason(world: World, { incidents, transitions }: Rows): string[] {
  const scopes = new Map(incidents.map(({ id, scope }) => [id, scope]));
  const atOf = (one: Transition) => world.centre.seen.dates.decided(one.id) ?? one.at - epochMs;
  const news = transitions.filter((one) => !isEnd(one));
  const muted = news.flatMap((one) => one.about.filter(isMuting).map(({ device }) => ({ pc: device, at: atOf(one) })));
  return muted.flatMap(({ pc, at }) => {
    const own = news.filter(
      (one) => scopes.get(one.incident) === pc && atOf(one) <= at && atOf(one) > at - hourMs - slackMs - putMs(world),
    );
    return own.length >= budgets.toldAnHour.most ? [] : [`${pc} was muted at ${clockOf(at)} for ${own.length} news in the hour before`];
  });
}

/** Whether the transition still waits for the hourly limit, for less than two hours. */
export function isInTurn(world: World, one: Transition): boolean {
  const at = world.centre.seen.dates.decided(one.id) ?? one.at - epochMs;
  return isWaiting(one) && world.time.now() - at < 2 * hourMs;
}

/**
 * A restarted server reads the last hour from the ledger. The clock of the ledger may have been stepped back and forth, so the limit may
 * then differ.
 */
function putMs({ centre }: World): number {
  return centre.seen.steps > 0 ? 2 * centreStepMs : 0;
}

function criticalOf({ about }: Transition): string[] {
  return about.map(({ fault }) => fault).filter((fault) => faultOf(fault)?.severity === 'critical');
}
