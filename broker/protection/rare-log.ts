/** Says things in the log seldom enough that nobody can fill it. */
import type { Clock, Log } from '#contracts';

/** Each `about` is said once in a window. */
export type RareLog = (about: string, fields: object, line: string) => void;

const windowMs = 60_000;
const linesPerWindow = 60;

/** Guarantee: never more than 60 lines a minute. */
export function createRareLog(clock: Clock, log: Log): RareLog {
  let windowStart = clock.up();
  const said = new Set<string>();
  return (about, fields, line) => {
    if (clock.up() - windowStart >= windowMs) {
      windowStart = clock.up();
      said.clear();
    }
    if (said.has(about) || said.size >= linesPerWindow) return;
    said.add(about);
    log.warn(fields, line);
  };
}
