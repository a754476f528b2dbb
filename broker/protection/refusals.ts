/** Counts what is refused, and says it in one clear line, seldom enough that nobody can fill the log. */
import type { Clock, Log } from '@sabha/contracts';

/** Who was refused what, and why. */
export type Refused = { action: string; reason: string; who: string; what?: string };
/** Counts a refusal and says it. */
export type Refuse = (refused: Refused) => void;

const longest = 100;

/** Guarantee: every refusal is counted; each kind of it is said once a minute for each client. */
export function createRefuse(count: (action: string, reason: string) => void, say: RareLog): Refuse {
  return ({ action, reason, who, what = '' }) => {
    count(action, reason);
    const fields = { action, reason, who: who.slice(0, longest), ...(what && { what: what.slice(0, longest) }) };
    say(`${action} ${reason} ${fields.who}`, fields, `refused: ${action}, ${reason}`);
  };
}

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
