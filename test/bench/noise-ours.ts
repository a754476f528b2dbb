/**
 * Plays the month at our server: engine, tabs, roster and outbox under virtual time, with people who acknowledge. Only mail counts. The
 * console shows every notification, as the log of Alertmanager does.
 */
import type { Person } from '@sabha/contracts';
import type { Random } from '../random.ts';
import { type LightNation, type LightRow, startLightNation } from '../simulation/light-nation.ts';
import { epochMs } from '../simulation/time.ts';
import type { Month, Trouble } from './noise-month.ts';

/** `false`: notifications although no fault lasted for its hold. `missed`: faults without a notification of the fault or of its cause. */
export type NoiseResult = {
  /** Time of a message in milliseconds of the month, and whether it went to a technician. */
  messages: { at: number; toTechnician: boolean }[];
  technicians: number;
  false: string[];
  missed: string[];
};

const minute = 60_000;
/** Shortest outage that must be notified, in milliseconds. A device has its hold in addition. */
const outageTellsMs = 6 * minute;
const looseMs = 10 * minute;
/** Average milliseconds between a notification and its acknowledgement. */
const takesMs = 8 * minute;
const tickMs = 5_000;

export async function playOurs(month: Month, random: Random, say: (line: string) => void): Promise<NoiseResult> {
  const people = peopleOf(month);
  const sites = month.offices.map(({ path, pcs, isp }) => ({ path, pcs, isp }));
  const nation = await startLightNation({ sites, people, busyTickMs: tickMs });
  const startedAt = nation.now();
  for (const trouble of month.troubles) {
    nation.time.later(trouble.from, () => begin(nation, trouble));
    nation.time.later(trouble.to, () => end(nation, trouble));
  }
  const dayMs = 24 * 60 * minute;
  for (let passed = 0, taken = 0; passed < month.lengthMs; passed += minute) {
    await nation.pass(minute);
    for (const row of nation.rows.slice(taken)) takeUp(nation, row, random);
    taken = nation.rows.length;
    if ((passed + minute) % dayMs === 0)
      say(`day ${(passed + minute) / dayMs}: ${nation.deliveries.filter(isMail).length} mails; ${kindsOf(nation)}`);
  }
  return judge(nation, month, startedAt);
}

function peopleOf({ offices }: Month): Person[] {
  const states = [...new Set(offices.map(({ path }) => path.slice(0, path.indexOf('/'))))];
  const person = (id: string, role: Person['role'], scope: string): Person => ({
    id,
    name: id,
    role,
    scope,
    language: 'en',
    email: `${id}@office.test`,
    webhook: false,
    addresses: {},
  });
  return [
    ...states.flatMap((state) => [person(`tech-${state}`, 'technician', state), person(`engineer-${state}`, 'state', state)]),
    person('central', 'central', ''),
  ];
}

function begin(nation: LightNation, { kind, pcs, fault, model, boots }: Trouble): void {
  if (fault !== undefined)
    for (const pc of pcs)
      nation.device(pc, { component: fault.slice(0, fault.indexOf('.')), fault, ...(model !== undefined && { name: model }) });
  else if (kind === 'order') nation.leave(pcs, 'shutdown');
  else if (boots) nation.powerOff(pcs);
  else nation.cut(pcs);
}

function end(nation: LightNation, { pcs, fault }: Trouble): void {
  if (fault === undefined) return nation.comeBack(pcs);
  for (const pc of pcs) nation.device(pc, { component: fault.slice(0, fault.indexOf('.')), fault: null });
}

/** Lets the first notified person acknowledge. After the end of the incident this has no effect. */
function takeUp(nation: LightNation, { kind, incident, person }: LightRow, random: Random): void {
  if (kind !== 'raised' || incident === null) return;
  nation.time.later(takesMs * (0.5 + random.next()), () => nation.apply({ type: 'acknowledge', incident, by: person }));
}

/** Counts the mails to technicians by kind. */
function kindsOf({ rows }: LightNation): string {
  const kinds = Map.groupBy(
    rows.filter((row) => isMail(row) && row.person.startsWith('tech-')),
    ({ kind }) => kind,
  );
  return [...kinds].map(([kind, list]) => `${kind} ${list.length}`).join(', ');
}

function judge({ rows, deliveries }: LightNation, month: Month, startedAt: number): NoiseResult {
  const mails = rows.filter(isMail);
  const raised = mails.filter(({ kind }) => kind === 'raised' || kind === 'worsened').map((row) => ({ ...row, at: row.at - startedAt }));
  const standing = month.troubles.filter(({ kind }) => kind === 'outage' || kind === 'device');
  const byPc = new Map<string, Trouble[]>();
  for (const trouble of standing) for (const pc of trouble.pcs) byPc.set(pc, [...(byPc.get(pc) ?? []), trouble]);
  const isTrue = (pc: string, at: number) => (byPc.get(pc) ?? []).some(({ from, to }) => at >= from && at <= to + looseMs);
  const pcsIn = (name: string) => [...byPc.keys()].filter((pc) => pc === name || pc.startsWith(`${name}/`));
  const about = raised.map((row) => ({ ...row, pcs: new Set([row.scope, ...row.members].map(pathOf).flatMap(pcsIn)) }));
  const tellers = new Map<string, number[]>();
  for (const { pcs, at } of about) for (const pc of pcs) tellers.set(pc, [...(tellers.get(pc) ?? []), at]);
  // The message of an outage does not list PCs that join the outage later, but its all-clear does.
  const known = [...Map.groupBy(mails, ({ incident }) => incident).values()].map((list) => ({
    pcs: new Set(list.flatMap(({ members }) => members.map(pathOf).flatMap(pcsIn))),
    from: Math.min(...list.map(({ at }) => at)) - startedAt,
    to: Math.max(...list.map(({ at }) => at)) - startedAt,
  }));
  const isKnown = (pc: string, { from }: Trouble) => known.some((one) => one.pcs.has(pc) && one.from <= from && one.to >= from);
  const isTold = (pc: string, { from, to }: Trouble) => (tellers.get(pc) ?? []).some((at) => at >= from && at <= to + looseMs);
  const technicians = new Set(peopleOf(month).flatMap(({ id, role }) => (role === 'technician' ? [id] : [])));
  return {
    messages: deliveries.filter(isMail).map(({ at, person }) => ({ at: at + epochMs - startedAt, toTechnician: technicians.has(person) })),
    technicians: technicians.size,
    false: about
      .filter(({ pcs, at }) => ![...pcs].some((pc) => isTrue(pc, at)))
      .map(({ at, scope }) => `${scope} at ${Math.round(at / minute)} min`),
    missed: standing.filter(mustBeTold).flatMap((trouble) => trouble.pcs.filter((pc) => !isTold(pc, trouble) && !isKnown(pc, trouble))),
  };
}

function isMail({ channel }: { channel: string }): boolean {
  return channel === 'email';
}

function mustBeTold({ from, to, fault }: Trouble): boolean {
  return fault !== undefined || to - from >= outageTellsMs;
}

function pathOf(scope: string): string {
  return scope.slice(scope.indexOf(':') + 1);
}
