/** What the columns of the roster's CSV say, one way and back: a row of cells and a person. */

import { groupOfScope, isId, messageLanguages, type Role, roles } from '@sabha/contracts';
import * as v from 'valibot';
import type { Leave, Member } from '../../engine/records/sites.ts';
import { cell } from '../../sites/columns.ts';
import { dutyOf, dutyWanted, hoursText } from '../../sites/hours.ts';
import { dialled } from './book.ts';

const { that, read, isPlain, isTimeZone, mail, textMark } = cell;
/** Between the parts of a cell, as in the site table. */
const bar = '|';
const partsLimit = 50;
/** The word for everywhere. */
const everywhere = 'all';

const idWanted = 'lower-case letters, digits and "-", at most 32, and not "all"';
const plainWanted = 'at most 80 characters on one line, and no = + - @ as the first';
/** A person's @name cannot be written to. */
const chat = /^'?-?\d{4,20}$/;
/** Of WhatsApp: a country, a dot, and what the business knows the person by. */
const scopedUser = /^[A-Z]{2}\.[A-Za-z0-9.]{4,128}$/;
const phone = read(dialled, 'a phone number such as +91 98765 43210');
const path = /^[a-z0-9-]{1,32}(\/[a-z0-9-]{1,32}){0,2}$/;

/** A row whose empty cells are left out. Its keys are all columns; a file holds each once, in any order. */
export const rowSchema = v.object({
  id: that(isId, idWanted),
  name: that((text) => isPlain(text), plainWanted),
  roles: v.nonOptional(read(rolesOf, `roles of ${roles.join(', ')} with "${bar}" between`)),
  scopes: v.nonOptional(read(scopesOf, `paths such as bihar or bihar/patna, or group:NAME, with "${bar}" between, or ${everywhere}`)),
  groups: read(idsOf, `groups with "${bar}" between: ${idWanted}`),
  language: v.optional(v.picklist(messageLanguages)),
  channels: read(idsOf, `channels with "${bar}" between, the first one first`),
  phone,
  email: v.optional(mail),
  telegram: v.optional(
    v.pipe(
      that((text) => chat.test(text), 'a number of Telegram such as 4711004711; a @name cannot be written to'),
      v.transform((text) => text.replace(textMark, '')),
    ),
  ),
  whatsapp: phone,
  whatsapp_user: v.optional(that((text) => scopedUser.test(text), 'a user id of WhatsApp such as IN.13491208655302741918')),
  addresses: read(addressesOf, `channel=address with "${bar}" between`),
  duty: read(dutyOf, dutyWanted),
  leave: read(leaveOf, 'days such as 2027-01-10..2027-01-20 (more with ";" between)'),
  deputy: v.optional(that(isId, `the id of a person: ${idWanted}`)),
  time_zone: v.optional(that(isTimeZone, 'a time zone such as Asia/Kolkata')),
});

/** What a row says. */
export type Row = v.InferOutput<typeof rowSchema>;
/** The name of a column. */
export type Column = keyof Row;
/** The cells of a row, by the name of their column. */
export type Cells = Record<Column, string>;
/** All columns, in the order in which they are written. */
export const columns = Object.keys(rowSchema.entries) as Column[];
/** Columns that a file may lack. */
export const furtherColumns: readonly Column[] = columns.filter((column) => !['id', 'name', 'roles', 'scopes'].includes(column));

/** The person that a row describes. `zone`: of the first scope, for a row that names none. In this order always: what the ledger holds is compared as text. */
export function memberOf(row: Row, zone: string): Member {
  const { roles: own, scopes, email } = row;
  return {
    id: row.id,
    name: row.name,
    role: own[0] ?? 'technician',
    scope: scopes[0] ?? '',
    groups: row.groups ?? [],
    language: row.language ?? 'en',
    channels: row.channels ?? [],
    ...(email !== undefined && { email }),
    webhook: row.channels?.includes('webhook') ?? false,
    addresses: channelAddresses(row),
    roles: own,
    scopes,
    duty: row.duty ?? null,
    zone: row.time_zone ?? zone,
    leave: row.leave ?? [],
    deputy: row.deputy ?? null,
  };
}

/** One phone serves every channel that rings or writes to a number. */
function channelAddresses({ phone: number, telegram, whatsapp, whatsapp_user: user, addresses = {} }: Row): Record<string, string> {
  return {
    ...addresses,
    ...(number !== undefined && { phone: number, sms: number, voice: number }),
    ...(telegram !== undefined && { telegram }),
    ...(whatsapp !== undefined && { whatsapp }),
    ...(user !== undefined && { 'whatsapp-user': user }),
  };
}

const ownColumns = new Set(['phone', 'sms', 'voice', 'telegram', 'whatsapp', 'whatsapp-user']);

/** The cells of a person, as people read them. */
export function cellsOf(member: Member): Cells {
  const { addresses } = member;
  const further = Object.entries(addresses).filter(([name]) => !ownColumns.has(name));
  return {
    id: member.id,
    name: member.name,
    roles: member.roles.join(bar),
    scopes: member.scopes.map((scope) => scope || everywhere).join(bar),
    groups: member.groups.join(bar),
    language: member.language,
    channels: member.channels.join(bar),
    phone: addresses['phone'] ?? '',
    email: member.email ?? '',
    telegram: addresses['telegram'] ?? '',
    whatsapp: addresses['whatsapp'] ?? '',
    whatsapp_user: addresses['whatsapp-user'] ?? '',
    addresses: further.map(([name, address]) => `${name}=${address}`).join(bar),
    duty: hoursText(member.duty ?? []),
    leave: member.leave.map(({ from, to }) => (from === to ? from : `${from}..${to}`)).join('; '),
    deputy: member.deputy ?? '',
    time_zone: member.zone,
  };
}

/** The same cells as they are written to a file: no spreadsheet makes a number or a formula of them. */
export function fileCellsOf(member: Member): Cells {
  const cells = cellsOf(member);
  const marked = (text: string) => text && textMark + text;
  const { phone: number, telegram, whatsapp } = cells;
  return { ...cells, phone: marked(number), telegram: marked(telegram), whatsapp: marked(whatsapp) };
}

function partsOf(text: string): string[] | undefined {
  const parts = text.split(bar).map((part) => part.trim());
  return parts.length > partsLimit || new Set(parts).size !== parts.length ? undefined : parts;
}

function idsOf(text: string): string[] | undefined {
  const parts = partsOf(text);
  return parts?.every(isId) ? parts : undefined;
}

function rolesOf(text: string): Role[] | undefined {
  const named = partsOf(text)?.map((part) => roles.find((role) => role === part));
  const known = named?.filter((role) => role !== undefined);
  return known?.length === named?.length ? known : undefined;
}

function scopesOf(text: string): string[] | undefined {
  const scopes = partsOf(text)?.map((part) => (part === everywhere ? '' : part));
  const isScope = (scope: string) => scope === '' || path.test(scope) || isId(groupOfScope(scope) ?? '');
  return scopes?.every(isScope) ? scopes : undefined;
}

function addressesOf(text: string): Record<string, string> | undefined {
  const pairs = partsOf(text)?.map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)] as const);
  const isPair = ([name, address]: readonly [string, string]) =>
    isId(name) && !ownColumns.has(name) && address !== '' && isPlain(address, 200);
  return pairs?.every(isPair) ? Object.fromEntries(pairs) : undefined;
}

/** The days off of `2027-01-10..2027-01-20; 2027-03-01`. */
export function leaveOf(text: string): Leave[] | undefined {
  const parts = text.split(';').map((part) => {
    const [from = '', to = from, ...rest] = part.split('..').map((day) => day.trim());
    return rest.length === 0 && isDay(from) && isDay(to) && from <= to ? { from, to } : undefined;
  });
  const known = parts.filter((one) => one !== undefined);
  return known.length === parts.length && known.length <= partsLimit ? known : undefined;
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const at = Date.parse(`${text}T00:00:00Z`);
  return Number.isFinite(at) && new Date(at).toISOString().startsWith(text);
}
