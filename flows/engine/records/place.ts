import type { Words } from '@sabha/contracts';

/** The names of a scope, as people know it, and what helps whoever calls or goes there, as far as the site table says it. */
export type Place = {
  site: Words;
  room: Words;
  timeZone: string;
  state?: Words;
  phone?: string;
  /** The phone is the office's: whose, '' where the table names nobody. */
  contact?: string;
  wayIn?: string;
  spare?: string;
  /** The provider of its line, and the number that the provider knows it by. */
  line?: string;
};
