/** The people of the centre: who is told, over which channels, and what an operator does with the roster. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Base } from './base.ts';
import type { LogLine, Notice, Reports } from './engine/records/notices.ts';
import type { Op } from './engine/records/ops.ts';
import type { RosterContents } from './engine/records/roster.ts';
import type { SiteTable } from './engine/records/sites.ts';
import { centralNotice } from './engine/transitions/notice.ts';
import type { Ingest } from './ingest/ingest.ts';
import { toldBy } from './node-red/lint.ts';
import type { Tabs } from './node-red/tabs.ts';
import { type Announcements, createAnnouncements } from './notify/announce/announce.ts';
import { loadAnswerLinkKey } from './notify/answers/answer-link.ts';
import type { Answers } from './notify/answers/answers.ts';
import { takeAnswers, takeMissedCalls } from './notify/answers/by-channel.ts';
import { openChannels } from './notify/people/channels/channels.ts';
import { pushKeyOf } from './notify/people/channels/kit/web-push.ts';
import { createOffers } from './notify/people/channels/offered.ts';
import { pushOf } from './notify/people/channels/push.ts';
import { createDirect, toldIn } from './notify/people/direct/direct.ts';
import { createHeard, createProve, createWord, type Heard } from './notify/people/direct/prove.ts';
import type { Outbox } from './notify/people/outbox.ts';
import { createRoster, type Roster } from './notify/people/roster.ts';
import { smsOf } from './notify/people/sms/sms.ts';
import { speechOf } from './notify/people/words.ts';
import { memberOf } from './notify/roster/book.ts';
import { createDevices, type DeviceBook } from './notify/roster/devices.ts';
import { createPeopleOrders, type ForgetOptions, type PeopleOrders } from './notify/roster/forget.ts';
import type { RosterOrdersOptions } from './notify/roster/kept.ts';
import { createRosterOrders, type RosterOrders } from './notify/roster/roster-orders.ts';
import { centrePlace } from './sites/table.ts';
import { goneAfterMs } from './storage/backup/keep.ts';
import type { TellsOf } from './view/explained.ts';

/** The persons, and how each is reached. */
export type People = ReturnType<typeof openPeople>;

/** What is made after the people: `answers` takes what somebody says of an incident; nothing is open while the ledger is opened anew. */
export type Later = { answers(): Answers; runtime(): Open };
type Open = {
  record(ops: readonly Op[]): Promise<boolean>;
  now(): number;
  outbox(): Pick<Outbox, 'report' | 'accepted'> | undefined;
  ingest(): Pick<Ingest, 'table'> | undefined;
};

/** Opens the channels, and the roster with the persons of the settings. */
export function openPeople({ settings, dataDir, clock, log }: Base, { answers, runtime }: Later) {
  const roster = createRoster(settings.people, (path) => runtime().ingest()?.table().groupsOf(path) ?? []);
  const offers = createOffers();
  const onAnswer = takeAnswers({ roster, answers });
  const onMissedCall = takeMissedCalls({ roster, answers });
  const tests = createHeard(clock);
  const reports = reportsTo(runtime, tests);
  const toLog: LogLine = (fields, words) => log.warn(fields, words);
  const push = devicesOf({ settings, dataDir }, roster, runtime);
  const heard = { onAnswer, onMissedCall, reports, devices: push && { ...push.devices, secret: push.secret } };
  const channels = openChannels({ settings: settings.channels, offers, log: toLog, clock, ...heard, shortText: smsOf, speech: speechOf });
  const onFailure = (channel: string, person: string, reason: string) =>
    log.error({ channel, person, reason }, 'central could not be told directly');
  const place = centrePlace();
  const tellDirectly = createDirect({ clock, channels, roster, place, before: toldIn(dataDir), onFailure });
  return { roster, channels, offers, tellDirectly, tests, devices: push?.devices };
}

/** Takes the persons of the ledger into use, with their devices. */
export function useRoster({ roster, devices }: People, { members, devices: written = {} }: RosterContents): void {
  roster.use(members);
  devices?.use(written);
}

/** The key by which push services know this centre is made at the first start with them, and lies beside the others. */
function devicesOf(
  { settings, dataDir }: Pick<Base, 'settings' | 'dataDir'>,
  roster: Roster,
  runtime: Later['runtime'],
): { secret: Buffer; devices: DeviceBook } | undefined {
  const push = pushOf(settings.channels);
  if (push === undefined) return undefined;
  const secret = loadAnswerLinkKey(join(dataDir, 'push.key'), randomBytes);
  const { record, now } = { record: (ops: readonly Op[]) => runtime().record(ops), now: () => runtime().now() };
  const persons = () => roster.book().members;
  return { secret, devices: createDevices({ key: pushKeyOf(secret), services: push.services, persons, record, now }) };
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

/** `listed`: the roster as the ledger has it; `tells`: what the tabs would do. */
export type Rostered = Pick<RosterOrdersOptions, 'table' | 'record' | 'now'> & {
  tabs: Pick<Tabs, 'running'>;
  listed: RosterContents;
  tells: TellsOf;
};

/** What is done about all that stands of one person. Backups go by the time of the machine. */
export function forgettingOf(
  { ledger }: Base,
  { roster, apart, record, now }: { roster: RosterOrders } & Pick<ForgetOptions, 'apart' | 'record' | 'now'>,
): PeopleOrders {
  const randomId = () => randomBytes(3).toString('hex');
  return createPeopleOrders({ roster, ledger, apart, record, now, backupsUntil: () => Date.now() + goneAfterMs, randomId });
}

/** Notices to many of the roster. */
export function announcementsOf(
  { clock, ledger }: Base,
  { roster, channels }: People,
  { table, record, now }: Pick<Rostered, 'record' | 'now'> & { table(): SiteTable },
): Announcements {
  const word = createWord({ clock, channels, roster, place: centrePlace() });
  return createAnnouncements({ book: roster.book, table, ledger, word, record, now });
}

/** An alert than which none is more urgent. */
function alertIn(timeZone: string, now: number): Notice {
  const notice = centralNotice({ kind: 'direct', lines: [], place: { ...centrePlace(), timeZone }, now });
  return { ...notice, kind: 'raised', incident: 0, severity: 'critical' };
}

/** What an operator does with the roster. */
export function rosterOrdersOf({ settings, clock }: Base, { roster, channels, devices, tests }: People, at: Rostered): RosterOrders {
  const { table, record, now, tabs, listed, tells } = at;
  // A person may have been removed from the settings while `flows` was stopped.
  void devices?.keepPersons();
  const said = { clock, channels, roster, place: centrePlace() };
  const word = createWord(said);
  const use: Roster['use'] = (members) => {
    roster.use(members);
    void devices?.keepPersons();
  };
  return createRosterOrders({
    roster: { ...roster, use },
    held: listed.members,
    proofs: listed.proofs,
    fixed: settings.people.map(memberOf),
    table,
    channels: {
      names: [...channels.keys()],
      reaches: (channel, person) => channels.get(channel)?.reaches(person),
      joined: (channel) => channels.get(channel)?.joined === true,
      carries: (channel, { now: at, zone }) => channels.get(channel)?.carries?.(alertIn(zone, at), at) ?? true,
    },
    onTabs: () =>
      tabs
        .running()
        .map(toldBy)
        .flatMap((told) => (told === 'unreadable' ? [] : told)),
    prove: createProve({ ...said, heard: tests }),
    word: (person, lines) => ({ op: 'outbox', row: word(person, lines) }),
    tells,
    pause: () => setImmediate(),
    record,
    now,
  });
}
