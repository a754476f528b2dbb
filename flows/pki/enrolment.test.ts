/** Enrolment with a scripted authority and ledger. `test/security/enrolment.test.ts` covers it over real TLS. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { RegistryEntry } from '@sabha/contracts';
import { expect, test } from 'vitest';
import type { Op } from '../engine/records/ops.ts';
import type { SiteChange } from '../engine/records/sites.ts';
import { testClock } from '../notify/people/people.test-helper.ts';
import { nation, smallTree } from '../sites/sites.test-helper.ts';
import { createSiteTable } from '../sites/table.ts';
import type { Authority } from './authority.ts';
import { createEnrolment } from './enrolment.ts';

const pc = 'ladakh/leh/vc-1';
const yearMs = 365 * 86_400_000;
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

function open(nodes = smallTree(), codes: Record<string, string> = {}) {
  const rows = { ...codes };
  const registry = new Map<string, RegistryEntry>();
  const applied: { change: SiteChange; ops: readonly Op[] }[] = [];
  const script = { now: 1_000, settledAt: 1_000, whileSigning: () => {}, afterCommit: async () => {} };
  let issued = 0;
  const authority: Authority = {
    roots: [],
    rootDer: Buffer.from('root'),
    readRequest: async (name) => ({ ok: true, value: { name, publicKey } }),
    async issue() {
      script.whileSigning();
      issued += 1;
      return { pem: `certificate ${issued}`, serial: `7${issued}`, notAfter: 1e15 };
    },
    pkcs7: async () => '',
  };
  const table = createSiteTable(nodes);
  const clock = testClock();
  const alarms: (string | null)[] = [];
  const refused: string[] = [];
  const enrolment = createEnrolment({
    authority,
    codes,
    random: randomBytes,
    onAlarm: (_, site) => void alarms.push(site),
    sites: {
      table: () => table,
      entry: (of) => registry.get(of),
      async apply(change, ops = []) {
        applied.push({ change, ops });
        for (const one of change.registry) registry.set(one.pc, one);
        await script.afterCommit();
      },
    },
    async record(ops) {
      for (const op of ops) if (op.op === 'meta') Object.assign(rows, { [op.key.replace('enrol/', '')]: op.value ?? 'gone' });
      refused.push(...ops.flatMap((op) => (op.op === 'audit' && op.what === 'enrolment refused' ? [op.who] : [])));
      return true;
    },
    now: () => script.now,
    settledAt: () => script.settledAt,
    clock,
  });
  const code = async (uses: number) => {
    const made = await enrolment.makeCode({ site: 'ladakh/leh', uses, hours: 1, by: 'Asha' });
    if (!made.ok) throw new Error(made.line);
    return made.code;
  };
  const enrol = (password: string, request = 'ladakh.leh.vc-1') => enrolment.enrol({ address: '10.0.0.1', password, request });
  /** Sends a wrong code from an address, `times` times. */
  const fail = async (address: string, request = 'nonsense', times = 1) => {
    for (let nth = 0; nth < times; nth += 1) await enrolment.enrol({ address, password: '0'.repeat(20), request });
  };
  return { alarms, registry, applied, script, enrolment, code, enrol, fail, clock, refused, rows };
}

test('the certificate and the use of its enrolment code are written in one commit of the ledger', async () => {
  const { applied, code, enrol } = open();
  expect(await enrol(await code(1))).toEqual({ ok: true, certificate: 'certificate 1' });
  expect(applied).toEqual([
    {
      change: expect.objectContaining({ registry: [expect.objectContaining({ pc, certificates: ['71'] })], audit: expect.anything() }),
      ops: [{ op: 'meta', key: expect.stringMatching(/^enrol\/[0-9a-f]{64}$/), value: expect.stringContaining('"uses":0') }],
    },
  ]);
});

test('a PC that is revoked while its certificate is signed does not receive it', async () => {
  const { registry, applied, script, enrolment, code, enrol } = open();
  script.whileSigning = () => registry.set(pc, { pc, tokenHash: null, certificates: [], revoked: true });
  expect(await enrol(await code(1))).toMatchObject({ ok: false, status: 403, line: expect.stringContaining('is revoked') });
  const held = { pc, tokenHash: null, certificates: ['7f'], revoked: false };
  registry.set(pc, held);
  script.whileSigning = () => registry.set(pc, { ...held, certificates: [], revoked: true });
  const renewal = { address: '10.0.0.2', name: 'ladakh.leh.vc-1', serial: '7f', request: 'ladakh.leh.vc-1' };
  expect(await enrolment.renew(renewal)).toMatchObject({ ok: false, status: 403 });
  expect(applied).toEqual([]);
});

test('after a commit with an unknown outcome the use of the enrolment code counts as spent, so no second PC gets it', async () => {
  const { script, code, enrol } = open();
  const once = await code(1);
  script.afterCommit = async () => {
    throw new Error('the broker could not be told');
  };
  await expect(enrol(once)).rejects.toThrow('the broker could not be told');
  expect(await enrol(once, 'ladakh.leh.vc-2')).toMatchObject({ ok: false, status: 401 });
});

test('an address above its rate limit is served with a correct code, and refused with a wrong code', async () => {
  const { code, enrol, fail } = open();
  const right = await code(1);
  await fail('10.0.0.1', 'nonsense', 5);
  expect(await enrol('0'.repeat(26))).toMatchObject({ ok: false, status: 429 });
  expect(await enrol(right)).toMatchObject({ ok: true });
});

test.each([
  ['a clerk whose office was given a code', true, 'ladakh.leh.vc-1', 'ladakh/leh'],
  ['somebody of an office that was given none', false, 'ladakh.leh.vc-1', null],
  ['somebody who names a PC that there is not', true, 'ladakh.leh.vc-9', null],
  ['somebody who sends no request', true, 'nonsense', null],
])('five wrong codes of %s raise one alarm, which names the site only if the site has an open code', async (_, isOpen, request, site) => {
  const { alarms, code, fail } = open();
  if (isOpen) await code(1);
  await fail('10.0.0.1', request, 5);
  expect(alarms).toEqual([site]);
});

test('five wrong codes in requests for the PCs of a code raise an alarm that names at most three sites with open codes', async () => {
  const { alarms, enrolment } = open(nation(5));
  for (let nth = 4; nth >= 0; nth -= 1) {
    await enrolment.makeCode({ site: `state-${nth}/site-${nth}`, uses: 1, hours: 1, by: 'Asha' });
    for (let tries = 0; tries < 5; tries += 1) await enrolment.pcsOf({ address: `10.0.0.${nth}`, password: '0'.repeat(20) });
  }
  expect([alarms[0], alarms[1], alarms[4]]).toEqual([
    'state-4/site-4',
    'state-3/site-3, state-4/site-4',
    'state-0/site-0, state-1/site-1, state-2/site-2, …',
  ]);
});

test('wrong codes do not delay a renewal, and failed renewals of one PC are limited to one a minute', async () => {
  const { registry, enrolment, fail } = open();
  registry.set(pc, { pc, tokenHash: null, certificates: ['7f'], revoked: false });
  await fail('10.0.0.2', 'nonsense', 5);
  const renewal = { address: '10.0.0.2', name: 'ladakh.leh.vc-1', serial: '7f', request: 'ladakh.leh.vc-1' };
  expect(await enrolment.renew({ ...renewal, serial: '7e' })).toMatchObject({ ok: false, status: 403 });
  expect(await enrolment.renew({ ...renewal, serial: '7e' })).toMatchObject({ ok: false, status: 429 });
  expect(await enrolment.renew({ ...renewal, name: 'ladakh.leh.vc-2', request: 'ladakh.leh.vc-2' })).toMatchObject({ status: 403 });
});

test('codes are listed without their secret, and cancelled codes enrol no PC', async () => {
  const { enrolment, code, enrol } = open();
  const right = await code(2);
  expect(enrolment.codes()).toEqual([{ site: 'ladakh/leh', uses: 2, ends: 3_601_000, by: 'Asha' }]);
  expect([await enrolment.cancelCodes('ladakh/kargil', 'Anil'), await enrolment.cancelCodes('ladakh/leh', 'Anil')]).toEqual([0, 1]);
  expect(await enrol(right)).toMatchObject({ ok: false, status: 401 });
  expect(enrolment.codes()).toEqual([]);
});

test('R29 a clock that is ahead removes no certificates and no codes until the time is confirmed', async () => {
  const { registry, script, enrolment, code, applied } = open();
  const held = { pc: 'ladakh/leh/vc-1', tokenHash: null, certificates: ['7a', '7b'], ends: { '7a': 1_500, '7b': yearMs }, revoked: false };
  registry.set(held.pc, held);
  const older = await code(1);
  script.now += 2 * yearMs;
  await enrolment.removeExpired();
  await code(1);
  expect([applied, registry.get(held.pc)]).toEqual([[], held]);
  script.now = 3_000;
  expect(await enrolment.enrol({ address: '10.0.0.1', password: older, request: 'ladakh.leh.vc-2' })).toMatchObject({ ok: true });
  script.settledAt = 2_000;
  await enrolment.removeExpired();
  expect(registry.get(held.pc)?.certificates).toEqual(['7b']);
});

test('R29 an enrolment code made while the clock was a year ahead admits no PC after the clock is corrected', async () => {
  const { script, enrolment, code, enrol } = open();
  script.now += yearMs;
  const fast = await code(2);
  script.now -= yearMs;
  expect(await enrol(fast)).toMatchObject({ ok: false, status: 401 });
  expect(enrolment.codes()).toEqual([]);
});

test('S2 five failures within ten minutes, from any addresses, raise an alarm; five over a longer time raise none', async () => {
  const { clock, alarms, fail } = open();
  for (let nth = 0; nth < 4; nth += 1) await fail(`10.0.0.${nth}`);
  await clock.pass(10 * 60_000);
  await fail('10.0.0.5');
  expect(alarms).toEqual([]);
  for (let nth = 6; nth < 10; nth += 1) await fail(`10.0.0.${nth}`);
  expect(alarms).toEqual([null]);
});

test('a flood from many addresses writes at most 60 audit rows a minute', async () => {
  const { clock, refused, fail } = open();
  for (let nth = 0; nth < 1_000; nth += 1) await fail(`10.0.${nth >> 8}.${nth & 255}`);
  expect(refused).toHaveLength(60);
  await clock.pass(60_000);
  await fail('10.9.9.9');
  expect(refused).toHaveLength(61);
});

test('an alarm names no site if the failures come from two addresses, or if one of them names no PC', async () => {
  const { clock, alarms, code, fail } = open();
  await code(1);
  for (let nth = 0; nth < 5; nth += 1) await fail(`10.0.0.${nth}`, 'ladakh.leh.vc-1');
  await clock.pass(10 * 60_000);
  await fail('10.0.0.1', 'nonsense');
  await fail('10.0.0.1', 'ladakh.leh.vc-1', 4);
  expect(alarms).toEqual([null, null]);
});

test('a start loads the codes of the ledger, a code expires at its time, and a new code deletes expired ones', async () => {
  const before = open();
  const made = await before.code(1);
  expect(await open(smallTree(), before.rows).enrol(made)).toMatchObject({ ok: true });
  const late = open(smallTree(), before.rows);
  late.script.now += 3_600_000;
  late.script.settledAt = late.script.now;
  for (const code of [made, '', 'x', made.slice(1)]) expect(await late.enrol(code)).toMatchObject({ status: 401 });
  await late.code(1);
  expect(Object.values(late.rows)).toEqual(['gone', expect.stringContaining('"uses":1')]);
});
