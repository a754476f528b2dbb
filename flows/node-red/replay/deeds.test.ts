/** Replays of recorded actions of people. Each row expects that the replay repeats the notifications that the engine sent. */
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { createStage, type EngineStage, fault, ok, type Path, pc } from '../../engine/incidents/stage.test-helper.ts';
import type { HandlingOrder } from '../../engine/records/incidents.ts';
import type { PastIncidents } from '../../engine/records/ops.ts';
import type { MaintenanceDate } from '../../engine/records/sites.ts';
import { openInThread } from '../../storage/ledger/ledger.ts';
import { openStore } from '../../storage/ledger/store.ts';
import { type ReplayWorld, replayPast } from './run.ts';

const minute = 60_000;
const hour = 60 * minute;

/**
 * Rules of the test: notify the technician after the hold, then the engineer after 15 min without acknowledgement. Clearing and growth
 * notify all former recipients.
 */
const twoLevels: Path = ({ message, node }) => {
  const { severity, holdMs, to, transition, incident } = message;
  const told = (...persons: string[]) => ({ do: 'deliver', channel: 'email', to: persons, severity }) as const;
  const wait = (at: string, dueAt: number, unlessAcknowledged: boolean) =>
    ({ do: 'wait', node: at, dueAt, unlessAcknowledged, message: { severity, holdMs: 0, to } }) as const;
  if (transition.kind !== 'raised' && transition.kind !== 'worsened') return { acts: [told(...incident.told)] };
  if (node === 'next') return { acts: [told('engineer')] };
  if (transition.grew !== undefined) return { acts: [told('technician', ...incident.told)] };
  if (node === null && holdMs > 0) return { acts: [wait('hold', transition.at + holdMs, false)] };
  return { acts: [told(...(to.length > 0 ? to : ['technician'])), wait('next', transition.at + holdMs + 15 * minute, true)] };
};

/** Returns a healthy room, with a list of planned maintenance that a test can fill. */
function room() {
  const dates: MaintenanceDate[] = [];
  const stage = createStage({ maintenance: (now) => dates.filter(({ from, to }) => from - 120_000 <= now && now < to + 120_000) });
  stage.setPath(twoLevels);
  stage.subscribe();
  stage.birth();
  well(stage);
  stage.live(minute);
  return { stage, dates };
}
const well = (stage: EngineStage) => stage.state([ok('microphone'), ok('camera')]);
const brokenFor = (stage: EngineStage, ms: number) => {
  stage.state([ok('microphone'), fault('camera.missing')]);
  stage.live(ms);
};
type OrderOfType<T extends HandlingOrder['type']> = Omit<Extract<HandlingOrder, { type: T }>, 'type' | 'incident' | 'by'>;
const order = <T extends HandlingOrder['type']>(stage: EngineStage, type: T, more: OrderOfType<T>) =>
  stage.apply({ type, incident: 1, by: 'technician', ...more } as unknown as HandlingOrder);

/** Returns the notifications that were sent and those of a replay through the same tabs, each with the reason of a repetition. */
async function playedOf(stage: EngineStage): Promise<{ sent: string[]; played: string[]; lateMs: number }> {
  const db = new DatabaseSync(':memory:');
  openStore(db).commit([stage.ops]);
  const { json } = await openInThread(db).past({ since: 0, after: 0 });
  const past = JSON.parse(json) as PastIncidents;
  const why = new Map<string, string>();
  const world: ReplayWorld = {
    recipients: (to, channel) => to.map((person) => ({ person, channel })),
    central: () => [{ person: 'central', channel: 'console' }],
    personNamed: (name) => name,
    place: (scope) => ({ site: { en: scope, hi: scope }, room: { en: 'Room', hi: 'कमरा' }, timeZone: 'Asia/Kolkata' }),
    facts: () => ({ link: 'fibre', elevationM: 0 }),
    setNow: () => {},
    async decide(message, node) {
      const end = twoLevels({ message, node });
      const { incident, transition } = message;
      why.set(`${incident.id} ${transition.at}`, transition.again ?? '');
      return end === 'nothing' ? undefined : { severity: message.severity, how: 'told', ...end };
    },
  };
  const { sentNotifications: told } = await replayPast(past, world, stage.now());
  const times = new Map(past.transitions.map(({ id, incident, at }) => [`${id}`, `${incident} ${at}`]));
  const againOf = (key: string) => why.get(times.get(key.split('/')[0] ?? '') ?? '') ?? '';
  const at = new Map(told.map((one) => [one.key, one.at]));
  return {
    lateMs: Math.max(...stage.outbox().map(({ key, createdAt }) => Math.abs(createdAt - (at.get(key) ?? 0)))),
    sent: stage.outbox().map(({ key, notice }) => `${notice.kind} ${notice.again?.why ?? ''} ${key}`),
    played: told.map(({ kind, key }) => `${kind} ${againOf(key)} ${key}`),
  };
}

const table: { what: string; tells: string[]; scene(stage: EngineStage, dates: MaintenanceDate[]): void }[] = [
  {
    what: 'an acknowledgement that lapses is told once more',
    tells: [
      'raised  1/email/technician',
      'raised lapsed 2/email/technician',
      'raised lapsed 2/email/engineer',
      'cleared  3/email/technician',
      'cleared  3/email/engineer',
    ],
    scene(stage) {
      brokenFor(stage, 10 * minute);
      order(stage, 'acknowledge', {});
      for (let left = 5 * hour; left > 0; left -= 30_000) {
        stage.pass(30_000, 30_000);
        stage.beat();
      }
      well(stage);
      stage.live(10 * minute);
    },
  },
  {
    what: 'a fault that joins while the incident is snoozed is told with it at the end of the snooze',
    tells: ['raised  1/email/technician', 'raised awake 3/email/technician', 'raised awake 3/email/engineer'],
    scene(stage) {
      brokenFor(stage, 10 * minute);
      order(stage, 'snooze', { until: stage.now() + hour });
      stage.live(10 * minute);
      stage.state([fault('microphone.muted'), fault('camera.missing')]);
      stage.live(70 * minute);
    },
  },
  {
    what: 'a fault that outlives maintenance is told at its end',
    tells: [
      'raised  1/email/technician',
      'raised  1/email/engineer',
      'cleared  3/email/technician',
      'cleared  3/email/engineer',
      'raised maintained 4/email/technician',
    ],
    scene(stage, dates) {
      dates.push({ id: 'm', scope: pc, title: 'New UPS', from: stage.now(), to: stage.now() + hour });
      stage.live(2 * minute);
      brokenFor(stage, 10 * minute);
      stage.live(50 * minute);
    },
  },
  {
    what: 'an incident that its technician gives back reaches the next level',
    tells: ['raised  1/email/technician', 'raised  1/email/engineer'],
    scene(stage) {
      brokenFor(stage, 5 * minute);
      stage.apply({ type: 'answer', incident: 1, word: 'going', person: 'technician', by: 'Technician' });
      stage.live(2 * minute);
      stage.apply({ type: 'answer', incident: 1, word: 'not-mine', person: 'technician', by: 'Technician' });
      stage.live(30 * minute);
    },
  },
];

test.each(table)('a replay sends the same notifications as the engine did: $what', async ({ tells, scene }) => {
  const { stage, dates } = room();
  scene(stage, dates);
  const { sent, played, lateMs } = await playedOf(stage);
  expect(sent).toEqual(tells);
  expect(played).toEqual(sent);
  // The largest interval of ticks in the test: every second, or every 30 s.
  expect(lateMs).toBeLessThanOrEqual(30_000);
});
