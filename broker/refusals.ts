/** Counts what is refused, and says it in one clear line, seldom enough that nobody can fill the log. */
import type { Clock } from '#contracts';
import type { Log } from './log.ts';

export type Refused = { action: string; reason: string; who: string; what?: string };
export type Refuse = (refused: Refused) => void;

const windowMs = 60_000;
const linesPerWindow = 60;
const longest = 100;

/** Guarantee: every refusal is counted; each kind of it is said once a minute for each client, and never more than 60 lines a minute. */
export function createRefuse(count: (action: string, reason: string) => void, clock: Clock, log: Log): Refuse {
  let windowStart = clock.up();
  const said = new Set<string>();
  return ({ action, reason, who, what = '' }) => {
    count(action, reason);
    if (clock.up() - windowStart >= windowMs) {
      windowStart = clock.up();
      said.clear();
    }
    const key = `${action} ${reason} ${who.slice(0, longest)}`;
    if (said.has(key) || said.size >= linesPerWindow) return;
    said.add(key);
    log.warn(
      { action, reason, who: who.slice(0, longest), ...(what && { what: what.slice(0, longest) }) },
      `refused: ${action}, ${reason}`,
    );
  };
}
