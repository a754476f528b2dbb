/** The birth of a session: what this PC has, said again until the centre has answered it, and to whoever asks by a hello (R3, R16, R17). */
import {
  type Cancel,
  type Clock,
  encode,
  type Hello,
  type Inventory,
  type LinkLimits,
  type MainsGone,
  type Previous,
} from '@sabha/contracts';
import type { CheckTable } from '../checks/check-table.ts';
import type { Spool } from './spool/spool.ts';

/** What a birth says, and by what its repetition goes. */
export type BirthFacts = {
  boot: string;
  session: number;
  /** Version of the agent. */
  version: string;
  /** When, by clock.up(), the last session ended that the centre had answered; null where there was none. */
  apartUp: number | null;
  clock: Clock;
  random: () => number;
  spool: Pick<Spool, 'range'>;
  table: Pick<CheckTable, 'digest' | 'rev'>;
  limits: () => LinkLimits;
  configVersion: () => number;
  /** How the boot before this one ended, until the centre has been told. */
  previous: () => Previous | undefined;
  /** When the mains were last away in this boot. */
  gone: () => MainsGone | undefined;
  /** Undefined until it is known. */
  inventory: () => Inventory | undefined;
  /** Runs the state probes and resolves when each has answered. */
  fresh: () => Promise<void>;
};

/** How a birth goes out, and how it is said again: never once the session is over. */
export type BirthWay = {
  later(delayMs: number, task: () => void): Cancel;
  send(payload: Buffer): void;
  isOver(): boolean;
  /** A hello was answered: somebody listens now. */
  asked(): void;
};

/** The births of one session. */
export type Births = ReturnType<typeof createBirths>;

const longestWaitMs = 1_800_000;
const longestSpreadMs = 3_600_000;
const hellosAtOnce = 8;

/** Says nothing before `begin`. */
export function createBirths(facts: BirthFacts, { later, send, isOver, asked }: BirthWay) {
  /** Ids of the hellos whose birth is on its way. */
  const hellos = new Set<string>();
  let isAnswered = false;
  let waitMs = 0;
  let timer: Cancel = () => undefined;

  function say(hello?: string): void {
    const message = messageOf(facts, isAnswered);
    send(encode('presence', hello === undefined ? message : { ...message, hello }));
  }

  function again(): void {
    timer();
    const thisMs = waitMs * (0.75 + 0.5 * facts.random());
    waitMs = Math.min(longestWaitMs, waitMs * 2);
    timer = later(thisMs, () => {
      say();
      again();
    });
  }

  function answerHello(id: string): void {
    hellos.delete(id);
    if (isOver()) return;
    say(id);
    asked();
    if (isAnswered) return;
    // The wait of an unanswered birth begins anew (R3).
    waitMs = facts.limits().resendMs;
    again();
  }

  return {
    /** Once, because something in it changed or it is wanted. */
    say: (): void => say(),
    /** Now, and with a growing wait until it is answered: at the start, and when the spool became another one. */
    begin(): void {
      isAnswered = false;
      waitMs = facts.limits().resendMs;
      say();
      again();
    },
    /** One for each id, at a random time within the spread; a fresh one after the probes have answered. */
    hello({ id, withinMs, fresh }: Hello): void {
      if (hellos.has(id) || hellos.size >= hellosAtOnce) return;
      hellos.add(id);
      // What the probes cannot say is no reason to say nothing.
      const probed = fresh ? facts.fresh().catch(() => undefined) : Promise.resolve();
      later(facts.random() * Math.min(withinMs, longestSpreadMs), () => void probed.then(() => answerHello(id)));
    },
    /** An ack named this session. */
    answered(): void {
      isAnswered = true;
      timer();
    },
    isAnswered: (): boolean => isAnswered,
  };
}

function messageOf(facts: BirthFacts, isAnswered: boolean) {
  const { boot, session, clock, table, version, configVersion, inventory, spool, apartUp } = facts;
  const previous = facts.previous();
  const gone = isAnswered ? undefined : goneApart(facts);
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
    ...(!isAnswered && { apartMs: apartUp === null ? null : Math.round(clock.up() - apartUp) }),
    ...(previous !== undefined && { previous }),
    ...(gone !== undefined && { gone }),
  };
}

/** Only what fell into the time in which nobody heard this process: that began before a dead line was noticed, by what was not answered. */
function goneApart({ gone, apartUp, clock, limits }: BirthFacts): MainsGone | undefined {
  const last = gone();
  if (last === undefined || apartUp === null) return undefined;
  const { beatMs, keepaliveMs } = limits();
  const noticedAt = clock.now() - (clock.up() - apartUp);
  return last.to === null || last.to > noticedAt - beatMs - keepaliveMs ? last : undefined;
}
