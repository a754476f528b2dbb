import { describe, expect, test } from 'vitest';
import { createHearing } from './hearing.ts';

const second = 1_000;

/** A hearing with a clock: a tick each second, on time unless `sleep` says otherwise; words come back while `answers`. */
function stage(speed?: number) {
  let now = 1_000_000;
  const hearing = createHearing('w', speed);
  const sent: string[] = [];
  const gaps: string[] = [];
  const broker = { answers: true };
  const tick = () => {
    const gap = hearing.tick(now);
    if (gap !== undefined) gaps.push(gap);
    if (gap === 'late') hearing.begin(now);
    const word = hearing.word(now);
    if (word !== undefined) sent.push(word);
    hearing.tickAt(now + second);
  };
  const back = () => {
    for (const word of sent.splice(0)) {
      if (!hearing.back(word)) continue;
      gaps.push('heard again');
      hearing.begin(now);
    }
  };
  return {
    hearing,
    gaps,
    sent,
    broker,
    now: () => now,
    pass(ms: number) {
      for (let left = ms; left > 0; left -= second) {
        now += second;
        if (broker.answers) back();
        tick();
      }
    },
    sleep(ms: number) {
      now += ms;
      tick();
    },
    begin() {
      hearing.begin(now);
      tick();
    },
    sinceProofMs: () => now - (hearing.provenAt() ?? Number.NaN),
  };
}

describe('R18a proof of hearing', () => {
  test('nothing is proven before the first SUBACK, and then never more than a word ago', () => {
    const { hearing, begin, pass, sinceProofMs, gaps } = stage();
    expect(hearing.provenAt()).toBeNull();
    begin();
    for (let n = 0; n < 60; n++) {
      pass(second);
      expect(sinceProofMs()).toBeLessThanOrEqual(11 * second);
    }
    expect(gaps).toEqual([]);
  });

  test('a word that is late by more than 20 s is one gap, until a word comes back, whichever', () => {
    const { begin, pass, broker, gaps, sinceProofMs } = stage();
    begin();
    pass(30 * second);
    broker.answers = false;
    pass(200 * second);
    expect(gaps).toEqual(['deaf']);
    broker.answers = true;
    pass(2 * second);
    expect(gaps).toEqual(['deaf', 'heard again']);
    expect(sinceProofMs()).toBeLessThanOrEqual(2 * second);
    pass(60 * second);
    expect(gaps).toHaveLength(2);
  });

  test('a broker that brought nothing back was taken for heard again whenever flows stood still for some seconds', () => {
    const { begin, pass, sleep, broker, gaps } = stage();
    begin();
    broker.answers = false;
    pass(60 * second);
    for (let times = 0; times < 3; times += 1) {
      sleep(200 * second);
      pass(30 * second);
    }
    expect(gaps).toEqual(['deaf', 'still', 'still', 'still']);
    broker.answers = true;
    pass(2 * second);
    expect(gaps.slice(4)).toEqual(['heard again']);
  });

  test('a process that stood still finds a gap at its first tick, whatever waits in its socket; one late by less does not', () => {
    const { begin, pass, sleep, gaps } = stage();
    begin();
    pass(30 * second);
    sleep(5 * second);
    expect(gaps).toEqual([]);
    sleep(200 * second);
    expect(gaps).toEqual(['late']);
    pass(60 * second);
    expect(gaps).toEqual(['late']);
  });
});
