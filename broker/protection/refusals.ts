import type { Clock, Log } from '@sabha/contracts';

export type Refused = { action: string; reason: string; who: string; what?: string };
export type Refuse = (refused: Refused) => void;

const maxFieldLength = 100;

/** Guarantee: every refusal is counted, and each kind is logged at most once a minute for each client. */
export function createRefuse(count: (action: string, reason: string) => void, logLimited: RateLimitedLog): Refuse {
  return ({ action, reason, who, what = '' }) => {
    count(action, reason);
    const fields = { action, reason, who: who.slice(0, maxFieldLength), ...(what && { what: what.slice(0, maxFieldLength) }) };
    logLimited(`${action} ${reason} ${fields.who}`, fields, `refused: ${action}, ${reason}`);
  };
}

/** Logs a line about the same thing (`about`) at most once in a window. */
export type RateLimitedLog = (about: string, fields: object, line: string) => void;

const windowMs = 60_000;
const linesPerWindow = 60;

/** Guarantee: at most 60 lines a minute. */
export function createRateLimitedLog(clock: Clock, log: Log): RateLimitedLog {
  let windowStart = clock.up();
  const loggedTopics = new Set<string>();
  return (about, fields, line) => {
    if (clock.up() - windowStart >= windowMs) {
      windowStart = clock.up();
      loggedTopics.clear();
    }
    if (loggedTopics.has(about) || loggedTopics.size >= linesPerWindow) return;
    loggedTopics.add(about);
    log.warn(fields, line);
  };
}
