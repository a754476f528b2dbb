/** Days of offices: their hours, their meetings and what mail came when, by the clock of the place. */
import { createMeetingOrders } from '../../flows/calendar/meeting-orders.ts';
import type { OfficeHours } from '../../flows/records/meetings.ts';
import { minute, second } from './scene.ts';
import { epochMs } from './time.ts';
import type { World } from './world.ts';

export const hour: number = 60 * minute;
const zone = 'Asia/Kolkata';
/** Monday to Saturday from half past nine to six; people go home at half past six. */
export const office: OfficeHours = { vc: [{ days: [1, 2, 3, 4, 5, 6], from: 570, to: 1080 }], closes: 1110 };

/** The clock on the wall of an office. */
export function clock(world: World): string {
  return Temporal.Instant.fromEpochMilliseconds(epochMs + world.time.now())
    .toZonedDateTimeISO(zone)
    .toPlainDateTime()
    .toString()
    .slice(0, 16);
}
/** The world begins on Tuesday, the 3rd of March 2026, at 14:05 in India. */
export async function until(world: World, local: string): Promise<void> {
  const at = Temporal.PlainDateTime.from(local).toZonedDateTime(zone).epochMilliseconds;
  await world.pass(at - epochMs - world.time.now());
}

/** What is written into the nation's row of the site table. */
export async function setHours(world: World, { vc, closes }: OfficeHours): Promise<void> {
  const sites = world.centre.centre()?.sites;
  const nation = sites?.table().node('');
  if (sites === undefined || nation === undefined) throw new Error('no centre');
  const nodes = [{ ...nation, layer: { vcHours: vc, closes } }];
  const audit = { who: 'meera', what: 'sites imported', about: '' };
  const applied = sites.apply({ nodes, gone: [], replaced: [], registry: [], audit });
  await world.pass(second);
  await applied;
}

/** Meetings, a line each: id, title, rooms, start, end or minutes, repeat, status. */
export async function importMeetings(world: World, ...lines: string[]) {
  const centre = world.centre.centre();
  if (centre === undefined) throw new Error('no centre');
  const text = ['id,title,rooms,start,end,repeat,status', ...lines].join('\n');
  const done = createMeetingOrders(centre.meetings).import({ text, rooms: '', replace: false, apply: true, by: 'meera' });
  await world.pass(second);
  return done;
}
/** Whoever was told by mail since the hours were set: when, by the clock of the site, and what. */
export function mails(world: World, person = 'asha'): string[] {
  const at = (ms: number) =>
    Temporal.Instant.fromEpochMilliseconds(epochMs + ms)
      .toZonedDateTimeISO(zone)
      .toPlainDateTime()
      .toString()
      .slice(5, 16);
  return world.centre.post.deliveries
    .filter((one) => one.channel === 'email' && one.person === person)
    .map((one) => `${at(one.at)} ${one.subject}`);
}
