/** The settings file `sabha.json`: schema, defaults and error lines. */
import { isIP } from 'node:net';
import { isAbsolute } from 'node:path';
import * as v from 'valibot';
import { languages } from '../domain/faults.ts';
import { messageLanguages } from '../domain/words/words.ts';
import { issueText, oneLine } from '../kit/one-line.ts';
import { isLoopback } from '../kit/start.ts';
import { expectedDevice, expectedKinds, expectedLimit, profile } from '../wire/messages.ts';
import { isId } from '../wire/topics.ts';
import { accountRoles } from './api.ts';

const id = v.pipe(v.string(), v.check(isId, 'lower-case letters, digits and "-", at most 32, and not "all"'));
/** A name. It is exported to the CSV of the site table, so it may not begin like a spreadsheet formula. */
const name = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(80),
  v.check((text) => !/^[=+\-@＝＋－＠]|\p{Cc}/u.test(text), 'a name on one line, and no = + - @ as the first'),
);
const words = v.strictObject({ en: name, hi: v.optional(name) });
const port = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535));
const email = v.pipe(v.string(), v.email());
const url = v.pipe(v.string(), v.check(isSafeUrl, 'an https:// address, or http:// on loopback'));
const about = <T extends v.GenericSchema>(schema: T, text: string) => v.pipe(schema, v.description(text));

/** Building blocks for the settings of the channels. */
export const setting = { id, port, email, url, about };

/** Roles of recipients. A tab refers to roles. A person has one role, for a scope (`''` = everywhere). */
export const roles = ['technician', 'state', 'central'] as const;
export type Role = (typeof roles)[number];

export function isRole(word: string): word is Role {
  return (roles as readonly string[]).includes(word);
}

const scope = v.pipe(
  v.string(),
  v.check(
    (text) => text === '' || (text.split('/').length <= 2 && text.split('/').every(isId)),
    '"" for everywhere, a state, or state/site',
  ),
);

const person = v.strictObject({
  id,
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(80)),
  role: about(v.picklist(roles), 'The tabs of flows send to roles, not to names.'),
  scope: v.optional(about(scope, 'The part of the tree this person looks after: "" is everywhere, else a state, or state/site.'), ''),
  groups: v.exactOptional(
    about(v.pipe(v.array(id), v.maxLength(20)), 'Groups that a tab may notify, such as "vendors": the members who look after the place.'),
  ),
  language: v.optional(about(v.picklist(messageLanguages), 'The language of the messages to this person.'), 'en'),
  channels: v.exactOptional(
    about(
      v.pipe(v.array(id), v.minLength(1), v.maxLength(20)),
      'The channels of this person in order: the next one is used if one does not deliver. Absent: all that reach the person, e-mail first.',
    ),
  ),
  email: v.optional(email),
  webhook: v.optional(about(v.boolean(), 'True: notifications go through the webhook too.'), false),
  addresses: v.optional(
    about(
      v.record(v.string(), v.pipe(v.string(), v.minLength(1), v.maxLength(200))),
      'Addresses for the channels on the tabs, by their name in channels.offered.',
    ),
    {},
  ),
});

/** The profile of a site. It differs from the profile in messages: an unknown key is an error, and a missing key has a default. */
const siteProfile = v.strictObject({
  link: v.optional(
    about(profile.entries.link, 'The class of the link: it sets how often a PC reports and how soon it counts as offline.'),
    'fibre',
  ),
  elevationM: profile.entries.elevationM,
  expected: v.optional(
    v.strictObject(
      v.entriesFromList(
        expectedKinds,
        v.exactOptional(v.pipe(v.array(v.strictObject(expectedDevice.entries)), v.maxLength(expectedLimit))),
      ),
    ),
    { camera: [{}], microphone: [{}], speaker: [{}] },
  ),
  tier: v.exactOptional(
    about(profile.entries.tier.wrapped, 'The least that the link must carry; below it the link has a fault. Absent: audio.'),
  ),
  bridge: v.exactOptional(
    about(v.strictObject(profile.entries.bridge.wrapped.entries), 'The dial-in audio bridge of this site, checked by SIP OPTIONS.'),
  ),
  ups: v.exactOptional(about(v.strictObject(profile.entries.ups.wrapped.entries), 'The UPS, as NUT names it, and where upsd listens.')),
  help: v.exactOptional(
    about(profile.entries.help.wrapped, 'The contact on the room card: a mail address, or a chat with {text} in its query.'),
  ),
  languages: v.exactOptional(
    about(v.pipe(v.array(v.picklist(languages)), v.minLength(1)), 'The languages of the room card, the first one large. Absent: all.'),
  ),
});

const site = v.strictObject({
  state: v.optional(id, 'capital'),
  id: v.optional(id, 'this-office'),
  name: v.optional(words, { en: 'This office', hi: 'यह दफ़्तर' }),
  timeZone: v.optional(v.pipe(v.string(), v.check(isTimeZone, 'a time zone such as Asia/Kolkata')), 'Asia/Kolkata'),
  profile: v.optional(about(siteProfile, 'The link of this site and the devices that each of its PCs must have.'), {}),
  pcs: v.optional(about(v.pipe(v.array(v.strictObject({ id, room: words })), v.minLength(1)), 'One PC serves one room.'), [
    { id: 'this-pc', room: { en: 'Conference room', hi: 'कॉन्फ़्रेंस रूम' } },
  ]),
});

const communityNodes = v.strictObject({
  packages: v.optional(
    about(
      v.array(v.pipe(v.string(), v.regex(/^(@[a-z0-9-]+\/)?[a-z0-9][a-z0-9._-]*$/))),
      'npm packages beside Sabha whose nodes may be on the tabs, behind an offer. They run inside flows: name only packages that you trust.',
    ),
    [],
  ),
  credentials: v.optional(
    about(
      // Node ids may be longer than other ids. The pattern also rejects an array, whose numeric keys would pass as an object.
      v.record(v.pipe(v.string(), v.regex(/^[a-z0-9.-]{4,64}$/)), v.record(v.string(), v.string())),
      'The secrets of their nodes, by the id of the node; a tab holds none.',
    ),
    {},
  ),
});

const ports = v.strictObject({
  mqtt: v.optional(port, 1883),
  api: v.optional(port, 1880),
  editor: v.optional(port, 1881),
  brokerMetrics: v.optional(port, 9101),
  flowsMetrics: v.optional(port, 9102),
  exporter: v.optional(port, 9103),
  reflector: v.optional(about(port, 'UDP port at which PCs measure their link. Beyond this machine only if https is set.'), 8620),
});

/** A host name as in the Host header of a browser. The API refuses other names, against DNS rebinding. */
const hostName = v.pipe(
  v.string(),
  v.check(
    (text) => text.length <= 253 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(text),
    'a name such as sabha.example.org, in lower case, without https:// and port',
  ),
);

const grantOfDirectory = v.pipe(
  v.strictObject({ value: v.string(), role: v.picklist(accountRoles), scope: v.optional(scope, '') }),
  v.check((grant) => grant.role !== 'central' || grant.scope === '', 'central for everywhere only'),
);

const openid = v.strictObject({
  issuer: about(url, 'The directory that authenticates people.'),
  clientId: v.pipe(v.string(), v.minLength(1)),
  secretFile: about(v.pipe(v.string(), v.minLength(1)), 'The file that holds the client secret.'),
  scope: v.optional(about(v.string(), 'The scopes requested from the directory.'), 'openid email profile'),
  nameClaim: v.optional(about(v.string(), 'The claim that becomes the name of the account.'), 'email'),
  claim: v.optional(about(v.string(), 'The claim that says what a person may do here.'), 'groups'),
  grants: about(
    v.pipe(v.array(grantOfDirectory), v.minLength(1)),
    'Role and scope by the value of that claim. The first match counts; nobody else can sign in.',
  ),
});

const https = v.strictObject({
  host: about(
    v.pipe(
      v.string(),
      v.check((text) => isIP(text) > 0, 'an address of this machine, or 0.0.0.0 for all of them'),
    ),
    'The address of this machine at which the wall and the API are served to other machines, for people who sign in.',
  ),
  port: v.optional(port, 8443),
  mqttPort: v.optional(about(port, 'The port at which PCs on other machines reach the broker, by TLS with their certificate.'), 8883),
  openid: v.optional(about(openid, 'People may also sign in through this OpenID Connect directory.')),
  names: about(v.pipe(v.array(hostName), v.minLength(1)), 'The names by which browsers reach it; any other is refused.'),
});

const whole = (least: number, most: number) => v.pipe(v.number(), v.integer(), v.minValue(least), v.maxValue(most));
const capacity = v.strictObject({
  atOncePerState: v.optional(about(whole(1, 100), 'At once in one state.'), 2),
  atOnce: v.optional(
    about(whole(1, 60), 'At once in all states: each uses as much of the line of the server as its own line carries, for some seconds.'),
    10,
  ),
});

const absolutePath = v.pipe(v.string(), v.check(isAbsolute, 'a path from the root, such as /mnt/backup'));
const backup = v.strictObject({
  folder: v.exactOptional(about(absolutePath, 'A second folder, on another disk, for a copy of each backup. The folder must exist.')),
  passphraseFile: v.exactOptional(
    about(
      absolutePath,
      'The file with the passphrase that encrypts the backups. Without it, each reader of a backup has the keys of the server.',
    ),
  ),
});

const retention = v.strictObject({
  eventDays: v.optional(
    about(whole(2, 60), 'Days after which events leave the ledger. At least 2: PCs resend their events of the last 24 hours.'),
    2,
  ),
  archiveMonths: v.optional(about(whole(1, 120), 'Number of archives to keep, the newest ones: a year and the current month.'), 13),
  historyDays: v.optional(
    about(
      whole(31, 3_660),
      'Days to keep incidents, their steps and messages, and records of removed PCs: a year, and time to look back at it.',
    ),
    400,
  ),
});

/** All of `sabha.json`. Each key has a default, and an unknown key is an error. */
export const settings = v.strictObject({
  $schema: v.optional(v.string()),
  site: v.optional(
    about(v.nullable(site), 'This office and its conferencing PCs. null = all sites come from the site table, and no agent runs here.'),
    {},
  ),
  people: v.optional(about(v.array(person), 'The people to notify. Without any, messages are printed on the console only.'), []),
  alertmanager: v.optional(
    about(
      v.strictObject({
        url: about(url, 'Alertmanager itself; alerts go to its /api/v2/alerts.'),
        tokenFile: v.optional(about(v.string(), 'The file that holds a bearer token, if a proxy in front of it needs one.')),
      }),
      'Each incident that was notified is sent to this Alertmanager too, until it is over.',
    ),
  ),
  /** Only `flows` knows the channels and validates this key: `flows/settings.ts`. */
  channels: v.optional(v.unknown(), {}),
  communityNodes: v.optional(
    about(communityNodes, 'Nodes of other authors that carry messages, each a channel by the pair offer and outcome.'),
    {},
  ),
  ports: v.optional(about(ports, 'All listen on loopback only. 0 takes a free port.'), {}),
  editor: v.optional(
    about(
      v.boolean(),
      'The editor of the tabs, on loopback at ports.editor, while the server runs. Accounts with the role central sign in, and "sabha" with the password in data/flows/editor.password.',
    ),
    false,
  ),
  https: v.optional(
    about(
      https,
      'The wall and the API for other machines. SABHA_HTTPS_KEY and SABHA_HTTPS_CERT may name a certificate that browsers trust. Absent: loopback only.',
    ),
  ),
  capacity: v.optional(about(capacity, 'How many sites measure the capacity of their link at the same time.'), {}),
  backup: v.exactOptional(about(backup, 'Options of the backups. They are made each hour in data/flows/backups in any case.')),
  retention: v.optional(
    about(
      retention,
      'How long data is kept. Events that leave the ledger go to data/flows/archives, one file a month; other data is deleted.',
    ),
    {},
  ),
  ledgerLimitMiB: v.optional(
    about(v.pipe(v.number(), v.minValue(0)), 'MiB that the ledger may use of the disk; 0 = no separate limit.'),
    0,
  ),
});

export type Settings = v.InferOutput<typeof settings>;
export type OpenIdSettings = v.InferOutput<typeof openid>;
/** The only site in `sabha.json`, used while no site table is imported. */
export type SettingsSite = NonNullable<Settings['site']>;
export type Person = v.InferOutput<typeof person>;
export type CommunityNodes = Settings['communityNodes'];

/**
 * Parses the settings, or returns one line with the place and the problem. An unknown key is an error, so that a typo never starts a weaker
 * system. `channels` is passed on unchanged.
 */
export function readSettings(text: string, file = 'sabha.json'): { ok: true; value: Settings } | { ok: false; line: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return { ok: false, line: `${file}: not JSON: ${oneLine((error as SyntaxError).message, 200)}` };
  }
  const result = v.safeParse(settings, parsed);
  if (!result.success) return { ok: false, line: `${file}: ${issueText(result.issues[0])}` };
  const { people, site: own } = result.output;
  const twice = firstTwice('people', people) ?? firstTwice('site.pcs', own?.pcs ?? []) ?? ambiguousGroup(people);
  if (twice !== undefined) return { ok: false, line: `${file}: ${twice}` };
  return { ok: true, value: result.output };
}

/** Rejects a group named like a role or a person, because a tab uses one namespace for all three. */
function ambiguousGroup(people: readonly Person[]): string | undefined {
  const taken = new Set<string>([...roles, ...people.map(({ id: own }) => own)]);
  const lines = people.flatMap(({ groups = [] }, at) =>
    groups.filter((group) => taken.has(group)).map((group) => `people.${at}.groups: "${group}" is a role or a person`),
  );
  return lines[0];
}

function firstTwice(list: string, rows: { id: string }[]): string | undefined {
  const at = rows.findIndex((row, index) => rows.findIndex((one) => one.id === row.id) < index);
  return at < 0 ? undefined : `${list}.${at}.id: "${rows[at]?.id}" is there twice`;
}

function isSafeUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
}

/** Returns true for a time zone that both Intl and Temporal accept. Intl also accepts "IST", and Temporal a whole date. */
export function isTimeZone(text: string): boolean {
  if (knownZones.has(text)) return true;
  if (!isZoneOfBoth(text)) return false;
  // There are few zone names, but each exists in many mixtures of upper and lower case, so the cache has a limit.
  if (knownZones.size < knownZonesAtMost) knownZones.add(text);
  return true;
}

/** Cache of valid zones: a lookup costs more than the rest of the formatting of a time. */
const knownZones = new Set<string>();
const knownZonesAtMost = 1_000;

function isZoneOfBoth(text: string): boolean {
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(text);
    return new Intl.DateTimeFormat('en', { timeZone: text }) !== undefined;
  } catch {
    return false;
  }
}
