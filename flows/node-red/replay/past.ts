/** Turns the stored past into ordered steps, and applies them to a memory. This gives the same incidents without their notifications. */
import { causeKindOf, faultOf } from '@sabha/contracts';
import { applyOrder, endSnooze } from '../../engine/handling/handling.ts';
import type { EngineOptions } from '../../engine/incidents/core.ts';
import { recordReply } from '../../engine/incidents/engine.ts';
import type { EngineState } from '../../engine/memory/memory.ts';
import type { FaultNews, Incident, IncidentFault, IncidentReply, LogEntry, Transition } from '../../engine/records/incidents.ts';
import type { PastIncidents, PcChange } from '../../engine/records/ops.ts';
import { createPresentFault, highestSeverity, overUnlessBackAt, revokeIfWorse, silenceKey } from '../../engine/transitions/incident.ts';

export type ReplayStep = { at: number } & (
  | { kind: 'change'; change: PcChange }
  | { kind: 'done'; done: ReplayedAction }
  | { kind: 'transition'; transition: Transition }
);

const order = { change: 0, done: 1, transition: 2 } satisfies Record<ReplayStep['kind'], number>;

/** Returns all recorded transitions, changes and actions in order of time. */
export function stepsOf({ transitions: rows, changes, incidents }: PastIncidents): ReplayStep[] {
  const transitions = rows.map((one) => ({ ...one, ...one.was }));
  const done = incidents.flatMap(({ id: incident, deeds = [], answers = [] }) => [
    ...deeds.map((deed): ReplayedAction => ({ at: deed.at, incident, kind: 'deed', deed })),
    ...answers.flatMap((answer): ReplayedAction[] =>
      answer.word === 'not-mine' ? [{ at: answer.at, incident, kind: 'given back', answer }] : [],
    ),
  ]);
  const steps: ReplayStep[] = [
    ...changes.map((change) => ({ at: change.at, kind: 'change', change }) as const),
    ...done.map((one) => ({ at: one.at, kind: 'done', done: one }) as const),
    ...transitions.map((transition) => ({ at: transition.at, kind: 'transition', transition }) as const),
  ];
  return steps.sort((a, b) => a.at - b.at || order[a.kind] - order[b.kind] || idOf(a) - idOf(b));
}

function idOf(step: ReplayStep): number {
  return 'transition' in step ? step.transition.id : 0;
}

/** Creates the replay state of these incidents. The recipients come from the replay, not from the stored rows. */
export function createStory(memory: EngineState, rows: readonly Incident[]) {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const children = Map.groupBy(
    rows.filter(({ parent }) => parent !== undefined),
    ({ parent }) => parent,
  );
  const answers = new Map<string, Map<string, PcChange>>();
  /** When each incident was opened in the replay, and when its latest fault was added. */
  const openedAt = new Map<number, number>();
  const newsAt = new Map<number, number>();

  const put = (incident: Incident, now: number): Incident => {
    // A fault of which people were notified while its cause is open counts as covered by the cause, so its escalation waits.
    const cause = memory.incidents.get(incident.parent ?? 0);
    const explained = cause?.over === null;
    // If a cause opened after the latest fault of an incident, people were notified of the cause instead of all these faults.
    const isHidden = explained && (openedAt.get(cause.id) ?? 0) > (newsAt.get(incident.id) ?? 0);
    const next = withHidden({ ...incident, faults: incident.faults.map((one) => ({ ...one, explained })) }, isHidden, now);
    memory.putIncident(next);
    return next;
  };
  const below = (id: number, now: number) => {
    for (const child of children.get(id) ?? []) {
      const held = memory.incidents.get(child.id);
      if (held?.over === null) put(held, now);
    }
  };

  return {
    /**
     * Ends faults that cleared before people were notified of them, which the ledger does not record. The last fault of an incident makes a
     * transition instead.
     */
    passed(id: number, now: number): void {
      const incident = memory.incidents.get(id);
      const isUntold = (one: IncidentFault) => one.told === null && one.key !== silenceKey && now >= overUnlessBackAt(one, {});
      const faults = incident?.faults.filter((one) => !isUntold(one)) ?? [];
      if (incident?.over === null && faults.length > 0 && faults.length < incident.faults.length) put({ ...incident, faults }, now);
    },
    /** Applies a new check result of a PC to its open incident: each fault is active, gone or frozen. */
    changed(change: PcChange): void {
      const { pc, component, at } = change;
      const said = answers.get(pc) ?? new Map<string, PcChange>();
      answers.set(pc, said.set(component, change));
      const incident = memory.openIncident(pc);
      if (incident === undefined) return;
      const faults = incident.faults.map((fault) => withCheckResult(fault, said, at));
      put({ ...incident, faults }, at);
    },
    /** Applies a transition to its incident. Returns the incident and the faults of the transition. */
    stepped(transition: Transition): { incident: Incident; faults: IncidentFault[] } | undefined {
      const { incident: id, kind, at, about, again, grew } = transition;
      const row = byId.get(id);
      if (row === undefined) return undefined;
      const held = memory.incidents.get(id) ?? fresh(row, at);
      const said = about.map((one) => newsOf(one, held));
      const faults = isNews(kind) ? said.map((one) => ({ ...one, ...seen })) : said;
      if (!openedAt.has(id)) openedAt.set(id, at);
      if (isNews(kind)) newsAt.set(id, at);
      const next = afterStep(held, { kind, at, faults });
      // A repeated notification, or a growth, does not make the incident worse, so it does not revoke an acknowledgement.
      const incident = put(again || grew ? next : revokeIfWorse(next, [{ kind, faults }], at), at);
      below(id, at);
      return { incident, faults };
    },
  };
}

/** Returns the incident at its start, without later actions and notifications. */
function fresh({ id, scope, place, flapping, outage, parent, spread, until }: Incident, at: number): Incident {
  // The ledger does not store which members were offline at which time. For an ended incident all members count as offline.
  const away = spread && (spread.away.length > 0 ? spread.away : spread.members);
  return {
    id,
    scope,
    openedAt: at,
    overAt: null,
    over: null,
    closedBecause: null,
    severity: 'info',
    flapping,
    faults: [],
    acknowledged: null,
    told: [],
    notes: [],
    ...(place && { place }),
    ...(outage && { outage }),
    ...(parent !== undefined && { parent }),
    ...(spread && away && { spread: { ...spread, away } }),
    ...(until !== undefined && { until }),
  };
}

/** State of a fault of which people were notified: it is present and not hidden by a cause. */
const seen = { goneAt: null, unknownSince: null, hidden: false } as const;

function isNews(kind: Transition['kind']): boolean {
  return kind === 'raised' || kind === 'worsened';
}

function afterStep(held: Incident, { kind, at, faults }: { kind: Transition['kind']; at: number; faults: IncidentFault[] }): Incident {
  if (kind === 'cleared' || kind === 'closed') return { ...held, overAt: at, over: kind };
  const stepKeys = new Set(faults.map(({ key }) => key));
  const others = held.faults.filter(({ key }) => !stepKeys.has(key));
  return { ...held, faults: isNews(kind) ? [...others, ...faults] : others };
}

/** Returns the fault of a transition. A fault that the incident has already keeps its edits and its recipients. */
function newsOf(one: FaultNews, { faults }: Incident): IncidentFault {
  const made = createPresentFault(one.fault, one.device, one.since);
  const held = faults.find(({ key }) => key === made.key);
  return { ...seen, told: null, ...made, ...(held?.since === one.since && held), ...one };
}

/** Returns the fault after the latest check results of its PC. */
function withCheckResult(fault: IncidentFault, latestResults: ReadonlyMap<string, PcChange>, at: number): IncidentFault {
  const presence = latestResults.get('presence');
  if (fault.key === silenceKey) {
    const isGone = presence !== undefined && presence.at > fault.since && presence.status !== 'silent';
    return { ...fault, goneAt: isGone ? (fault.goneAt ?? at) : null, unknownSince: null };
  }
  const talks = presence === undefined || presence.status === 'online' || presence.status === 'lost';
  const answer = latestResults.get(fault.fault.slice(0, fault.fault.indexOf('.')));
  const isFrozen = !talks || answer?.status === 'unknown';
  const stands = answer === undefined || answer.at < fault.since || answer.faults.includes(fault.fault);
  if (isFrozen && !(talks && stands)) return { ...fault, goneAt: null, unknownSince: fault.unknownSince ?? at };
  return { ...fault, goneAt: stands ? null : (fault.goneAt ?? at), unknownSince: null };
}

function withHidden(incident: Incident, isExplained: boolean, now: number): Incident {
  const hides = ({ fault, goneAt }: IncidentFault) => goneAt === null || now - goneAt < (faultOf(fault)?.clearMs ?? 0);
  const hiding = new Set(incident.faults.filter(hides).map(({ fault }) => fault));
  const isHidden = (one: IncidentFault) => isExplained || (faultOf(one.fault)?.parents ?? []).some((parent) => hiding.has(parent));
  const faults = incident.faults.map((fault) => ({ ...fault, hidden: isHidden(fault) }));
  const isCause = causeKindOf(incident.scope) !== undefined;
  return { ...incident, faults, severity: faults.length === 0 && isCause ? incident.severity : highestSeverity(faults) };
}

/** An action on an incident, or the reply *not mine* of a person (`given back`). */
type ReplayedAction = { at: number; incident: number } & ({ kind: 'deed'; deed: LogEntry } | { kind: 'given back'; answer: IncidentReply });

/** Returns true for actions of the engine's timers. They come after everything that is due at the same tick. */
export function isByTimer({ did }: LogEntry): boolean {
  return did === 'awake' || did === 'lapsed' || did === 'reopened';
}

/** Repeats an action of a person; does nothing if the incident has ended or does not exist yet. */
export function replayAction(memory: EngineState, options: Pick<EngineOptions, 'central' | 'place'>, done: ReplayedAction): void {
  const incident = memory.incidents.get(done.incident);
  if (incident?.over !== null) return;
  if (done.kind === 'deed') return memory.putIncident(afterDeed(incident, done.deed));
  recordReply({ memory, options, known: new Map() }, { type: 'answer', incident: incident.id, ...done.answer }, done.at);
}

/** The order that caused each recorded action. Actions without an order come from timers. */
const orderOf = {
  acknowledged: 'acknowledge',
  'taken-over': 'acknowledge',
  withdrawn: 'withdraw',
  fixed: 'fixed',
} as const;

function afterDeed(incident: Incident, { did, at: now, by, to = '', until = now }: LogEntry): Incident {
  // The link class does not matter here: the end of the wait after *fixed* is a recorded action.
  const around = { now, link: 'fibre' } as const;
  const order = { incident: incident.id, by };
  if (did === 'assigned') return applyOrder(incident, { ...order, type: 'assign', to }, around);
  if (did === 'snoozed') return applyOrder(incident, { ...order, type: 'snooze', until }, around);
  if (did === 'awake') return endSnooze(incident, now);
  if (did !== 'lapsed' && did !== 'reopened') return applyOrder(incident, { ...order, type: orderOf[did] }, around);
  const { fixed: _, ...rest } = incident;
  return { ...rest, acknowledged: null };
}
