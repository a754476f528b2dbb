/** Helpers for days of offices: hours, meetings, and mails by local time. */

import type { OfficeHours } from '../../flows/engine/records/sites.ts';
import type { Delivery } from './people.ts';
import { minute, second } from './scene.ts';
import { epochMs } from './time.ts';
import type { World } from './world.ts';

export const hour: number = 60 * minute;
const zone = 'Asia/Kolkata';
/** Monday to Saturday from 9:30 to 18:00. People go home at 18:30. */
export const office: OfficeHours = { vc: [{ days: [1, 2, 3, 4, 5, 6], from: 570, to: 1080 }], closes: 1110 };
/** Lets time pass until this local time. The simulation begins on Tuesday, 3 March 2026, at 14:05 in India. */
export async function until(world: World, local: string): Promise<void> {
  const at = Temporal.PlainDateTime.from(local).toZonedDateTime(zone).epochMilliseconds;
  await world.pass(at - epochMs - world.time.now());
}

/** Sets the hours in the nation's row of the site table. */
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

/** Imports meetings, one line each: id, title, rooms, start, end or minutes, repeat, status. */
export async function importMeetings(world: World, ...lines: string[]) {
  const centre = world.centre.centre();
  if (centre === undefined) throw new Error('no centre');
  const text = ['id,title,rooms,start,end,repeat,status', ...lines].join('\n');
  const done = centre.meetings.import({
    text,
    rooms: '',
    replace: false,
    apply: true,
    by: 'meera',
  });
  await world.pass(second);
  return done;
}

/** Returns the local time of a mail, such as `03-04T09:00`. */
function cameAt({ at }: Delivery): string {
  return Temporal.Instant.fromEpochMilliseconds(epochMs + at)
    .toZonedDateTimeISO(zone)
    .toPlainDateTime()
    .toString()
    .slice(5, 16);
}

const byMail = ({ centre }: World) => centre.post.deliveries.filter(({ channel }) => channel === 'email');

export function mails(world: World, person = 'asha'): string[] {
  return byMail(world)
    .filter((one) => one.person === person)
    .map((one) => `${cameAt(one)} ${one.subject}`);
}

export function allMails(world: World): string[] {
  return byMail(world).map((one) => `${cameAt(one)} ${one.person}: ${one.subject}`);
}

/** Returns the lines of the last mail to a person, without place and footer. */
export function lastText(world: World, person = 'asha'): string[] {
  const text = byMail(world).findLast((one) => one.person === person)?.text ?? '';
  return text.split('\n-- \n')[0]?.split('\n').slice(1) ?? [];
}
