/** Property test: random rosters over failing channels. Checks the outcome and the recipients of each alert. */

import { type Person, severities } from '@sabha/contracts';
import { expect, test } from 'vitest';
import { ofTier } from '../../../test/figures.ts';
import { type Random, randomFrom } from '../../../test/random.ts';
import type { OpenChannel, OutboxRow, SendOutcome } from '../../engine/records/notices.ts';
import type { Member } from '../../engine/records/sites.ts';
import { attendanceAt } from '../roster/book.ts';
import { groupsOfRoom, hoursLater, randomMembers } from '../roster/roster.test-helper.ts';
import { faultsAfter } from './delivery-queue.ts';
import { outboxOver } from './outbox.test-helper.ts';
import type { OutboxOptions } from './outbox.ts';
import { notice, row, testClock } from './people.test-helper.ts';
import { createRoster, recipientsOf } from './roster.ts';

const rosters = ofTier(60, 200);
const alertsEach = 6;
const hour = 3_600_000;
const names = ['email', 'telegram', 'sms'] as const;
/** Behaviour of a channel in a run: `blocks` refuses some persons permanently, `back` is offline for an hour. */
const moods = ['works', 'works', 'blocks', 'refuses', 'locked', 'gone', 'back'] as const;
type Mood = (typeof moods)[number];

test('each random alert is delivered, or is on the console with a fault that says why; only persons in scope and on duty are notified', async () => {
  const counts = { reached: 0, atTheCentre: 0 };
  for (let seed = 1; seed <= rosters; seed++) {
    const run = await played(randomFrom(seed));
    for (const alert of run.alerts) {
      const { wrong, isReached } = judged(alert, run);
      expect(wrong, `seed ${seed}, alert ${alert.id}`).toEqual([]);
      counts[isReached ? 'reached' : 'atTheCentre'] += 1;
    }
  }
  expect(counts.reached).toBeGreaterThan(rosters);
  expect(counts.atTheCentre).toBeGreaterThan(rosters / 3);
});

/** Returns one line for each rule that the outcome of this alert breaks. */
function judged({ id, scope, to, told, lost, central }: PlayedAlert, { members, ledger, findings, now }: PlayedCase) {
  const rows = ledger.filter(({ transition }) => transition === id);
  const arrived = rows.filter(({ state }) => state === 'delivered');
  const isReached = arrived.some(({ channel }) => channel !== 'console');
  const hasReason = (person: string) => person === 'central-desk' || rows.some((one) => one.person === person && isFound(one, findings));
  const wrong = [
    ...told.filter((person) => !mayHear(person, { members, scope, to, now })).map((person) => `${person} is told`),
    ...rows.filter((one) => !arrived.includes(one) && !one.lastError).map(({ key }) => `${key} has no reason`),
    ...(lost ? central.filter((person) => !told.includes(person)).map((person) => `${person} of central is not told`) : []),
    ...(arrived.length > 0 ? [] : ['it stands nowhere']),
    ...(isReached ? [] : arrived.filter(({ person }) => !hasReason(person)).map(({ person }) => `nobody hears why ${person} got nothing`)),
  ];
  return { wrong, isReached };
}

/** `lost`: no channel reaches any recipient. `central`: the persons who are notified in that case. */
type PlayedAlert = { id: number; scope: string; to: string[]; told: string[]; lost: boolean; central: string[] };
type PlayedCase = { members: Member[]; alerts: PlayedAlert[]; ledger: OutboxRow[]; findings: Set<string>; now: number };

/** Plays several alerts of one hour and their outcomes over six hours. */
async function played(random: Random): Promise<PlayedCase> {
  const members = randomMembers(random).map((one) => withAddresses(one, random));
  const clock = testClock(hoursLater(random.below(14 * 24)));
  const now = clock.now();
  const roster = createRoster([], groupsOfRoom);
  roster.use(members);
  const channels = new Map<string, OpenChannel>(names.map((name) => [name, channelOf(name, random.pick(moods), clock)]));
  channels.set('console', { channel: { send: async () => ({ result: 'delivered' }) }, reaches: () => true });
  const { recipients } = recipientsOf({ roster, channels, log: { warn() {} } });
  const findings = new Set<string>();
  const onOutcome: OutboxOptions['onOutcome'] = (one, outcome) => {
    for (const { device, standing } of faultsAfter(one, outcome)) if (standing) findings.add(device);
  };
  const { ledger, add } = outboxOver(Object.fromEntries(channels), { clock, random: random.next, roster, onOutcome });
  const alerts = Array.from({ length: alertsEach }, (_, at): PlayedAlert & { rows: OutboxRow[] } => {
    const id = at + 1;
    const scope = `ladakh/leh/pc-${1 + random.below(3)}`;
    const to = [random.pick(['technician', 'state', 'block-7', 'p0', 'central'])];
    const about = notice({ incident: id, scope, severity: random.pick(severities), at: now });
    const ways = recipients(to, 'own-order', { scope, now, knew: [], notice: about });
    const rows = ways.map(({ person, ...way }) =>
      row({ key: `${id}/${way.channel}/${person}`, transition: id, person, ...way, notice: about, createdAt: now, dueAt: now }),
    );
    const central = roster.central(now).map((one) => one.id);
    return { id, scope, to, told: ways.map(({ person }) => person), lost: ways.every((way) => way.lost === true), central, rows };
  });
  add(...alerts.flatMap((one) => one.rows));
  await clock.pass(6 * hour);
  return { members, alerts, ledger: [...ledger.values()], findings, now };
}

function withAddresses(one: Member, random: Random): Member {
  const own = names.filter(() => random.below(2) === 0);
  const addresses = Object.fromEntries(own.filter((name) => name !== 'email').map((name) => [name, `+9198765432${random.below(90) + 10}`]));
  const order = random.below(3) === 0 ? random.shuffle(names).slice(0, 2) : [];
  return { ...one, addresses, channels: order, ...(own.includes('email') && { email: `${one.id}@office.test` }) };
}

function channelOf(name: (typeof names)[number], mood: Mood, clock: ReturnType<typeof testClock>): OpenChannel {
  const from = clock.up();
  const said = (person: Person): SendOutcome => {
    if (mood === 'refuses' || (mood === 'blocks' && Number(person.id.slice(1)) % 2 === 0))
      return { result: 'refused', reason: '403 blocked' };
    if (mood === 'locked') return { result: 'locked', reason: '401 who are you' };
    if (mood === 'gone' || (mood === 'back' && clock.up() - from < hour)) return { result: 'retry', reason: 'nobody answers' };
    return { result: 'delivered' };
  };
  const channel = { send: async (_: unknown, person: Person) => said(person) };
  return { channel, reaches: (person) => (name === 'email' ? person.email !== undefined : person.addresses[name] !== undefined) };
}

/** True if a fault names the cause: the channel, the channel to that person, or a person whom nothing reaches. */
function isFound({ channel, person }: OutboxRow, findings: ReadonlySet<string>): boolean {
  return [channel, `${channel} to ${person}`, `nothing reaches ${person}`].some((device) => findings.has(device));
}

type Hearing = { members: readonly Member[]; scope: string; to: readonly string[]; now: number };

/**
 * True if a person may be notified: a recipient on duty, or the substitute of a recipient. If no central person is on duty, all of central
 * may be notified.
 */
function mayHear(id: string, { members, scope, to, now }: Hearing): boolean {
  const moment = attendanceAt(now);
  const isHere = (one: Member) => moment(one) === 'here';
  const one = members.find((other) => other.id === id);
  if (one === undefined) return id === 'central-desk';
  const isFor = ({ id: own, scopes, groups }: Member) =>
    to.includes(own) || groups.some((group) => to.includes(group)) || scopes.some((path) => covers(path, scope));
  const standsFor = [one];
  for (const next of standsFor)
    standsFor.push(...members.filter(({ deputy }) => deputy === next.id).filter((other) => !standsFor.includes(other)));
  if (isHere(one) && standsFor.some(isFor)) return true;
  return one.roles.includes('central') && !members.some((other) => other.roles.includes('central') && isHere(other));
}

function covers(path: string, scope: string): boolean {
  return path === '' || path === 'group:magadh' || `${scope}/`.startsWith(`${path}/`);
}
