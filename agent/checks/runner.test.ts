import type { Check } from '@sabha/contracts';
import { expect, test, vi } from 'vitest';
import { reportFigure } from '../../test/figures.ts';
import type { Platform } from '../platform/platform.ts';
import { handClock } from './agent.test-helper.ts';
import type { Probe, ProbeContext, ProbeResult } from './probe.ts';
import { createRunner } from './runner.ts';

const ok = (component: string): ProbeResult => ({ checks: [{ component, device: '', status: 'ok', fault: null, reason: null }] });
const probe = (name: string, run: Probe['run'], more: Partial<Probe> = {}): Probe => ({
  name,
  everyMs: 10_000,
  timeoutMs: 3_000,
  run,
  ...more,
});

function setUp(probes: Probe[], known: Check[] = []) {
  const clock = handClock();
  const results: { name: string; at: number; checks: Check[]; tookMs: number }[] = [];
  const failing: [string, string | null][] = [];
  const context = { profile: { link: 'fibre', elevationM: 0, expected: {} }, self: {} } as unknown as Omit<
    ProbeContext,
    'signal' | 'platform'
  >;
  const runner = createRunner({
    probes,
    platform: {} as Platform,
    context: () => context,
    known: (one) => known.filter((check) => check.component === one.name),
    clock,
    random: () => 0.5,
    onResult: ({ name }, { checks }, tookMs) => results.push({ name, at: clock.up(), checks, tookMs }),
    onFailing: (name, error) => failing.push([name, error]),
  });
  const of = (name: string) => results.filter((result) => result.name === name);
  return { clock, runner, results, failing, of };
}

test('the probe runner runs a probe at once, after a small random delay, and then at its interval', async () => {
  const { clock, runner, results } = setUp([probe('a', async () => ok('a'))]);
  runner.start();
  await clock.pass(30_000);
  expect(results.map((result) => result.at)).toEqual([50, 10_050, 20_050]);
  runner.stop();
  await clock.pass(60_000);
  expect(results).toHaveLength(3);
});

test('the probe runner repeats every probe every few seconds during `runFaster`, except a failing probe', async () => {
  const broken = probe('b', () => Promise.reject(new Error('no tool')), { everyMs: 1_000 });
  const { clock, runner, of } = setUp([probe('a', async () => ok('a')), broken]);
  runner.start();
  await clock.pass(5_000);
  runner.runFaster(30_000);
  await clock.pass(60_000);
  expect(of('a').map(({ at }) => at)).toEqual([50, 5_000, 10_000, 15_000, 20_000, 25_000, 30_000, 35_000, 45_000, 55_000, 65_000]);
  expect(of('b').length).toBeLessThan(6);
});

test('F14 the probe runner aborts a hanging probe at its timeout, makes its known checks unknown, and drops its late result', async () => {
  const signals: AbortSignal[] = [];
  const answers: ((result: ProbeResult) => void)[] = [];
  const hang = (context: ProbeContext) => {
    signals.push(context.signal);
    return new Promise<ProbeResult>((resolve) => answers.push(resolve));
  };
  const known: Check[] = [{ component: 'a', device: 'mic', status: 'ok', fault: null, reason: null, name: 'Desk' }];
  const { clock, runner, of } = setUp([probe('a', hang), probe('b', async () => ok('b'))], known);
  runner.start();
  await clock.pass(3_000);
  expect(signals[0]?.aborted).toBe(false);
  await clock.pass(1_000);
  expect(signals[0]?.aborted).toBe(true);
  answers[0]?.(ok('a'));
  await clock.pass(1_000);
  expect(of('a')).toMatchObject([
    { tookMs: 3_000, checks: [{ device: 'mic', status: 'unknown', fault: null, reason: 'no answer in 3 s', name: 'Desk' }] },
  ]);
  await clock.pass(20_000);
  expect(of('b').map((result) => result.at)).toEqual([50, 10_050, 20_050]);
  reportFigure('F14', 'a probe that hangs: aborted after 3,000 ms, its checks unknown; the one beside it late by 0 ms');
});

test('the probe runner counts no failure if a probe reports unknown; the known checks of the probe, or else its own, become unknown', async () => {
  const blank: Check = { component: 'a', device: 'expected-1', status: 'unknown', fault: null, reason: null };
  const silent = probe('a', async () => ({ checks: [blank], unknown: 'the session helper is silent' }));
  const known: Check[] = [{ component: 'a', device: 'mic', status: 'ok', fault: null, reason: null, name: 'Desk' }];
  for (const [held, device] of [
    [[], 'expected-1'],
    [known, 'mic'],
  ] as const) {
    const { clock, runner, of } = setUp([silent], [...held]);
    runner.start();
    await clock.pass(60_000);
    expect(of('a')).toHaveLength(6);
    expect(of('a')[5]?.checks).toMatchObject([{ device, status: 'unknown', reason: 'the session helper is silent' }]);
    expect(runner.failing()).toEqual([]);
    runner.stop();
  }
});

test('F14 the probe runner makes checks unknown with a reason if a probe throws, rejects or returns nonsense; other probes run on time', async () => {
  const bad: Record<string, Probe['run']> = {
    throws: () => {
      throw new Error('no such\n  tool');
    },
    rejects: () => Promise.reject('plain words'),
    nonsense: async () => undefined as unknown as ProbeResult,
    listless: async () => ({ checks: 'x' }) as unknown as ProbeResult,
    mute: () => Promise.reject(new Error('')),
  };
  const { clock, runner, of } = setUp([
    ...Object.entries(bad).map(([name, run]) => probe(name, run)),
    probe('good', async () => ok('good')),
  ]);
  runner.start();
  await clock.pass(300);
  expect(of('good')[0]?.checks[0]?.status).toBe('ok');
  const reasons = Object.keys(bad).map((name) => {
    const [check] = of(name)[0]?.checks ?? [];
    expect(check).toMatchObject({ component: name, device: '', status: 'unknown', fault: null });
    return check?.reason;
  });
  const list = 'the probe returned no list of checks';
  expect(reasons).toEqual(['no such tool', 'plain words', list, list, 'failed without a message']);
  reportFigure(
    'F14',
    `${Object.keys(bad).length} ways to fail: each unknown with its reason, 0 ok, 0 faults; the probe beside them on time`,
  );
});

test('F14 the probe runner reports a probe as failing after three failures in a row, and runs it every ten minutes until it succeeds', async () => {
  let broken = true;
  const { clock, runner, failing, of } = setUp([
    probe('a', async () => {
      if (broken) throw new Error('no sound server');
      return ok('a');
    }),
  ]);
  runner.start();
  await clock.pass(15_000);
  expect(runner.failing()).toEqual([]);
  await clock.pass(10_000);
  expect(runner.failing()).toEqual([{ probe: 'a', error: 'no sound server' }]);
  expect(of('a')).toHaveLength(3);
  await clock.pass(590_000);
  expect(of('a')).toHaveLength(3);
  broken = false;
  await clock.pass(10_000);
  expect(of('a')).toHaveLength(4);
  expect(runner.failing()).toEqual([]);
  expect(failing).toEqual([
    ['a', 'no sound server'],
    ['a', null],
  ]);
  await clock.pass(10_000);
  expect(of('a')).toHaveLength(5);
});

test('the probe runner combines many changes into one run, and changes during a run into one more run', async () => {
  let told = () => {};
  const finish: (() => void)[] = [];
  const run = () => new Promise<ProbeResult>((resolve) => finish.push(() => resolve(ok('a'))));
  const unwatched = vi.fn();
  const watch = (_: Platform, changed: () => void) => {
    told = changed;
    return unwatched;
  };
  const { clock, runner, of } = setUp([probe('a', run, { watch })]);
  runner.start();
  await clock.pass(250);
  finish[0]?.();
  await clock.pass(2_000);
  for (let n = 0; n < 30; n += 1) told();
  await clock.pass(40);
  expect(finish).toHaveLength(1);
  await clock.pass(10);
  expect(finish).toHaveLength(2);
  for (let n = 0; n < 30; n += 1) told();
  finish[1]?.();
  await clock.pass(990);
  expect(finish).toHaveLength(2);
  await clock.pass(10);
  expect(finish).toHaveLength(3);
  finish[2]?.();
  await clock.pass(5_000);
  expect(of('a')).toHaveLength(3);
  runner.stop();
  expect(unwatched).toHaveBeenCalledOnce();
});

test('runNow starts a new run of every probe, and waits until each one ends or times out', async () => {
  const starts: string[] = [];
  const finish: (() => void)[] = [];
  const slow = () => {
    starts.push('slow');
    return new Promise<ProbeResult>((resolve) => finish.push(() => resolve(ok('slow'))));
  };
  const quick = async () => {
    starts.push('quick');
    return ok('quick');
  };
  const { clock, runner } = setUp([probe('slow', slow), probe('quick', quick)]);
  runner.start();
  await clock.pass(300);
  let done = false;
  const first = runner.firstRound().then(() => starts.push('first round'));
  void runner.runNow().then(() => {
    done = true;
  });
  await clock.pass(0);
  expect(starts).toEqual(['slow', 'quick', 'quick']);
  finish[0]?.();
  await clock.pass(0);
  await first;
  expect(starts).toEqual(['slow', 'quick', 'quick', 'slow', 'first round']);
  expect(done).toBe(false);
  await clock.pass(3_000);
  expect(done).toBe(true);
});

test('the probe runner reports no result after stop, not even of a run in progress', async () => {
  const finish: (() => void)[] = [];
  const run = () => new Promise<ProbeResult>((resolve) => finish.push(() => resolve(ok('a'))));
  const { clock, runner, results } = setUp([probe('a', run)]);
  runner.start();
  await clock.pass(300);
  runner.stop();
  finish[0]?.();
  await clock.pass(20_000);
  expect(results).toEqual([]);
  await runner.firstRound();
});
