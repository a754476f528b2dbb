/** The people of the centre: who is told, over which channels, and what an operator does with the roster. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { LogLine, Reports, TakeAnswer, TakeMissedCall } from './engine/records/notices.ts';
import type { Op } from './engine/records/ops.ts';
import type { RosterContents } from './engine/records/sites.ts';
import type { Tabs } from './node-red/tabs.ts';
import { toldBy } from './node-red/tabs.ts';
import { loadAnswerLinkKey } from './notify/answers/answer-link.ts';
import type { Answers } from './notify/answers/answers.ts';
import { createDevices } from './notify/orders/devices.ts';
import { createPeopleOrders, type ForgetOptions, type PeopleOrders } from './notify/orders/forget.ts';
import { createRosterOrders, type RosterOrders, type RosterOrdersOptions } from './notify/orders/roster-orders.ts';
import { openChannels } from './notify/people/channels/channels.ts';
import { pushKeyOf } from './notify/people/channels/kit/web-push.ts';
import { createOffers } from './notify/people/channels/offered.ts';
import { pushOf } from './notify/people/channels/push.ts';
import { createDirect, toldIn } from './notify/people/direct/direct.ts';
import { createHeard, type Heard } from './notify/people/direct/prove.ts';
import { createRoster, type Roster } from './notify/people/roster.ts';
import { memberOf } from './notify/roster/book.ts';
import type { Runtime } from './runtime.ts';
import type { Base } from './settings.ts';
import { goneAfterMs } from './storage/backup/backup.ts';

/** The persons, and how each is reached. */
export type People = ReturnType<typeof openPeople>;

/** What is made after the people: `answers` takes what somebody says of an incident; nothing is open while the ledger is opened anew. */
export type Later = { answers(): Answers; runtime(): Pick<Runtime, 'record' | 'now' | 'outbox' | 'ingest'> };

/** Opens the channels, and the roster with the persons of the settings. */
export function openPeople({ settings, dataDir, clock, log }: Base, { answers, runtime }: Later) {
  const roster = createRoster(settings.people, (path) => runtime().ingest()?.table().groupsOf(path) ?? []);
  const offers = createOffers();
  const byButton: TakeAnswer = (answer) => answers().byButton(answer);
  const byMissedCall: TakeMissedCall = (...call) => answers().byMissedCall(...call);
  const tests = createHeard(clock);
  const reports = reportsTo(runtime, tests);
  const toLog: LogLine = (fields, words) => log.warn(fields, words);
  const push = devicesOf({ settings, dataDir }, roster, runtime);
  const taken = { onAnswer: byButton, onMissedCall: byMissedCall, reports, devices: push && { ...push.devices, secret: push.secret } };
  const channels = openChannels({ settings: settings.channels, offers, log: toLog, clock, ...taken });
  const onFailure = (channel: string, person: string, reason: string) =>
    log.error({ channel, person, reason }, 'central could not be told directly');
  const tellDirectly = createDirect({ clock, channels, roster, before: toldIn(dataDir), onFailure });
  return { roster, channels, offers, tellDirectly, heard: tests, devices: push?.devices };
}

/** Takes the persons of the ledger into use, with their devices. */
export function useRoster({ roster, devices }: People, { members, devices: written = {} }: RosterContents): void {
  roster.use(members);
  devices?.use(written);
}

/** The key by which push services know this centre is made at the first start with them, and lies beside the others. */
function devicesOf({ settings, dataDir }: Pick<Base, 'settings' | 'dataDir'>, roster: Roster, runtime: Later['runtime']) {
  const push = pushOf(settings.channels);
  if (push === undefined) return undefined;
  const secret = loadAnswerLinkKey(join(dataDir, 'push.key'), randomBytes);
  const at = { record: (ops: readonly Op[]) => runtime().record(ops), now: () => runtime().now() };
  const persons = () => roster.book().members;
  return { secret, devices: createDevices({ key: pushKeyOf(secret), services: push.services, persons, ...at }) };
}

/** What is said later of a message goes to the outbox that has its row, or to the test that waits for it. */
function reportsTo(runtime: Later['runtime'], tests: Heard): Reports {
  return {
    async take(report) {
      if (tests.take(report)) return;
      const open = runtime().outbox();
      if (open === undefined) throw new Error('the ledger is opened anew');
      await open.report(report);
    },
    about(channel, id) {
      const row = runtime().outbox()?.accepted(channel, id);
      return row ? { person: row.person, incident: row.notice.incident } : tests.about(channel, id);
    },
  };
}

/** What is done about all that stands of one person. Backups go by the time of the machine. */
export function forgettingOf(
  { ledger }: Base,
  { roster, apart, record, now }: { roster: RosterOrders } & Pick<ForgetOptions, 'apart' | 'record' | 'now'>,
): PeopleOrders {
  const randomId = () => randomBytes(3).toString('hex');
  return createPeopleOrders({ roster, ledger, apart, record, now, backupsUntil: () => Date.now() + goneAfterMs, randomId });
}

/** What an operator does with the roster. */
export function rosterOrdersOf(
  { settings, clock }: Base,
  people: People,
  { tabs, ...at }: Pick<RosterOrdersOptions, 'table' | 'record' | 'now' | 'listed' | 'tells'> & { tabs: Pick<Tabs, 'running'> },
): RosterOrders {
  // A person may have been removed from the settings while `flows` was stopped.
  void people.devices?.keepPersons();
  const toldByTabs = () => tabs.running().map(toldBy);
  const onTabs = () => toldByTabs().flatMap((told) => (told === 'unreadable' ? [] : told));
  return createRosterOrders({ ...people, clock, fixed: settings.people.map(memberOf), onTabs, ...at });
}
