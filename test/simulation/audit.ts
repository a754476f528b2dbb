/** The audit at the end of a history. Returns one line for each broken guarantee. */
import { DatabaseSync } from 'node:sqlite';
import { type EventMessage, faultOf } from '@sabha/contracts';
import type { IncidentFault, Transition } from '../../flows/engine/records/incidents.ts';
import type { OutboxRow } from '../../flows/engine/records/notices.ts';
import { isEnd } from '../../flows/engine/transitions/incident.ts';
import { hasWaited, isWaiting } from '../../flows/engine/transitions/transitions.ts';
import { openInThread } from '../../flows/storage/ledger/ledger.ts';
import { fewAnHour, heldWithReason, isInTurn, mutedWithReason } from './audit-pace.ts';
import { nobodyOutside } from './audit-people.ts';
import { maintenanceIsTold, quietHidesNothing } from './audit-quiet.ts';
import { explainedIsTold, noFalseCause, noFalseSilence } from './audit-silence.ts';
import { closedIsTold, nothingOfOthers } from './audit-sites.ts';
import { longestQuiet, standingTimes } from './audit-times.ts';
import { centreStepMs } from './disturbances.ts';
import type { History } from './history.ts';
import type { Delivery } from './people.ts';
import { isMuting, isOfHostile, type Rows, rowsOf, rowsOfOthers, wasMuted } from './rows.ts';
import { contentOf, type Kept } from './spool-record.ts';
import { epochMs } from './time.ts';
import { clockOf, type World } from './world.ts';

/** Returns one line for each broken guarantee in a completed history. `twin` is the same history without disturbances. */
export async function audit(history: History, world: World, twin: World): Promise<string[]> {
  const rows = rowsOfOthers(world);
  return [
    ...(await ledgerIsWhole(history, world)),
    ...machinesByPath(world).flatMap(([path, kept]) => eventsArrived(world, path, kept)),
    ...spoolsAreEmpty(world),
    ...sameIncidents(world, twin),
    ...nothingWaits(world, rows),
    ...eachStandingFaultIsTold(rows),
    ...whatStoodLongWasTold(history, world, rows),
    ...noGoodNewsForStrangers(rows),
    ...fewDuplicates(world),
    ...hostileIsNoNoise(world, rowsOf(world)),
    ...noFalseSilence(world, rows),
    ...noFalseCause(world, rows),
    ...explainedIsTold(rows),
    ...nothingOfOthers(world, rows),
    ...closedIsTold(world, rows),
    ...fewAnHour(world, rows),
    ...heldWithReason(world, rows),
    ...mutedWithReason(world, rows),
    ...nobodyOutside(world, rowsOf(world)),
    ...quietHidesNothing(world, rowsOf(world)),
    ...maintenanceIsTold(history, world, rowsOf(world)),
    ...world.centre.seen.open.twice,
  ];
}

/**
 * Returns all events that were ever on the disks of the machines at each path. Events of a machine that was removed or not watched may be
 * lost.
 */
function machinesByPath(world: World): [string, Kept[]][] {
  const paths = new Map<string, Kept[]>();
  for (const pc of [...world.former, ...world.pcs]) {
    const lost = pc.isRemoved() || !world.isWatched(pc.path);
    const kept = pc.record.kept.map((one) => (lost ? { ...one, excused: one.excused ?? 'taken away' } : one));
    paths.set(pc.path, [...(paths.get(pc.path) ?? []), ...kept]);
  }
  return [...paths];
}

async function ledgerIsWhole({ restores }: Pick<History, 'restores'>, world: World): Promise<string[]> {
  const { integrity } = await openInThread(world.centre.db()).audit();
  const others = ledgerOfOthers(world);
  const { twice, gaps, forks } = await openInThread(others).audit();
  const lines = integrity === 'ok' ? [] : [`the ledger is damaged: ${integrity}`];
  if (twice > 0) lines.push(`${twice} events stand twice in the ledger`);
  const unknown = gaps - gapsOfLost(world, others);
  if (unknown > 0) lines.push(`${unknown} gaps in the ledger`);
  if (forks > 0 && restores.length === 0) lines.push(`${forks} forks, though no disk was restored`);
  return lines;
}

/**
 * Counts the missing numbers of events on a lost disk or a removed machine. Such events can only be counted (R5, "the ack always
 * advances").
 */
function gapsOfLost(world: World, db: DatabaseSync): number {
  const lost = machinesByPath(world).flatMap(([, kept]) => kept.filter(({ excused }) => excused !== null).flatMap(({ places }) => places));
  const counted = db.prepare(
    `SELECT 1 FROM settled t JOIN spools s ON s.id = t.spool WHERE why = 'gap' AND s.spool = ? AND ? BETWEEN a AND b`,
  );
  return lost.filter(({ spool, seq }) => counted.get(spool, seq) !== undefined).length;
}

/** Returns a copy of the ledger without the spools that a hostile PC invented. */
function ledgerOfOthers({ centre, hostile }: World): DatabaseSync {
  if (hostile === null) return centre.db();
  const db = new DatabaseSync(':memory:');
  db.deserialize(centre.db().serialize());
  const its = db.prepare('SELECT id FROM spools WHERE pc = ?').all(hostile.path);
  for (const { id } of its) {
    for (const table of ['events', 'forks', 'settled']) db.prepare(`DELETE FROM ${table} WHERE spool = ?`).run(Number(id));
    db.prepare('DELETE FROM spools WHERE id = ?').run(Number(id));
  }
  return db;
}

/** Each event that was ever on a disk is in the ledger exactly once, or its loss is declared. */
export function eventsArrived(world: World, pc: string, kept: readonly Kept[]): string[] {
  const db = world.centre.db();
  const held = new Map<string, number>();
  const query = 'SELECT e.* FROM events e JOIN spools s ON s.id = e.spool WHERE s.pc = ?';
  for (const row of db.prepare(query).all(pc) as (EventMessage & { body: string })[]) {
    const content = contentOf(row as never);
    held.set(content, (held.get(content) ?? 0) + 1);
  }
  const wanted = new Map<string, { needed: number; most: number; one: Kept }>();
  for (const one of kept) {
    const { needed, most } = wanted.get(one.content) ?? { needed: 0, most: 0 };
    wanted.set(one.content, { needed: needed + (one.excused === null ? 1 : 0), most: most + 1, one });
  }
  const lines: string[] = [];
  for (const [content, { needed, most, one }] of wanted) {
    const count = held.get(content) ?? 0;
    const where = one.places.map(({ spool, seq }) => `${spool}/${seq}`).join(', ');
    if (count < needed) lines.push(`${pc} lost an event: ${where} ${content}`);
    if (count > most) lines.push(`${pc} has an event ${count} times: ${where} ${content}`);
  }
  for (const content of held.keys()) if (!wanted.has(content)) lines.push(`${pc} has an event that was never on its disk: ${content}`);
  return lines;
}

export function spoolsAreEmpty(world: World): string[] {
  return world.pcs.flatMap(({ path, agent, isRemoved }) => {
    if (isRemoved() || !world.isWatched(path)) return [];
    const spool = agent()?.spool;
    if (spool === undefined) return [`${path} does not run`];
    const { id, last } = spool.range();
    return spool.acked() === last ? [] : [`${path}: the spool ${id} is acknowledged up to ${spool.acked()} of ${last}`];
  });
}

/** The open faults at the end equal those of the rooms and those of the run without disturbances. A muted room has none. */
function sameIncidents(world: World, twin: World): string[] {
  const muted = mutedIn(world);
  const seen = (lines: string[]) => lines.filter((line) => !muted.some((path) => line.startsWith(`${path}:`))).join('; ');
  const [own, truth, undisturbed] = [openIn(world), truthOf(world), openIn(twin)].map(seen);
  return [
    ...(own === truth ? [] : [`open: ${own} | true: ${truth}`]),
    ...(own === undisturbed ? [] : [`open: ${own} | undisturbed: ${undisturbed}`]),
  ];
}

function truthOf(world: World): string[] {
  const watched = world.pcs.filter(({ path, isRemoved }) => !isRemoved() && world.isWatched(path));
  return watched.flatMap(({ path, room }) => (room.faults().length === 0 ? [] : [`${path}: ${room.faults().join(', ')}`])).sort();
}

function mutedIn(world: World): string[] {
  const centre = rowsOf(world).incidents.find(({ scope, over }) => scope === 'centre' && over === null);
  return centre?.faults.flatMap((one) => (isMuting(one) && one.goneAt === null ? [one.device] : [])) ?? [];
}

function openIn(world: World): string[] {
  // A fault of a channel ends only at the next delivery of that channel. A server fault that returned is watched for half an hour, longer
  // than a history.
  const isMended = ({ fault, goneAt }: IncidentFault) =>
    (fault === 'centre.channel_failing' && world.centre.post.trouble === null) || (fault.startsWith('centre.') && goneAt !== null);
  // A room stays muted for an hour.
  return rowsOfOthers(world)
    .incidents.filter(({ over }) => over === null)
    .flatMap(({ scope, faults, flapping }) => {
      // A flapping minor fault ends after two hours without it, longer than a history.
      const isCalm = ({ severity, goneAt }: IncidentFault) => flapping && severity === 'minor' && goneAt !== null;
      const standing = faults.filter((fault) => !isOfHostile(world, fault) && !isMended(fault) && !isMuting(fault) && !isCalm(fault));
      // An open incident without any fault is wrong, so it stays in the list.
      return standing.length === 0 && faults.length > 0
        ? []
        : [
            `${scope}: ${standing
              .map(({ key }) => key)
              .toSorted()
              .join(', ')}`,
          ];
    })
    .sort();
}

/** Every transition is concluded, or waits for a later level or for the hourly limit. Every message was sent. */
export function nothingWaits(world: World, { transitions, outbox }: Rows): string[] {
  return [
    ...transitions
      .filter((one) => one.state === 'open' || (one.state === 'pending' && !isInTurn(world, one)))
      .map((one) => `transition ${one.id} is still ${one.state}`),
    ...outbox
      .filter((row) => row.state === 'waiting' && !isJustWritten(world, row))
      .map((row) => `message ${row.key} still waits: ${row.lastError}`),
  ];
}

/** A message written in the last second of a history. */
function isJustWritten(world: World, { key, createdAt, tries }: OutboxRow): boolean {
  const at = world.centre.seen.dates.written(key) ?? createdAt - epochMs;
  return tries === 0 && world.time.now() - at < 1_000;
}

/** People were notified of each fault that is not hidden, or its transition waits for the hourly limit. */
function eachStandingFaultIsTold({ incidents, transitions }: Rows): string[] {
  const standing = incidents
    .filter((one) => one.over === null)
    .flatMap((one) => one.faults.map((fault) => ({ incident: one.id, scope: one.scope, ...fault })));
  const waiting = new Set(
    transitions.filter(isWaiting).flatMap((one) => one.about.map(({ fault, device }) => `${one.incident} ${fault}|${device}`)),
  );
  return standing
    .filter((one) => !one.hidden && one.told === null && !waiting.has(`${one.incident} ${one.key}`))
    .map((fault) => `${fault.scope}: nobody was told of ${fault.key}`);
}

/** People were notified of a fault that lasted undisturbed for longer than its hold and the time to the default route. */
function whatStoodLongWasTold(history: History, world: World, { incidents, transitions, outbox }: Rows): string[] {
  const reached = new Set(outbox.flatMap((row) => (row.transition === null ? [] : [row.transition])));
  // While the server's clock is wrong, dates in the ledger differ from the true time by this many milliseconds.
  const stepsMs = history.disturbances.some(({ kind }) => kind === 'clock of the centre is put right') ? centreStepMs : 0;
  // Another check audits delayed transitions.
  const told = transitions.filter((one) => reached.has(one.id) || one.conclusion?.includes('default route') || hasWaited(one));
  return standingTimes(history).flatMap(({ pc, key, from, to }) => {
    const { path } = world.pc(pc);
    const [fault = '', device = ''] = key.split('|');
    const parents = faultOf(fault)?.parents ?? [];
    const hidden = standingTimes(history).some(
      (one) => one.pc === pc && parents.includes(one.key.split('|')[0] ?? '') && one.from <= to && one.to >= from,
    );
    const needed = (faultOf(fault)?.holdMs ?? 0) + 150_000;
    if (hidden || longestQuiet(history, pc, from, to) < needed || wasMuted({ incidents }, path)) return [];
    const wasTold = told.some((one) => {
      const incident = incidents.find(({ id }) => id === one.incident);
      // A moved PC had another path before.
      const isOwn = incident?.scope.split('/')[2] === path.split('/')[2];
      const overlaps =
        isOwn &&
        incident !== undefined &&
        incident.openedAt - stepsMs <= epochMs + to &&
        (incident.overAt ?? Number.POSITIVE_INFINITY) + stepsMs >= epochMs + from;
      // A first message also lists the other current faults.
      const listed = outbox.flatMap(({ transition, notice }) => (transition === one.id ? notice.faults : []));
      return overlaps && [...one.about, ...listed].some((about) => about.fault === fault && about.device === device);
    });
    return wasTold ? [] : [`${path}: ${key} stood from ${clockOf(from)} to ${clockOf(to)}, and nobody was told`];
  });
}

/** Only persons who were notified of the start are notified of the end. */
export function noGoodNewsForStrangers({ outbox, transitions, incidents }: Rows): string[] {
  const incidentOf = new Map(transitions.map((one) => [one.id, one.incident]));
  const kindOf = new Map(transitions.map((one) => [one.id, one.kind]));
  const isNews = (row: OutboxRow) => row.transition !== null && ['raised', 'worsened'].includes(kindOf.get(row.transition) ?? '');
  // A catch node sends central the error, whatever the transition.
  const caught = new Set(transitions.flatMap((one) => (one.conclusion?.includes('error on the tab') ? [one.id] : [])));
  return outbox.flatMap((row) => {
    if (row.transition === null || isNews(row) || caught.has(row.transition)) return [];
    const incident = incidentOf.get(row.transition);
    const knows = outbox.some(
      (other) => isNews(other) && other.person === row.person && incidentOf.get(other.transition ?? 0) === incident,
    );
    const byDefault = transitions.some((one) => one.incident === incident && /default route|error on the tab/.test(one.conclusion ?? ''));
    const told = incidents.find(({ id }) => id === incident)?.told.some(({ person }) => person === row.person);
    return knows || (byDefault && told)
      ? []
      : [`${row.key}: ${row.person} hears that incident ${incident} is ${row.notice.kind} and never heard of it`];
  });
}

/** A crash of `flows` repeats at most the messages in transmission, one for each channel (R26, outbox delivery). */
export function fewDuplicates({ centre }: World): string[] {
  const times = new Map<string, number>();
  for (const { key } of centre.post.deliveries) times.set(key, (times.get(key) ?? 0) + 1);
  const duplicates = [...times].filter(([, count]) => count > 1);
  const extra = duplicates.reduce((sum, [, count]) => sum + count - 1, 0);
  const allowed = 2 * (centre.seen.kills + centre.seen.failedCommits);
  return extra <= allowed ? [] : [`${extra} messages too many after ${allowed / 2} crashes: ${duplicates.map(([key]) => key).join(', ')}`];
}

/** Faults that the server reports about a PC that sends too much, or wrong messages. */
const findings = new Set(['pc.noisy', 'pc.cloned', 'agent.unreadable', 'agent.unknown_fault', 'centre.unknown_fault']);

/** Returns mails caused by a hostile PC, without the ordinary faults of its room. */
export function mailsOfHostile({ hostile, centre }: World, { transitions }: Rows): Delivery[] {
  if (hostile === null) return [];
  const room = `Room ${hostile.path.slice(hostile.path.lastIndexOf('/') + 1)},`;
  const isUsual = ({ about }: Transition) => !about.some(({ fault }) => findings.has(fault));
  const usual = new Set(transitions.filter(isUsual).map(({ id }) => `${id}`));
  return centre.post.deliveries.filter(
    ({ channel, subject, text, key }) => channel === 'email' && (subject + text).includes(room) && !usual.has(transitionIn(key)),
  );
}

/**
 * Nobody receives more than three notifications an hour because of one PC (S21), plus one for the end of each, by R27 (quota and
 * backpressure).
 */
function hostileIsNoNoise(world: World, rows: Rows): string[] {
  // A snoozed fault may be notified again after the snooze.
  const others = new Set(rows.transitions.filter((one) => isEnd(one) || one.again !== undefined).map(({ id }) => `${id}`));
  const news = mailsOfHostile(world, rows).filter(({ key }) => !others.has(transitionIn(key)));
  return Object.entries(Object.groupBy(news, ({ person }) => person)).flatMap(([person, all = []]) => {
    // Another check audits messages that a crash repeats.
    const within = (from: number) => new Set(all.filter(({ at }) => at >= from && at < from + 3_600_000).map(({ key }) => key)).size;
    const most = Math.max(...all.map(({ at }) => within(at)));
    return most <= 3 ? [] : [`${person} had ${most} news within an hour of the hostile ${world.hostile?.path}`];
  });
}

function transitionIn(key: string): string {
  return key.split('/')[0] ?? '';
}
