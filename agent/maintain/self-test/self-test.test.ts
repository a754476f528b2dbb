import type { Check, Clock } from '@sabha/contracts';
import { expect, it } from 'vitest';
import type { Probe } from '../../checks/probe.ts';
import { createUnsupported } from '../../platform/unsupported.ts';
import { type Subject, selfTest } from './self-test.ts';

const clock: Clock = {
  now: () => 1_700_000_000_000,
  up: () => 0,
  after: (delayMs, task) => {
    const timer = setTimeout(task, delayMs / 20);
    return () => clearTimeout(timer);
  },
};

const office: Subject = {
  pc: 'capital/this-office/this-pc',
  room: { en: 'Conference room', hi: 'कॉन्फ़्रेंस रूम' },
  profile: { link: 'fibre', elevationM: 0, expected: {} },
  configured: true,
};

function probe(name: string, run: () => Promise<Check[]>): Probe {
  return { name, everyMs: 1_000, timeoutMs: 50, run: async () => ({ checks: await run() }) };
}
const ok: Check = {
  component: 'microphone',
  device: 'expected-1',
  status: 'ok',
  fault: null,
  reason: 'in use by another program',
  name: 'सभा माइक',
};
const missing: Check = { component: 'camera', device: 'expected-1', status: 'fault', fault: 'camera.missing', reason: null, name: 'Eye' };
const probes = [probe('microphone', async () => [ok]), probe('camera', async () => [missing])];

const test = (list: Probe[], subject?: Partial<Subject>) =>
  selfTest({ subject: { ...office, ...subject }, platform: createUnsupported(), probes: list, clock });

it('the self-test reports unknown for a probe that fails or hangs, and continues with the next', async () => {
  const failing = probe('failing', async () => {
    throw new Error('x'.repeat(4_000));
  });
  const hanging = probe('hanging', () => new Promise(() => {}));
  const { checks } = await test([failing, hanging, ...probes]);
  expect(checks.map((one) => `${one.component} ${one.status}`)).toEqual([
    'failing unknown',
    'hanging unknown',
    'microphone ok',
    'camera fault',
  ]);
  expect(checks[0]?.reason).toHaveLength(256);
  expect(checks[1]?.reason).toBe('no answer in 0.05 s');
});

it('the self-test assumes a clock offset of 0 for a server on this PC, and none (null) without a server', async () => {
  const offsets: (number | null)[] = [];
  const looks: Probe = {
    ...probe('clock', async () => []),
    run: async ({ self }) => {
      offsets.push(self.clockOffsetMs);
      return { checks: [] };
    },
  };
  const place = { port: 1_883, anchors: [] };
  for (const centre of [{ host: '127.0.0.1', ...place }, { host: 'centre.test', ...place }, undefined])
    await selfTest({ subject: office, platform: createUnsupported(), probes: [looks], clock, centre });
  expect(offsets).toEqual([0, null, null]);
  const far = { subject: office, platform: createUnsupported(), probes: [looks], clock, centre: { host: 'centre.test', ...place } };
  await selfTest({ ...far, compareClocks: async () => ({ clockOffsetMs: 70, roundTripMs: 40 }) });
  await selfTest({ ...far, compareClocks: async () => undefined });
  expect(offsets.slice(3)).toEqual([70, null]);
});
