/** What calendars call the zones of the world. */
import { isTimeZone } from '@sabha/contracts';

/** Outlook's name of the one zone of India. It describes every zone that it names in the file, so that no other name is needed. */
const outlookIndia = 'India Standard Time';

/** The zone behind a name; undefined where nobody knows it. */
export function zoneNamed(name: string): string | undefined {
  if (name === outlookIndia) return 'Asia/Kolkata';
  return isTimeZone(name) ? name : undefined;
}
