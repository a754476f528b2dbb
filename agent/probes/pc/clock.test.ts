import { expect, it } from 'vitest';
import { createUnsupported } from '../../platform/unsupported.ts';
import { clockProbe } from './clock.ts';

function ask(clockOffsetMs: number | null, roundTripMs: number | null = null, serverClockStepped = false) {
  const self = { roundTripMs, clockOffsetMs, serverClockStepped, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
  const profile = { link: 'fibre', elevationM: 0, expected: {} } as const;
  return clockProbe.run({ platform: createUnsupported(), profile, self, signal: AbortSignal.timeout(1_000) });
}

it('the clock probe reports unknown before the first comparison with the server', async () => {
  const { checks, numbers } = await ask(null);
  expect(checks).toEqual([{ component: 'clock', device: '', status: 'unknown', fault: null, reason: 'not compared with the server yet' }]);
  expect(numbers).toEqual({});
});

it('the clock probe reports ok up to 5 s and clock.wrong beyond, with the direction and no figure in the reason', async () => {
  expect((await ask(5_000)).checks).toMatchObject([{ status: 'ok', reason: null }]);
  expect((await ask(5_001)).checks).toMatchObject([{ fault: 'clock.wrong', reason: 'ahead of the server' }]);
  expect((await ask(-90_000)).checks).toMatchObject([{ fault: 'clock.wrong', reason: 'behind the server' }]);
});

it('the clock probe reports unknown after a long round trip, because the offset may be wrong by half of the round trip', async () => {
  expect((await ask(7_000, 14_000)).checks).toMatchObject([
    { status: 'unknown', reason: 'the server answered too slowly to compare the clocks' },
  ]);
  expect((await ask(0, 14_000)).checks).toMatchObject([{ status: 'unknown' }]);
  expect((await ask(4_000, 700)).checks).toMatchObject([{ status: 'ok' }]);
  expect((await ask(-7_000, 3_000)).checks).toMatchObject([{ fault: 'clock.wrong', reason: 'behind the server' }]);
});

it('R29 the clock probe reports unknown if the clock of the server was set', async () => {
  expect((await ask(7_200_000, 40, true)).checks).toMatchObject([{ status: 'unknown', reason: 'the clock of the server was set' }]);
  expect((await ask(0, 40, true)).checks).toMatchObject([{ status: 'ok' }]);
});
