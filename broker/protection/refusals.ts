import type { Clock, Log } from '@sabha/contracts';

export type Refused = { action: string; reason: string; who: string; what?: string };
export type Refuse = (refused: Refused) => void;

const longest = 100;

/** Guarantee: every refusal is counted; each kind is logged at most once a minute for each client. */
export function createRefuse(count: (action: string, reason: string) => void, say: RareLog): Refuse {
  return ({ action, reason, who, what = '' }) => {
    count(action, reason);
    const fields = { action, reason, who: who.slice(0, longest), ...(what && { what: what.slice(0, longest) }) };
    say(`${action} ${reason} ${fields.who}`, fields, `refused: ${action}, ${reason}`);
  };
}

/** Logs each `about` at most once per window. */
export type RareLog = (about: string, fields: object, line: string) => void;

const windowMs = 60_000;
const linesPerWindow = 60;

/** Guarantee: at most 60 lines a minute. */
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
