/** The recipients of notifications, their channels and reply links, and the orders of operators about the roster. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { DeliveryReports, HandleMissedCall, HandleReply, LogLine } from './engine/records/notices.ts';
import type { Op } from './engine/records/ops.ts';
import type { RosterContents } from './engine/records/sites.ts';
import { recipientsIn, type Tabs } from './node-red/tabs.ts';
import type { Answers } from './notify/alert-replies/alert-replies.ts';
import { type AnswerLinks, answerLinkPath, createAnswerLinks, loadAnswerLinkKey, noticePath } from './notify/alert-replies/reply-link.ts';
import { createDeviceBook } from './notify/orders/devices.ts';
import { createPeopleOrders, type ForgetOptions, type PeopleOrders } from './notify/orders/forget.ts';
import { createRosterOrders, type RosterOrders, type RosterOrdersOptions } from './notify/orders/roster-orders.ts';
import { openChannels } from './notify/people/channels/channels.ts';
import { pushKeyOf } from './notify/people/channels/kit/web-push.ts';
import { createOffers } from './notify/people/channels/offered.ts';
import { pushOf } from './notify/people/channels/push.ts';
import { createDirect, createLastNotified, createPendingTests } from './notify/people/direct/direct.ts';
import type { OutboxOptions } from './notify/people/outbox.ts';
import { createRoster, type Roster } from './notify/people/roster.ts';
import { usableUrl } from './notify/people/sms/sms.ts';
import { longestLink, wallAddress } from './notify/people/words.ts';
import { memberOf } from './notify/roster/book.ts';
import type { Runtime } from './runtime.ts';
import type { Base, FlowsSettings } from './settings.ts';
import { backupsGoneAfterMs } from './storage/backup/backup.ts';

export type PeopleParts = ReturnType<typeof openPeople>;

/**
 * Parts that exist only after `openPeople`. `answers` processes replies to incidents. `outbox` and `ingest` are undefined while the ledger
 * is reopened.
 */
export type LaterParts = { answers(): Answers; runtime(): Pick<Runtime, 'record' | 'now' | 'outbox' | 'ingest'> };

export function openPeople({ settings, dataDir, clock, log }: Base, { answers, runtime }: LaterParts) {
  const roster = createRoster(settings.people, (path) => runtime().ingest()?.table().groupsOf(path) ?? []);
  const offers = createOffers();
  const byButton: HandleReply = (answer) => answers().byButton(answer);
  const byMissedCall: HandleMissedCall = (...call) => answers().byMissedCall(...call);
  const tests = createPendingTests(clock);
  // A delivery report belongs to a channel test that waits for it, or else to a message of the outbox.
  const reports: DeliveryReports = {
    async take(report) {
      if (tests.take(report)) return;
      const open = runtime().outbox();
      if (open === undefined) throw new Error('the ledger is being reopened');
      await open.report(report);
    },
    about(channel, id) {
      const row = runtime().outbox()?.accepted(channel, id);
      return row ? { person: row.person, incident: row.notice.incident } : tests.about(channel, id);
    },
  };
  const toLog: LogLine = (fields, words) => log.warn(fields, words);
  const push = devicesOf({ settings, dataDir }, roster, runtime);
  const taken = { onAnswer: byButton, onMissedCall: byMissedCall, reports, devices: push && { ...push.devices, secret: push.secret } };
  const channels = openChannels({ settings: settings.channels, offers, log: toLog, clock, ...taken });
  const onFailure = (channel: string, person: string, reason: string) =>
    log.error({ channel, person, reason }, 'central could not be notified directly');
  const tellDirectly = createDirect({ clock, channels, roster, before: createLastNotified(dataDir), onFailure });
  const now = () => runtime().now();
  const toldOf = (incident: number) => (runtime().ingest()?.memory.incidents.get(incident)?.told ?? []).map(({ person }) => person);
  // The key is stored, so links survive a restart. One kind of link replies to an incident, the other marks an announcement as read.
  const key = loadAnswerLinkKey(join(dataDir, 'answer.key'), randomBytes);
  const links = { answers: createAnswerLinks({ key, now, toldOf }), notices: createAnswerLinks({ key, now, about: 'notice' }) };
  const reached = { roster, channels, offers, tellDirectly, heard: tests, devices: push?.devices };
  return { ...reached, links, ...linkOptionsOf(settings.https, links) };
}

/** Loads the people of the ledger, and their Web Push devices. */
export function useRoster({ roster, devices }: PeopleParts, { members, devices: written = {} }: RosterContents): void {
  roster.use(members);
  devices?.use(written);
}

/**
 * Creates the list of Web Push devices if Web Push is configured. The secret identifies this server to push services. It is generated once
 * and stored beside the other keys.
 */
function devicesOf({ settings, dataDir }: Pick<Base, 'settings' | 'dataDir'>, roster: Roster, runtime: LaterParts['runtime']) {
  const push = pushOf(settings.channels);
  if (push === undefined) return undefined;
  const secret = loadAnswerLinkKey(join(dataDir, 'push.key'), randomBytes);
  const at = { record: (ops: readonly Op[]) => runtime().record(ops), now: () => runtime().now() };
  const persons = () => roster.book().members;
  return { secret, devices: createDeviceBook({ key: pushKeyOf(secret), services: push.services, persons, ...at }) };
}

/** Creates the operations that export or delete all data of one person. Backups expire by system time, not by the clock of a demo. */
export function personOrdersOf({ ledger }: Base, at: Pick<ForgetOptions, 'roster' | 'apart' | 'record' | 'now'>): PeopleOrders {
  const randomId = () => randomBytes(3).toString('hex');
  return createPeopleOrders({ ...at, ledger, backupsUntil: () => Date.now() + backupsGoneAfterMs, randomId });
}

export function rosterOrdersOf(
  { settings, clock }: Base,
  people: PeopleParts,
  { tabs, ...at }: Pick<RosterOrdersOptions, 'table' | 'record' | 'now' | 'listed' | 'tells'> & { tabs: Pick<Tabs, 'running'> },
): RosterOrders {
  // Deletes the Web Push devices of persons who were removed from the settings while `flows` was stopped.
  void people.devices?.keepPersons();
  const toldByTabs = () => tabs.running().map(recipientsIn);
  const onTabs = () => toldByTabs().flatMap((told) => (told === 'unreadable' ? [] : told));
  return createRosterOrders({ ...people, clock, fixed: settings.people.map(memberOf), onTabs, ...at });
}

/** Returns the address of the wall and a function for the links of each message. Both are absent if HTTPS has no host name. */
export function linkOptionsOf(
  https: FlowsSettings['https'],
  { answers, notices }: Record<'answers' | 'notices', AnswerLinks>,
): Pick<OutboxOptions, 'wall' | 'linksTo'> {
  const wall = wallAddress(https);
  if (wall === undefined) return {};
  // An SMS must match its text registered with the operator, in which either every message has a link or none has.
  const isInTexts = usableUrl(longestLink(wall)) !== undefined;
  return {
    wall,
    linksTo(person, { incident, announcement }) {
      if (announcement) return { tap: `${wall}${noticePath}?${notices.token(person, announcement.id)}` };
      if (incident === null) return {};
      const tap = `${wall}${answerLinkPath}?${answers.token(person, incident)}`;
      return { tap, short: isInTexts ? `${wall}/?${answers.shortToken(person, incident)}` : undefined };
    },
  };
}
