import { expect, it } from 'vitest';
import type { Check, Clock } from '#contracts';
import type { Probe } from '../../checks/probe.ts';
import { createUnwritten } from '../../platform/unwritten.ts';
import { exitCodeOf, type Subject, selfTest, toJson, toText } from './self-test.ts';
import { subjectOf } from './words.ts';

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
  selfTest({ subject: { ...office, ...subject }, platform: createUnwritten(), probes: list, clock });

it('reports the whole path of the PC and each check, in the form of the contract', async () => {
  const report = await test(probes, { pc: 'ladakh/leh/vc-1' });
  const json = JSON.parse(toJson(report));
  expect(json).toEqual({
    pc: 'ladakh/leh/vc-1',
    site: 'ladakh/leh',
    at: 1_700_000_000_000,
    ms: 0,
    checks: [
      {
        component: 'microphone',
        device: 'expected-1',
        name: 'सभा माइक',
        status: 'ok',
        fault: null,
        reason: 'in use by another program',
        ms: 0,
        provenAt: null,
      },
      {
        component: 'camera',
        device: 'expected-1',
        name: 'Eye',
        status: 'fault',
        fault: 'camera.missing',
        reason: null,
        ms: 0,
        provenAt: null,
      },
    ],
  });
});

it('says in English what works, what does not, and what to do first', async () => {
  const [report, limits] = toText(await test(probes), 'en').split('\n\nLimits at ');
  expect(limits).toMatch(/^sea level: the height of this site is not set, or 0 m\n/);
  expect(report?.split('\n')).toEqual([
    'Conference room (capital/this-office/this-pc)',
    '',
    '◐ Microphone, सभा माइक: there, open, not proven (in use by another program)',
    '✖ Camera, Eye: Camera not found',
    '    → Unplug the camera cable and plug it in again. If it is still not found, try another USB port.',
    '',
    'Faults: 1.',
  ]);
});

it('says the same in Hindi', async () => {
  const [report] = toText(await test(probes), 'hi').split('\n\nसमुद्र तल पर सीमाएँ');
  expect(report?.split('\n')).toEqual([
    'कॉन्फ़्रेंस रूम (capital/this-office/this-pc)',
    '',
    '◐ माइक, सभा माइक: मौजूद, चालू, जाँच बाकी (किसी दूसरे प्रोग्राम में चल रहा है)',
    '✖ कैमरा, Eye: कैमरा नहीं मिल रहा',
    '    → कैमरे की केबल निकालकर दोबारा लगाएँ। फिर भी न मिले तो दूसरे USB पोर्ट में लगाएँ।',
    '',
    'ख़राबियाँ: 1.',
  ]);
});

it('says unknown of a probe that fails or hangs, and goes on to the next', async () => {
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

it('counts what is not known apart from faults, and calls a new component by its own name', async () => {
  const unknown: Check = { component: 'lamp', device: 'bulb', status: 'unknown', fault: null, reason: 'no audio server' };
  const report = await test([probe('lamp', async () => [unknown])]);
  expect(toText(report, 'en')).toContain(
    '? lamp, bulb: unknown (no audio server)\n\nNo fault seen, but not everything could be checked. Unknown: 1.',
  );
  expect(toText(report, 'hi')).toContain(
    '? lamp, bulb: पता नहीं (साउंड सर्वर नहीं चल रहा)\n\nकोई ख़राबी नहीं दिखी, पर सब कुछ जाँचा नहीं जा सका. पता नहीं: 1.',
  );
});

it('five unknowns do not end in "No fault found", and a program reads it off the exit code', async () => {
  const unknown: Check = { component: 'lamp', device: '', status: 'unknown', fault: null, reason: 'no audio server' };
  const unknowns = ['a', 'b', 'c', 'd', 'e'].map((device) => ({ ...unknown, device }));
  const report = await test([probe('lamp', async () => unknowns)]);
  expect(toText(report, 'en')).not.toContain('No fault found');
  expect(toText(report, 'hi')).not.toContain('कोई ख़राबी नहीं मिली');
  expect(exitCodeOf(report)).toBe(3);
  expect(exitCodeOf(await test([probe('lamp', async () => [...unknowns, missing])]))).toBe(1);
  const known = await test([probe('microphone', async () => [ok])]);
  expect(toText(known, 'en')).toContain('No fault found.');
  expect(exitCodeOf(known)).toBe(0);
});

it('does not say "works" of what the room need not have', async () => {
  const none: Check = { component: 'camera', device: '', status: 'ok', fault: null, reason: 'none expected' };
  const report = await test([probe('camera', async () => [none])]);
  expect(toText(report, 'en')).toContain('✔ Camera: none expected\n');
  expect(toText(report, 'hi')).toContain('✔ कैमरा: यहाँ ज़रूरी नहीं\n');
});

it('names no limits of a height that nobody has told this PC, and no room', async () => {
  const { room: _room, ...bare } = { ...office, pc: 'ladakh/leh/vc-1', configured: false };
  const report = await selfTest({ subject: bare, platform: createUnwritten(), probes: [], clock });
  expect(toText(report, 'en')).toBe(
    'ladakh/leh/vc-1\n\n\nNo fault found.\n\nThe centre has not told this PC yet what this room should have and how high it lies.',
  );
  expect(toText(report, 'hi')).not.toContain('0 m');
});

it('names no limits of a height where no settings say which PC this is', async () => {
  const report = await selfTest({ subject: { ...office, nobodys: '/tmp/data' }, platform: createUnwritten(), probes: [], clock });
  for (const language of ['en', 'hi'] as const) expect(toText(report, language)).not.toMatch(/\b0 m\b/);
});

it('a centre on this very PC goes by its clock; with none nobody has compared it', async () => {
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
    await selfTest({ subject: office, platform: createUnwritten(), probes: [looks], clock, centre });
  expect(offsets).toEqual([0, null, null]);
  const far = { subject: office, platform: createUnwritten(), probes: [looks], clock, centre: { host: 'centre.test', ...place } };
  await selfTest({ ...far, compareClocks: async () => ({ clockOffsetMs: 70, roundTripMs: 40 }) });
  await selfTest({ ...far, compareClocks: async () => undefined });
  expect(offsets.slice(3)).toEqual([70, null]);
});

it('by a clock that is a year ahead the certificate of this PC seemed to have ended, and a new code was asked for', async () => {
  const left: (number | undefined)[] = [];
  const looks: Probe = {
    ...probe('agent', async () => []),
    run: async ({ self }) => ({ checks: [], seen: left.push(self.certificateLeftMs) }),
  };
  const year = 365 * 86_400_000;
  const far = {
    subject: office,
    platform: createUnwritten(),
    probes: [looks],
    clock,
    centre: { host: 'centre.test', port: 1_883, anchors: [] },
  };
  await selfTest({ ...far, certificateLeftMs: 90_000 - year, compareClocks: async () => ({ clockOffsetMs: year, roundTripMs: 40 }) });
  await selfTest({ ...far, certificateLeftMs: 90_000, compareClocks: async () => undefined });
  expect(left).toEqual([90_000, 90_000]);
});

it.each([
  ...['link.loss', 'link.jitter', 'link.delay', 'link.tier', 'power.', 'power.mains', 'power.battery'],
  ...['climate.', 'climate.room', 'climate.air', 'climate.board', 'climate.rise'],
])('a person reads a word for "%s", in Hindi too', (id) => {
  const [component = '', device = ''] = id.split('.');
  expect(subjectOf({ component, device }, 'en')).toMatch(/^[A-Za-z][a-z, ]+[A-Za-z]*$/);
  expect(subjectOf({ component, device }, 'hi')).toMatch(/\p{Script=Devanagari}/u);
});

it('names a check after the part that it is about, or after its component and its device', () => {
  expect(subjectOf({ component: 'pc', device: 'disk' }, 'en')).toBe('Disk');
  expect(subjectOf({ component: 'pc', device: 'fan' }, 'en')).toBe('PC, fan');
  expect(subjectOf({ component: 'camera', device: 'expected-1' }, 'hi')).toBe('कैमरा');
  expect(subjectOf({ component: 'camera', device: 'expected-1', name: 'Eye' }, 'hi')).toBe('कैमरा, Eye');
});

it('says what the link of this PC has cost this month, where an agent wrote it down', async () => {
  const budget = { month: '2026-11', telemetryBytes: 1_234_567, telemetryLimit: 8_000_000, testBytes: 3_000_000, testLimit: 36_000_000 };
  const report = await selfTest({ subject: office, platform: createUnwritten(), probes: [], clock, budget });
  expect(toText(report, 'en')).toContain('\n\nData this month (2026-11): messages 1.2 of 8 MB, tests of the link 3 of 36 MB.\n');
  expect(toText(report, 'hi')).toContain('इस महीने का डेटा (2026-11): संदेश 8 में से 1.2 MB, लाइन की जाँच 36 में से 3 MB.');
  expect(JSON.parse(toJson(report)).budget).toEqual(budget);
  expect(JSON.parse(toJson(await test([])))).not.toHaveProperty('budget');
});
