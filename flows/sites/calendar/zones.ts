/** What calendars call the zones of the world. */
import { isTimeZone } from '#contracts';

/** Names that Windows gives, of the zones with which a meeting of an Indian office may be shared. */
const windowsZones: Readonly<Record<string, string>> = {
  'India Standard Time': 'Asia/Kolkata',
  UTC: 'UTC',
  'Nepal Standard Time': 'Asia/Kathmandu',
  'Bangladesh Standard Time': 'Asia/Dhaka',
  'Sri Lanka Standard Time': 'Asia/Colombo',
  'Pakistan Standard Time': 'Asia/Karachi',
  'Arabian Standard Time': 'Asia/Dubai',
  'Singapore Standard Time': 'Asia/Singapore',
  'China Standard Time': 'Asia/Shanghai',
  'Tokyo Standard Time': 'Asia/Tokyo',
  'AUS Eastern Standard Time': 'Australia/Sydney',
  'GMT Standard Time': 'Europe/London',
  'Greenwich Standard Time': 'Atlantic/Reykjavik',
  'W. Europe Standard Time': 'Europe/Berlin',
  'Central Europe Standard Time': 'Europe/Budapest',
  'Romance Standard Time': 'Europe/Paris',
  'Russian Standard Time': 'Europe/Moscow',
  'Eastern Standard Time': 'America/New_York',
  'Central Standard Time': 'America/Chicago',
  'Mountain Standard Time': 'America/Denver',
  'Pacific Standard Time': 'America/Los_Angeles',
};

/** What a calendar says of a zone of its own: the name by which others know it, and its offsets from UTC. */
export type OwnZone = { known: string | null; offsets: string[] };

/**
 * The zone behind a name: IANA's, or the one that Windows or the calendar itself means by it; of a zone that knows one offset only, that offset.
 * Undefined where nobody knows it.
 */
export function zoneNamed(name: string, own: ReadonlyMap<string, OwnZone> = new Map()): string | undefined {
  if (isTimeZone(name)) return name;
  if (Object.hasOwn(windowsZones, name)) return windowsZones[name];
  const said = own.get(name);
  if (said === undefined) return undefined;
  if (said.known !== null && isTimeZone(said.known)) return said.known;
  const [offset, ...others] = new Set(said.offsets);
  return others.length === 0 ? offset : undefined;
}
