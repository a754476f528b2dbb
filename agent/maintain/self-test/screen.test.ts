import { type Check, type Clock, languages, noneExpected } from '@sabha/contracts';
import { expect, it, test } from 'vitest';
import type { Probe } from '../../checks/probe.ts';
import { nothing, whole } from '../../link/analysis/path.test-helper.ts';
import { locateBreak, type PathFacts } from '../../link/analysis/path.ts';
import { createUnsupported } from '../../platform/unsupported.ts';
import { createProbes } from '../../probes/probes.ts';
import type { CheckReport } from './report.ts';
import { toScreen } from './screen.ts';
import { exitCodeOf, selfTest, toJson } from './self-test.ts';

const clock: Clock = {
  now: () => 1_700_000_000_000,
  up: () => 0,
  after: (_delayMs, task) => {
    const timer = setTimeout(task, 0);
    return () => clearTimeout(timer);
  },
};
const usual = { columns: 80, isColoured: false };
const day = 86_400_000;
const limitMs = 5_000;

type CheckTuple = [component: string, device: string, more?: Partial<Check>];
const devices: CheckTuple[] = [
  ['session', ''],
  ['sound', ''],
  ['microphone', 'expected-1', { name: 'Jabra Speak 750' }],
  ['speaker', 'expected-1', { name: 'Jabra Speak 750', reason: 'in use by Zoom' }],
  ['camera', 'expected-1', { name: 'Logitech Rally' }],
  ['display', '', { reason: noneExpected }],
  ['program', '', { reason: noneExpected }],
];
const machine: CheckTuple[] = [
  ...['processor', 'memory', 'disk', 'temperature', 'restart', 'speed', 'health', 'start', 'sleep'].map(
    (device): CheckTuple => ['pc', device],
  ),
  ...['mains', 'battery', 'ups'].map((device): CheckTuple => ['power', device]),
  ...['room', 'board', 'rise'].map((device): CheckTuple => ['climate', device]),
  ['bridge', ''],
];

const budget = { month: '2026-11', telemetryBytes: 1_234_567, telemetryLimit: 8_000_000, testBytes: 3_000_000, testLimit: 36_000_000 };

type Scene = { rows?: CheckTuple[]; facts?: Partial<PathFacts>; clockOffsetMs?: number | null; certificateLeftMs?: number };

function asked([component, device, more]: CheckTuple): Check {
  return { component, device, status: 'ok', fault: null, reason: null, ...more };
}

function says(name: string, run: Probe['run']): Probe {
  return { name, everyMs: 1_000, timeoutMs: limitMs, run };
}

/**
 * Runs the self-test of one room. The real probes check clock and certificate. The real `locateBreak` judges the network path from the
 * facts of the test. The test defines all other checks.
 */
function report({ rows = [], facts = {}, clockOffsetMs = 20, certificateLeftMs = 60 * day }: Scene): Promise<CheckReport> {
  const seen = { ...whole, ...facts };
  const named = new Map(rows.map((row) => [`${row[0]}.${row[1]}`, row]));
  const all = [...devices, ...machine].map((row) => named.get(`${row[0]}.${row[1]}`) ?? row);
  const real = createProbes().filter(({ name }) => name === 'clock');
  const own = says('agent', async (context) => {
    const probe = createProbes().find(({ name }) => name === 'agent');
    const { checks = [] } = (await probe?.run(context)) ?? {};
    return { checks: checks.filter(({ device }) => device === 'certificate') };
  });
  return selfTest({
    clock,
    platform: createUnsupported(),
    budget,
    subject: {
      pc: 'ladakh/leh/hall',
      room: { en: 'Conference room', hi: 'कॉन्फ़्रेंस रूम' },
      profile: { link: 'fibre', elevationM: 3_524, expected: {} },
      configured: true,
    },
    centre: { host: 'centre.test', port: 8_883, anchors: [] },
    compareClocks: async () => ({ clockOffsetMs, roundTripMs: 40 }),
    certificateLeftMs,
    probes: [
      says('room', async () => ({ checks: all.map(asked) })),
      ...real,
      own,
      says('path', async () => ({ checks: [{ component: 'path', device: '', ...locateBreak(seen) }], path: seen })),
    ],
  });
}

const muted: CheckTuple = ['microphone', 'expected-1', { name: 'Jabra Speak 750', status: 'fault', fault: 'microphone.muted' }];
const silent: CheckTuple = ['sound', '', { status: 'unknown', reason: 'audio server does not answer' }];
const scenes: Record<string, Scene> = {
  'all is well': {},
  'the microphone is muted': { rows: [muted] },
  'something is not known': { rows: [silent, ['camera', 'expected-1', { status: 'unknown', reason: 'pw-dump is not installed' }]] },
  'no cable': { facts: { ...nothing, local: 'no carrier', gateway: 'unknown' } },
  'the router is dead': { facts: { ...nothing, gateway: 'dead' } },
  'the line is down': { facts: nothing },
  'packets get lost': { facts: { losesPackets: true } },
  'no names': { facts: { names: 'silent', centreName: 'missing', centre: 'unknown' } },
  'the port is silent': { facts: { centre: 'silent' } },
  'the port is refused': { facts: { centre: 'refused' } },
  'no TLS comes': { facts: { centre: 'ended' } },
  'a stranger answers': { facts: { centre: 'stranger' } },
  'its certificate has ended': { certificateLeftMs: -day },
  'the clock is wrong': { facts: { centre: 'undated' }, clockOffsetMs: -900 * day, certificateLeftMs: 960 * day },
  'the clock is a year ahead': { facts: { centre: 'undated' }, clockOffsetMs: 365 * day, certificateLeftMs: -305 * day },
};

test.each(languages)('the self-test screen matches the recorded screens in %s', async (language) => {
  const screens: string[] = [];
  for (const [name, scene] of Object.entries(scenes)) screens.push(`=== ${name}\n${toScreen(await report(scene), language, usual)}\n`);
  await expect(screens.join('\n')).toMatchFileSnapshot(`screens.${language}.txt`);
});

test.each(languages)('the self-test screen shows a room without a fault on 24 lines of 80 columns, in %s', async (language) => {
  const lines = toScreen(await report({}), language, usual).split('\n');
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(lines.filter((line) => widest(line) > 80)).toEqual([]);
});

test.each([40, 60, 132])('the self-test screen wraps lines at %i columns', async (columns) => {
  for (const language of languages)
    for (const scene of Object.values(scenes)) {
      const lines = toScreen(await report(scene), language, { columns, isColoured: false }).split('\n');
      expect(lines.filter((line) => widest(line) > columns)).toEqual([]);
    }
});

/** Returns the width of a line in columns. A Devanagari vowel sign takes no column, because it combines with the letter before it. */
function widest(line: string): number {
  return [...new Intl.Segmenter('hi', { granularity: 'grapheme' }).segment(line)].length;
}

it('the self-test screen reports no fault on screen and by exit code only if every check is ok', async () => {
  for (const [name, scene] of Object.entries(scenes)) {
    const found = await report(scene);
    const isWell = found.checks.every(({ status }) => status === 'ok');
    expect([name, toScreen(found, 'en', usual).includes('No fault found.')]).toEqual([name, isWell]);
    expect([name, exitCodeOf(found) === 0]).toEqual([name, isWell]);
    if (isWell) expect(found.layers?.map(({ status }) => status)).toEqual(Array(8).fill('ok'));
  }
});

it('the self-test screen lists the steps of the path in JSON, or none if no path was probed', async () => {
  const { layers } = JSON.parse(toJson(await report({ facts: { centre: 'refused' } })));
  const seen = { network: 'ok', router: 'ok', line: 'ok', names: 'ok', port: 'fault', tls: 'unknown', certificate: 'unknown', clock: 'ok' };
  expect(layers).toEqual(Object.entries(seen).map(([layer, status]) => ({ layer, status })));
  const away = await selfTest({
    clock,
    platform: createUnsupported(),
    probes: [],
    subject: { pc: 'ladakh/leh/hall', profile: { link: 'fibre', elevationM: 0, expected: {} }, configured: false },
  });
  expect(JSON.parse(toJson(away))).not.toHaveProperty('layers');
  expect(toScreen(away, 'en', usual)).not.toContain('router');
});
