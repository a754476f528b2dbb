import { budgets } from '@sabha/contracts';
import { describe, expect, test } from 'vitest';
import { createQuotas, type MessageCost } from './quota.ts';

const dayMs = 86_400_000;
const [pc, other] = ['la/leh/pc-1', 'la/leh/pc-2'];

describe('R27 quota of one PC', () => {
  test('R27 a PC that sends as fast as the broker permits may send one full spool of event bytes a day', () => {
    const { allowance, pass } = open();
    const second: MessageCost = { kind: 'events', count: 2, bytes: 128 * 1_024 };
    let bytes = 0;
    for (let at = 0; at < 2 * dayMs; at += 1_000) {
      if (allowance.spend(pc, second)) bytes += second.bytes;
      pass(1_000);
    }
    const { eventBytesADay, eventBytesAtOnce } = budgets;
    expect(bytes).toBeLessThanOrEqual(2 * eventBytesADay.most + eventBytesAtOnce.most);
    expect(bytes).toBeGreaterThan(1.9 * eventBytesADay.most);
  });

  test('R27 a PC that sends more than 5,000 small events a day gets no ack, until its quota refills within the hour', () => {
    const { allowance, pass } = open();
    let taken = 0;
    const quarters: number[] = [];
    for (let at = 0; at < 3 * dayMs; at += 10_000) {
      if (allowance.spend(pc, { kind: 'events', count: 10, bytes: 1 })) {
        taken += 10;
        quarters.push(at);
      }
      pass(10_000);
    }
    expect(taken).toBeLessThanOrEqual(3 * budgets.eventsADay.most + budgets.eventsAtOnce.most);
    expect(taken).toBeGreaterThan(2.9 * budgets.eventsADay.most + budgets.eventsAtOnce.most);
    expect(Math.max(...quarters.slice(1).map((at, index) => at - (quarters[index] ?? 0)))).toBeLessThanOrEqual(3_620_000);
    expect(budgets.eventsADay.most).toBe(5_000);
  });

  test('R27 a PC that sends events evenly at its daily quota always gets its acks', () => {
    const { allowance, pass } = open();
    const eachMs = dayMs / budgets.eventsADay.most;
    for (let at = 0; at < 10 * dayMs; at += eachMs) {
      expect(allowance.spend(pc, { kind: 'events', count: 1, bytes: 1_000 })).toBe(true);
      pass(eachMs);
    }
  });

  test('R27 a PC that was offline for weeks sends its full spool at once, also to a server that has just started', () => {
    const { allowance } = open(budgets.eventsGathered.most);
    const batch: MessageCost = { kind: 'events', count: 500, bytes: 65_536 };
    const taken = Array.from({ length: 2_000 }, () => allowance.spend(pc, batch)).filter(Boolean).length;
    expect(taken * batch.bytes).toBe(budgets.eventBytesADay.most);
  });

  test('R27 after a restart of the server, a PC sends the events that its first birth announced, and a later claim adds nothing', () => {
    const { allowance, pass } = open(17_600);
    const batch: MessageCost = { kind: 'events', count: 200, bytes: 50_000 };
    const taken = () => Array.from({ length: 3_000 }, () => allowance.spend(pc, batch)).filter(Boolean).length * batch.count;
    const first = taken();
    expect(first).toBeGreaterThanOrEqual(17_600);
    expect(first).toBeLessThanOrEqual(17_600 + budgets.eventsAtOnce.most);
    allowance.startWithBacklog(pc, budgets.eventsGathered.most);
    pass(1_000);
    expect(taken()).toBe(0);
  });

  test('R27 after a quiet time only the first birth limits the quota, and later births keep what has accumulated', () => {
    const { allowance, pass } = open();
    pass(105 * dayMs);
    allowance.startWithBacklog(pc, 0);
    const batch: MessageCost = { kind: 'events', count: 500, bytes: 65_536 };
    const taken = Array.from({ length: 2_000 }, () => allowance.spend(pc, batch)).filter(Boolean).length;
    expect(taken * batch.bytes).toBe(budgets.eventBytesADay.most);
  });

  test('R27 before its first birth a PC may send one full spool at most', () => {
    const allowance = createQuotas(() => 0);
    const batch: MessageCost = { kind: 'events', count: 500, bytes: 65_536 };
    const taken = Array.from({ length: 2_000 }, () => allowance.spend(pc, batch)).filter(Boolean).length;
    expect(taken * batch.bytes).toBe(budgets.eventBytesADay.most);
    allowance.startWithBacklog(pc, budgets.eventsGathered.most);
    expect(allowance.spend(pc, batch)).toBe(false);
  });

  test('R27, R17 a birth that answers a hello is free once for each PC and hello, and an unknown or expired hello is not free', () => {
    const { allowance } = open();
    allowance.registerHello('h1');
    expect([pc, pc, other].map((one) => allowance.answersHello(one, 'h1'))).toEqual([true, false, true]);
    expect([undefined, '', 'h2'].map((hello) => allowance.answersHello(pc, hello))).toEqual([false, false, false]);
    for (let n = 2; n <= 17; n += 1) allowance.registerHello(`h${n}`);
    expect([1, 2, 17].map((n) => allowance.answersHello('la/leh/pc-3', `h${n}`))).toEqual([false, true, true]);
  });

  test('R27 births and states of a PC are limited by number and by size, and other PCs are not affected', () => {
    const { allowance, pass } = open();
    const taken = (who: string, bytes: number) => {
      let count = 0;
      while (allowance.spend(who, { kind: 'words', count: 1, bytes })) count += 1;
      return count;
    };
    expect(taken(pc, 300)).toBe(budgets.wordsAtOnce.most);
    expect(taken(other, 64 * 1_024)).toBe(budgets.wordBytesAtOnce.most / (64 * 1_024));
    pass(3_600_000);
    expect(taken(pc, 300)).toBe(budgets.wordsAtOnce.most);
    let hour = 0;
    for (let at = 0; at < 3_600; at += 1) {
      if (allowance.spend(pc, { kind: 'words', count: 1, bytes: 20_000 })) hour += 20_000;
      pass(1_000);
    }
    expect(hour).toBeLessThanOrEqual(budgets.wordBytesAnHour.most + budgets.wordBytesAtOnce.most);
    expect(budgets.wordsAnHour.most).toBe(600);
  });

  test('R27 beats that need a response or open a session have a separate limit, far above a link that drops every 15 s', () => {
    const { allowance, pass } = open();
    const beat: MessageCost = { kind: 'signs', count: 1, bytes: 0 };
    const taken = (ms: number) => {
      pass(ms);
      return allowance.spend(pc, beat) ? 1 : 0;
    };
    let flapping = 0;
    for (let at = 0; at < dayMs; at += 15_000) flapping += taken(15_000);
    expect(flapping).toBe(dayMs / 15_000);
    let hostile = 0;
    for (let at = 0; at < 3_600_000; at += 50) hostile += taken(50);
    expect(hostile).toBeLessThanOrEqual(budgets.signsAnHour.most + budgets.signsAtOnce.most);
    expect(hostile).toBeGreaterThan(0.9 * budgets.signsAnHour.most);
    expect(allowance.spend(other, beat)).toBe(true);
    expect(budgets.signsAnHour.most).toBe(600);
  });

  test('R27 births with another spool or an earlier first number are limited, and other PCs are not affected', () => {
    const { allowance, pass } = open();
    const births = (who: string, of: (n: number) => { spool: string; first: number }, count = 100) =>
      Array.from({ length: count }, (_, n) => allowance.allowsSpool(who, of(n))).filter(Boolean).length;
    expect(births(pc, (n) => ({ spool: 'a', first: n }))).toBe(100);
    // The first number alternates, so every second birth goes back to an earlier number. A refused birth leaves the stored number
    // unchanged.
    expect(births(pc, (n) => ({ spool: 'a', first: n % 2 === 0 ? 1 : 200 }))).toBe(budgets.spoolsAtOnce.most + 50);
    expect(births(other, (n) => ({ spool: `s${n}`, first: 1 }))).toBe(budgets.spoolsAtOnce.most + 1);
    expect(births(pc, (n) => ({ spool: 'a', first: 300 + n }))).toBe(100);
    pass(dayMs / 8);
    expect(births(other, (n) => ({ spool: `t${n}`, first: 1 }))).toBe(budgets.spoolsADay.most / 8);
  });

  test('R27, R8 a PC that exceeded its quota resumes with a quarter of the burst, so that its oldest event is not quarantined', () => {
    const { allowance, pass } = open();
    const one: MessageCost = { kind: 'events', count: 1, bytes: 65_536 };
    while (allowance.spend(pc, one));
    const { most } = budgets.eventBytesAtOnce;
    const resumeMs = (most / 4 / budgets.eventBytesADay.most) * dayMs;
    pass(resumeMs - 60_000);
    expect(allowance.spend(pc, one)).toBe(false);
    pass(60_000);
    const taken = Array.from({ length: 100 }, () => allowance.spend(pc, one)).filter(Boolean).length;
    expect(taken).toBe(Math.floor(most / 4 / one.bytes));
  });
});

describe('R27 cost of spools in events that no birth named', () => {
  const events = (count: number, ...foreign: string[]): MessageCost => ({ kind: 'events', count, bytes: 100, foreign });
  const taken = (allowance: ReturnType<typeof createQuotas>, of: (n: number) => MessageCost, messages = 1_000) =>
    Array.from({ length: messages }, (_, n) => allowance.spend(pc, of(n))).filter(Boolean).length;

  test('R27 a backlog with a new spool for each event is refused, and one new spool costs 512 events', () => {
    const { allowance } = open();
    const many = Array.from({ length: 500 }, (_, n) => `x${n}`);
    expect(allowance.spend(pc, events(500, ...many))).toBe(false);
    expect(budgets.spoolEvents.most).toBe(512);
    expect(taken(open().allowance, (n) => events(1, `x${n}`))).toBe(Math.floor(budgets.eventsAtOnce.most / 513));
    expect(taken(open().allowance, (n) => events(1, `x${2 * n}`, `x${2 * n + 1}`))).toBe(Math.floor(budgets.eventsAtOnce.most / 1_025));
  });

  test('R27 after a birth that claims a full spool, and after a quiet year, a PC opens at most 16 spools at once', () => {
    const { allowance, pass } = open(budgets.eventNumber.most);
    expect(taken(allowance, (n) => events(1, `x${n}`), 5_000)).toBe(budgets.spoolsAtOnce.most);
    pass(365 * dayMs);
    expect(taken(allowance, (n) => events(2, `y${2 * n}`, `y${2 * n + 1}`), 5_000)).toBe(budgets.spoolsAtOnce.most / 2);
  });

  test('R27, R7 twenty messages with late events of a forked spool are charged for the spool only once (512 events)', () => {
    const { allowance } = open();
    for (let n = 0; n < 20; n += 1) expect(allowance.spend(pc, events(100, 'forked'))).toBe(true);
    const left = budgets.eventsAtOnce.most - 2_000 - 512;
    expect(allowance.spend(pc, events(left + 1))).toBe(false);
  });

  test('R27, R7 further events of the newest 16 charged spools are free, and an older spool is charged again', () => {
    const { allowance, pass } = open(budgets.eventNumber.most);
    const most = budgets.spoolsAtOnce.most;
    expect(taken(allowance, (n) => events(1, `x${n}`), most)).toBe(most);
    // Passes the time in which the quota gains the cost of one spool.
    pass(dayMs / budgets.spoolsADay.most + 1);
    expect(allowance.spend(pc, events(1, `x${most}`))).toBe(true);
    expect(taken(allowance, (n) => events(1, `x${n + 1}`), most)).toBe(most);
    expect(allowance.spend(pc, events(1, 'x0'))).toBe(false);
  });

  test('R27 a PC that was forgotten is charged again for a spool that was charged before', () => {
    const { allowance } = open(budgets.eventNumber.most);
    expect(allowance.spend(pc, events(1, 'x'))).toBe(true);
    allowance.forget(pc);
    expect(allowance.spend(pc, events(1, 'x'))).toBe(true);
    expect(taken(allowance, (n) => events(1, `y${n}`))).toBe(budgets.spoolsAtOnce.most - 1);
  });

  test('R27 a PC without a birth has 2,048 events a day, and from its first birth on the quota of any other PC', () => {
    let up = 0;
    const allowance = createQuotas(() => up);
    const unborn = (_: number): MessageCost => ({ ...events(1, 's1'), isUnborn: true });
    expect(taken(allowance, unborn, 5_000)).toBe(budgets.eventsUnacknowledged.most - budgets.spoolEvents.most);
    up += dayMs;
    expect(taken(allowance, unborn, 5_000)).toBe(budgets.eventsUnacknowledged.most);
    allowance.startWithBacklog(pc, 100, true);
    expect(taken(allowance, () => events(1), 10_000)).toBe(budgets.eventsAtOnce.most + 100);
  });
});

/** Creates the quota of a PC whose first birth has announced `waiting` events in its spool. */
function open(waiting = 0) {
  let up = 0;
  const allowance = createQuotas(() => up);
  allowance.startWithBacklog(pc, waiting);
  return {
    allowance,
    pass(ms: number) {
      up += ms;
    },
  };
}
