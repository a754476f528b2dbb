// @module-tag long
/** What PCs said, by the command that people type, out of a ledger in its thread and archives that its own retention wrote; and what is said where these are damaged. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { dispatch } from '../../flows/api/cli/dispatch.ts';
import { createClient } from '../../flows/api/cli/kit/client.ts';
import { CliError } from '../../flows/api/cli/kit/model.ts';
import { addRoutes } from '../../flows/api/routes.ts';
import type { LedgerRetention } from '../../flows/engine/records/archives.ts';
import type { Ledger } from '../../flows/engine/records/ops.ts';
import { addDoor, plainDoor } from '../../flows/pki/door/door.ts';
import { createEventsReader } from '../../flows/storage/archive/reader.ts';
import { createRetention } from '../../flows/storage/archive/retention.ts';
import { archiveFile } from '../../flows/storage/archive/segment.ts';
import { openLedger } from '../../flows/storage/ledger/ledger.ts';

const dayMs = 86_400_000;
const begin = Date.UTC(2026, 5, 1);
const days = 40;
/** Days of June that its archive holds; what is younger stands in that of July, or in the ledger. */
const inJune = 29;
const pcs = ['ladakh/leh/vc-1', 'ladakh/leh/vc-2', 'goa/panaji/vc-1'];
const secret = 'a long one';

let root = '';
let ledger: Ledger;
let app: FastifyInstance;
let address = '';
let nowMs = begin;
const archiveMonths = 13;
let passphrase: string | undefined;

const folder = () => join(root, 'archives');
function after(_: number, run: () => void): () => void {
  queueMicrotask(run);
  return () => undefined;
}

/** All that is due leaves, as in a centre that runs. */
async function retain(retention: LedgerRetention = ledger.retention): Promise<void> {
  const settings = { eventDays: 2, archiveMonths, historyDays: 400 };
  const at = { ledgerFile: join(root, 'ledger.db'), folder: folder(), passphrase: () => passphrase };
  const clock = { now: () => nowMs, up: () => 0, after };
  const log = { info: () => undefined, error: () => undefined };
  await createRetention({ retention, settings, ...at, clock, now: () => nowMs, settledAt: () => nowMs, log }).run();
}

/** Each PC says something at noon of each day, and measures. Only the last segment is sealed by a passphrase, which takes long to make a key of. */
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'sabha-archived-'));
  ledger = await openLedger({ file: join(root, 'ledger.db') });
  await ledger.commit(pcs.map((pc) => ({ op: 'birth', pc, spool: 'a', first: 1, last: 2 * days, carries: null, at: nowMs })));
  for (let day = 0; day < days; day += 1) {
    nowMs = begin + day * dayMs + dayMs / 2;
    await ledger.commit(pcs.flatMap((pc) => [said(pc, 2 * day + 1), said(pc, 2 * day + 2)]));
    passphrase = day === days - 1 ? secret : undefined;
    await retain();
  }
  app = fastify();
  app.setErrorHandler((error: { statusCode?: number; message: string }, _, reply) =>
    reply.code(error.statusCode ?? 500).send({ error: error.message }),
  );
  addDoor(app, plainDoor());
  const has = (path: string) => path === 'goa/margao';
  const at = { folder: folder(), passphrase: () => passphrase, has };
  addRoutes(app, { events: () => createEventsReader({ retention: ledger.retention, ...at, keptMonths: archiveMonths }) });
  address = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await app.close();
  await ledger.close();
  rmSync(root, { recursive: true });
});
beforeEach(() => {
  passphrase = secret;
});

function said(pc: string, seq: number) {
  const what = seq % 2 === 0 ? ({ grade: 'reading', kind: 'numbers' } as const) : ({ grade: 'event', kind: 'check' } as const);
  const body = { component: 'camera', day: Math.floor((seq - 1) / 2), fault: null };
  return { op: 'event', pc, at: nowMs, event: { spool: 'a', seq, boot: 'b', at: nowMs - 1_000, ...what, body } } as const;
}

/** As it is typed. */
async function sabha(...args: string[]): Promise<{ code: number; out: string }> {
  const around = { api: createClient(address), by: 'asha', language: 'en', now: () => nowMs };
  try {
    const { ok, out } = await dispatch(args, around as unknown as Parameters<typeof dispatch>[1]);
    return { code: ok ? 0 : 1, out };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { code: error.code, out: error.message };
  }
}

async function daysOf(...args: string[]) {
  const { code, out } = await sabha('events', ...args, '--json');
  const { events, missing } = JSON.parse(out);
  return { code, missing, days: events.map(({ body }: { body: { day: number } }) => body.day) };
}

/** Looks with the archive of a month as it is made of its bytes, null = away; then it is as it was. */
async function damaged(month: string, harm: (whole: Buffer) => Buffer | null, look: () => Promise<void>): Promise<void> {
  const file = archiveFile(folder(), month);
  const whole = readFileSync(file);
  const bytes = harm(whole);
  if (bytes === null) rmSync(file);
  else writeFileSync(file, bytes);
  await look().finally(() => writeFileSync(file, whole));
}

/** One bit in the last bytes of a segment, which are of its seal. */
const turned = (segment: number) => (whole: Buffer) => {
  const begins = [...whole.toString('latin1').matchAll(/sabha-archive /g)].map(({ index }) => index);
  const changed = Buffer.from(whole);
  const at = (begins[segment + 1] ?? 0) - 5;
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
};
const without = (...gone: number[]) => all.filter((day) => !gone.includes(day));

const pc = 'ladakh/leh/vc-1';
const all = Array.from({ length: days }, (_, day) => day);
const sinceJune = [pc, '--since', '2026-06-01'];
const notShown = (count: number) => `up to ${count} events of ${pc} are not shown`;

test('what a PC said is shown in one order, from the first archive to the last hour in the ledger, each event once', async () => {
  expect(await daysOf(...sinceJune)).toEqual({ code: 0, missing: [], days: all });
  expect((await daysOf('ladakh/leh', '--since', '2026-06-01')).days).toEqual(all.flatMap((day) => [day, day]));
  expect((await daysOf(...sinceJune, '--readings')).days).toEqual(all.flatMap((day) => [day, day]));
});

test('an archive that is missing, cut or damaged is named with how much is missing by it, and the rest is shown', async () => {
  const ask = () => daysOf(...sinceJune);
  const rest = all.slice(inJune);
  // Readings are events of it too: two a day.
  const gone = { code: 1, days: rest, missing: [`2026-06.archive is missing: ${notShown(2 * inJune)}`] };
  await damaged(
    '2026-06',
    () => null,
    async () => expect(await ask()).toEqual(gone),
  );
  for (const [month, harm, why, day] of [
    ['2026-06', (whole: Buffer) => whole.subarray(0, -9), 'it is damaged or cut', inJune - 1],
    ['2026-06', turned(10), 'it is damaged or cut', 10],
    ['2026-07', turned(0), 'it is damaged or cut', inJune],
  ] as const)
    await damaged(month, harm, async () =>
      expect(await ask()).toEqual({ code: 1, days: without(day), missing: [`${month}.archive cannot be read (${why}): ${notShown(2)}`] }),
    );
  expect((await ask()).code).toBe(0);
});

test('bad input is one line', async () => {
  const asked = (...args: string[]) => sabha('events', ...args);
  expect(await asked('ladakh/leh/vc-9')).toEqual({ code: 1, out: 'there is no PC ladakh/leh/vc-9' });
  expect(await asked('ladakh/kargil')).toEqual({ code: 1, out: 'there is no site ladakh/kargil' });
  expect(await asked('goa/margao')).toEqual({ code: 0, out: expect.stringMatching(/^TIME[^\n]*$/) });
  expect(await asked('ladakh')).toEqual({ code: 2, out: expect.stringContaining('state/site or state/site/pc') });
  const backwards = ['--since', '2026-07-02', '--until', '2026-06-30'];
  expect(await asked('ladakh/leh', ...backwards)).toEqual({ code: 2, out: 'the span ends before it begins' });
  expect(await asked('ladakh/leh', '--until', 'soon')).toEqual({ code: 2, out: expect.stringContaining('--until soon: a day') });
});
