/** Converts between a row of the site table's CSV and a node of the tree. */

import {
  expectedKinds,
  expectedLimit,
  helpFormat,
  isHelpAddress,
  isId,
  isLanguage,
  isTimeZone,
  type Language,
  languages,
  linkClasses,
  type Profile,
  profile,
  siteStages,
  tiers,
} from '@sabha/contracts';
import * as v from 'valibot';
import type { Bridge, ProfileLayer, SiteFacts, TreeNode, Ups } from '../engine/records/sites.ts';
import { clockText, hoursOf, hoursText, hoursWanted, minutesOf } from './hours.ts';
import { emptyFacts, levelOf } from './table.ts';

/** Cell text for a place that has no such value, although a level above sets one. */
const none = 'none';
const ports = { udp: 5060, tcp: 5060, tls: 5061, ups: 3493 };

/** Limit of groups of one site, more than any office has. */
const groupsAtMost = 20;

const groupsWanted = `at most ${groupsAtMost} groups with "|" between: lower-case letters, digits and "-", at most 32, and not "all"`;

type ExpectedDevices = NonNullable<Profile['expected']['camera']>;
const textLimit = 80;
/** Limit of characters in a device name, as in the configuration of a PC. */
const deviceLimit = 128;
/** Written before a phone number. Otherwise a spreadsheet converts it to a number and drops `+` and leading zeros. */
const textMark = "'";
/** Control characters, invisible and direction-changing characters (the joiners of Hindi are allowed), and residue of a wrong encoding. */
const unprintable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\ufffd]|(?![\u200c\u200d])\p{Cf}/u;

const phone = parsedCell(phoneOf, 'a phone number such as +91 1982 252010');
const mailAddress = v.pipe(
  checkedText((address) => isPlain(address, 120), 'at most 120 characters, and no = + - @ as the first'),
  v.email(),
);
const id = v.optional(checkedText(isId, 'lower-case letters, digits and "-", at most 32, and not "all"'));
const text = v.optional(checkedText(isPlain, `at most ${textLimit} characters on one line, and no = + - @ as the first`));
const devices = parsedCell(
  devicesOf,
  `a number from 0 to ${expectedLimit}, or up to ${expectedLimit} parts of names (${deviceLimit} characters) with "|" between`,
);

/** Checks of cells that the table of people uses too. */
export const cell = { mail: mailAddress, textSchema: checkedText, cellSchema: parsedCell, isPlain, isTimeZone, textMark };

/** Schema of a row without its empty cells. Its keys are all columns. A file has each column once, in any order. */
export const rowSchema = v.object({
  state: id,
  site: id,
  pc: id,
  name_en: checkedText(isPlain, `a name of at most ${textLimit} characters on one line, and no = + - @ as the first`),
  name_hi: text,
  stage: v.optional(v.picklist(siteStages)),
  elevation_m: ranged(-500, 9_000),
  latitude: ranged(6, 38),
  longitude: ranged(68, 98),
  link: v.optional(v.picklist(linkClasses)),
  isp: text,
  link_id: text,
  contact_name: text,
  contact_phone: phone,
  contact_email: v.optional(mailAddress),
  time_zone: v.optional(checkedText(isTimeZone, 'a time zone such as Asia/Kolkata')),
  cameras: devices,
  microphones: devices,
  speakers: devices,
  least_tier: v.optional(v.picklist(tiers)),
  bridge: readOrNone(bridgeOf, 'an address such as sip:bridge.example.in:5060;transport=udp (or tcp, tls)'),
  ups: readOrNone(upsOf, 'a UPS such as apc@localhost:3493'),
  displays: devices,
  programs: devices,
  help: readOrNone((text) => (isHelpAddress(text) ? text : undefined), helpFormat),
  languages: parsedCell(languagesOf, `languages of ${languages.join(', ')} with "|" between, the first one large`),
  room_phone: phone,
  way_in: text,
  spare: text,
  vc_hours: readOrNone(hoursOf, hoursWanted),
  closes: readOrNone(minutesOf, 'a time of day such as 18:30'),
  groups: parsedCell(groupsOf, groupsWanted),
});

type SiteRow = v.InferOutput<typeof rowSchema>;
export type SiteColumn = keyof SiteRow;
export type SiteCells = Record<SiteColumn, string>;
/** All columns, in the order of export. */
export const columns = Object.keys(rowSchema.entries) as SiteColumn[];
/** Newer columns: a file without them keeps the values of the table. */
export const laterColumns: readonly SiteColumn[] = columns.slice(columns.indexOf('least_tier'));
/** Columns that only the row of a site may fill. */
export const siteColumns = columns.filter((column) => /^(stage|latitude|longitude|isp|link_id|contact_.*|groups)$/.test(column));

/**
 * Returns the node of a row. Empty cells are inherited. Guarantee: a site never goes back to an earlier stage. An empty stage, or one
 * earlier than that of `before` (from an older export), keeps the stage and its dates without a report.
 */
export function nodeOf(row: SiteRow, before: TreeNode | undefined, now: number): TreeNode {
  const path = [row.state, row.site, row.pc].filter((part) => part !== undefined).join('/');
  const name = { en: row.name_en, hi: row.name_hi ?? row.name_en };
  return { path, name, layer: layerOf(row), site: levelOf(path) === 2 ? factsOf(row, before?.site ?? null, now) : null };
}

/** Returns the set values in a fixed order, because the ledger compares them as text. */
function layerOf(row: SiteRow): ProfileLayer {
  const kinds = expectedKinds.filter((kind) => row[`${kind}s`] !== undefined);
  const all: { [K in keyof ProfileLayer]: ProfileLayer[K] | undefined } = {
    phone: row.room_phone,
    wayIn: row.way_in,
    spare: row.spare,
    link: row.link,
    elevationM: row.elevation_m,
    timeZone: row.time_zone,
    tier: row.least_tier,
    bridge: row.bridge,
    ups: row.ups,
    help: row.help,
    languages: row.languages,
    vcHours: row.vc_hours,
    closes: row.closes,
    expected: kinds.length === 0 ? undefined : Object.fromEntries(kinds.map((kind) => [kind, row[`${kind}s`]])),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as ProfileLayer;
}

/** Returns the cells of a node as people read them. */
export function cellsOf({ path, name, layer, site }: TreeNode): SiteCells {
  const [state = '', siteId = '', pc = ''] = path.split('/');
  return {
    state,
    site: siteId,
    pc,
    name_en: name.en,
    name_hi: name.hi === name.en ? '' : name.hi,
    stage: site?.stage ?? '',
    elevation_m: cellText(layer.elevationM),
    latitude: cellText(site?.latitude ?? undefined),
    longitude: cellText(site?.longitude ?? undefined),
    link: cellText(layer.link),
    isp: site?.isp ?? '',
    link_id: site?.linkId ?? '',
    contact_name: site?.contact.name ?? '',
    contact_phone: site?.contact.phone ?? '',
    contact_email: site?.contact.email ?? '',
    time_zone: layer.timeZone ?? '',
    cameras: cellText(layer.expected?.camera, devicesText),
    microphones: cellText(layer.expected?.microphone, devicesText),
    speakers: cellText(layer.expected?.speaker, devicesText),
    least_tier: layer.tier ?? '',
    bridge: cellText(layer.bridge, bridgeText),
    ups: cellText(layer.ups, upsText),
    displays: cellText(layer.expected?.display, devicesText),
    programs: cellText(layer.expected?.program, devicesText),
    help: cellText(layer.help),
    languages: layer.languages?.join('|') ?? '',
    room_phone: cellText(layer.phone),
    way_in: cellText(layer.wayIn),
    spare: cellText(layer.spare),
    vc_hours: cellText(layer.vcHours, hoursText),
    closes: cellText(layer.closes, clockText),
    groups: site?.groups?.join('|') ?? '',
  };
}

/** Returns the cells as a CSV file holds them: phone numbers begin with an apostrophe. */
export function fileCellsOf(node: TreeNode): SiteCells {
  const cells = cellsOf(node);
  const marked = (number: string) => number && textMark + number;
  return { ...cells, contact_phone: marked(cells.contact_phone), room_phone: marked(cells.room_phone) };
}

function factsOf(row: SiteRow, before: SiteFacts | null, now: number): SiteFacts {
  const [fileStage, currentStage] = [row.stage ?? 'planned', before?.stage ?? 'planned'] as const;
  const stage = siteStages.indexOf(fileStage) < siteStages.indexOf(currentStage) ? currentStage : fileStage;
  const life = before?.stage === stage ? before : { ...emptyFacts, stageAt: now };
  return {
    stage,
    stageAt: life.stageAt,
    cleanSince: life.cleanSince,
    latitude: row.latitude ?? null,
    longitude: row.longitude ?? null,
    isp: row.isp ?? '',
    linkId: row.link_id ?? '',
    contact: { name: row.contact_name ?? '', phone: row.contact_phone ?? '', email: row.contact_email ?? '' },
    ...(row.groups !== undefined && { groups: row.groups }),
  };
}

function checkedText(test: (text: string) => boolean, wanted: string) {
  return v.pipe(v.string(), v.check(test, wanted));
}

/** Returns the schema of a cell; `parse` returns undefined for an invalid text. */
function parsedCell<T>(parse: (text: string) => T | undefined, wanted: string) {
  return v.optional(
    v.pipe(
      checkedText((text) => parse(text) !== undefined, wanted),
      v.transform((text) => parse(text) as T),
    ),
  );
}

/** Like `parsedCell`, but the cell `none` gives null: this place has none, although a level above sets one. */
function readOrNone<T>(parse: (text: string) => T | undefined, wanted: string) {
  return parsedCell((text) => (text === none ? null : parse(text)), `${wanted}, or ${none}`);
}

/** Returns the text of a cell: `none` for null, empty for a value that is not set. */
function cellText<T>(value: T | null | undefined, textOf: (value: T) => string = String): string {
  if (value === null) return none;
  return value === undefined ? '' : textOf(value);
}

function phoneOf(text: string): string | undefined {
  return /^'?\+?\d[\d ()/-]{4,24}$/.test(text) ? text.replace(textMark, '') : undefined;
}

function languagesOf(text: string): Language[] | undefined {
  const named = text.split('|');
  return named.every(isLanguage) && new Set(named).size === named.length ? named : undefined;
}

function ranged(from: number, to: number) {
  const inRange = (text: string) => /^-?\d{1,5}(\.\d{1,20})?$/.test(text) && Number(text) >= from && Number(text) <= to;
  return parsedCell((text) => (inRange(text) ? Number(text) : undefined), `a number from ${from} to ${to}`);
}

/**
 * Returns false for a text that a spreadsheet would read as a formula, so that no export contains one. A phone number has a text mark
 * instead.
 */
function isPlain(text: string, limit = textLimit): boolean {
  return text.length <= limit && !unprintable.test(text) && !/^[=+\-@＝＋－＠]/.test(text);
}

/** Parses expected devices. `2`: two of any kind; `none`: 0; `Rally|Brio`: one of each name; an empty part: one of any kind. */
function devicesOf(text: string): ExpectedDevices | undefined {
  if (text.trim() === none) return [];
  const all: ExpectedDevices = /^\d+$/.test(text)
    ? Array.from({ length: Math.min(Number(text), expectedLimit + 1) }, () => ({}))
    : text.split('|').map((part) => (part.trim() === '' ? {} : { match: part.trim() }));
  return all.length <= expectedLimit && all.every(({ match = '' }) => isPlain(match, deviceLimit)) ? all : undefined;
}

function devicesText(devices: ExpectedDevices): string {
  return devices.every(({ match }) => match === undefined) ? String(devices.length) : devices.map(({ match }) => match ?? '').join('|');
}

/** Parses the groups of a cell such as `magadh|bihar-circle`; duplicates are invalid. */
function groupsOf(text: string): string[] | undefined {
  const groups = text.split('|').map((part) => part.trim());
  const isGood = groups.length <= groupsAtMost && groups.every(isId) && new Set(groups).size === groups.length;
  return isGood ? groups : undefined;
}

/** Parses an address such as `sip:host[:port][;transport=udp|tcp|tls]`. */
function bridgeOf(text: string): Bridge | undefined {
  const [, host = '', port, transport = 'udp'] = /^sip:([^;@:\s]+)(?::(\d{1,5}))?(?:;transport=(udp|tcp|tls))?$/.exec(text) ?? [];
  const bridge = { transport, host, port: Number(port ?? ports[transport as Bridge['transport']]) };
  return v.is(profile.entries.bridge, bridge) ? bridge : undefined;
}

export function bridgeText({ host, port, transport }: Bridge): string {
  return `sip:${host}:${port};transport=${transport}`;
}

/** Parses an address such as `name@host[:port]`. */
function upsOf(text: string): Ups | undefined {
  const [, name = '', host = '', port] = /^([^@\s]+)@([^@:\s]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const ups = { name, host, port: Number(port ?? ports.ups) };
  return v.is(profile.entries.ups, ups) ? ups : undefined;
}

export function upsText({ name, host, port }: Ups): string {
  return `${name}@${host}:${port}`;
}
