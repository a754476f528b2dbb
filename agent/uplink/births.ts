/**
 * Births of a session: a birth repeats until an ack answers it, and each hello causes one. Implements R3 (no events before the birth is
 * acknowledged), R16 (sessions, births and the time of the server) and R17 (hello after every SUBACK).
 */
import { type Cancel, type Clock, encode, type Hello, type Inventory, type LastBoot, type LinkSpec, type PowerCut } from '@sabha/contracts';
import type { CheckTable } from '../checks/check-table.ts';
import type { Spool } from './spool/spool.ts';

/** Content of a birth, and the limits for its repetition. */
export type BirthFacts = {
  boot: string;
  session: number;
  version: string;
  /** `clock.up()` at the end of the last session whose birth was acknowledged; null if there was none. */
  lastAckedSessionEndUp: number | null;
  clock: Clock;
  random: () => number;
  spool: Pick<Spool, 'range'>;
  table: Pick<CheckTable, 'digest' | 'rev'>;
  limits: () => LinkSpec;
  configVersion: () => number;
  /** Returns how the previous boot ended; undefined once the server has acknowledged it. */
  previous: () => LastBoot | undefined;
  /** Returns the last mains outage of this boot. */
  gone: () => PowerCut | undefined;
  /** Returns the inventory; undefined before it was first read. */
  inventory: () => Inventory | undefined;
  /** Runs the probes of the state; resolves when all have finished. */
  fresh: () => Promise<void>;
};

export type BirthTransport = {
  later(delayMs: number, task: () => void): Cancel;
  send(payload: Buffer): void;
  isOver(): boolean;
  /** Called after a birth that answers a hello, because the server now receives. */
  asked(): void;
};

export type Births = ReturnType<typeof createBirths>;

const longestWaitMs = 1_800_000;
const longestSpreadMs = 3_600_000;
const hellosAtOnce = 8;

/** Creates the births of one session; sends nothing before `begin`. */
export function createBirths(facts: BirthFacts, { later, send, isOver, asked }: BirthTransport) {
  /** Ids of hellos whose birth is already scheduled. */
  const hellos = new Set<string>();
  let isAnswered = false;
  let waitMs = 0;
  let timer: Cancel = () => undefined;

  function say(hello?: string): void {
    const message = messageOf(facts, isAnswered);
    send(encode('presence', hello === undefined ? message : { ...message, hello }));
  }

  function scheduleRepeat(): void {
    timer();
    const thisMs = waitMs * (0.75 + 0.5 * facts.random());
    waitMs = Math.min(longestWaitMs, waitMs * 2);
    timer = later(thisMs, () => {
      say();
      scheduleRepeat();
    });
  }

  function answerHello(id: string): void {
    hellos.delete(id);
    if (isOver()) return;
    say(id);
    asked();
    if (isAnswered) return;
    // R3: a hello restarts the backoff of a birth that is not acknowledged yet.
    waitMs = facts.limits().resendMs;
    scheduleRepeat();
  }

  return {
    /** Sends one birth, because its content changed or `flows` requested it. */
    say: (): void => say(),
    /**
     * Sends a birth and repeats it with exponential backoff until it is acknowledged. Used at the start of a session and after a change of
     * the spool.
     */
    begin(): void {
      isAnswered = false;
      waitMs = facts.limits().resendMs;
      say();
      scheduleRepeat();
    },
    /** Sends one birth per hello id, at a random time within the spread that the hello names. With `fresh`, the probes run first. */
    hello({ id, withinMs, fresh }: Hello): void {
      if (hellos.has(id) || hellos.size >= hellosAtOnce) return;
      hellos.add(id);
      // The birth is sent even if probes fail.
      const probed = fresh ? facts.fresh().catch(() => undefined) : Promise.resolve();
      later(facts.random() * Math.min(withinMs, longestSpreadMs), () => void probed.then(() => answerHello(id)));
    },
    /** Stops the repetition, because an ack named this session. */
    answered(): void {
      isAnswered = true;
      timer();
    },
    isAnswered: (): boolean => isAnswered,
  };
}

function messageOf(facts: BirthFacts, isAnswered: boolean) {
  const { boot, session, clock, table, version, configVersion, inventory, spool, lastAckedSessionEndUp } = facts;
  const previous = facts.previous();
  const gone = isAnswered ? undefined : unreportedOutage(facts);
  return {
    kind: 'birth' as const,
    boot,
    session,
    at: clock.now(),
    digest: table.digest(),
    rev: table.rev(),
    agent: version,
    config: configVersion(),
    inventory: inventory()?.hash ?? '',
    spool: spool.range(),
    ...(!isAnswered && { apartMs: lastAckedSessionEndUp === null ? null : Math.round(clock.up() - lastAckedSessionEndUp) }),
    ...(previous !== undefined && { previous }),
    ...(gone !== undefined && { gone }),
  };
}

/**
 * Returns the last mains outage if it overlaps the time in which the server received nothing from this process. A broken connection is
 * noticed up to one beat and one keepalive late, so that time counts too.
 */
function unreportedOutage({ gone, lastAckedSessionEndUp, clock, limits }: BirthFacts): PowerCut | undefined {
  const last = gone();
  if (last === undefined || lastAckedSessionEndUp === null) return undefined;
  const { beatMs, keepaliveMs } = limits();
  const noticedAt = clock.now() - (clock.up() - lastAckedSessionEndUp);
  return last.to === null || last.to > noticedAt - beatMs - keepaliveMs ? last : undefined;
}
