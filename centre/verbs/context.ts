/** What each verb is given. */
import type { Machine } from '../machine/machine.ts';
import type { Ids } from '../machine/owners.ts';
import type { Places } from '../machine/places.ts';
import type { Step } from './working.ts';

/** The machine, the sources that the verb was called from, and who hears of it. */
export type Context = {
  places: Places;
  machine: Machine;
  /** A folder with Sabha's sources and its packages. */
  from: string;
  /** The folder in which it was called: where a path begins that somebody gave. */
  calledIn: string;
  /** The numbers of a user; throws where there is none. */
  idOf(name: string): Ids;
  /** Whether systemd runs here, or only will when the machine starts. */
  isBooted: boolean;
  say(line: string): void;
  /** What it is at from now on. */
  begin(step: Step): void;
};
