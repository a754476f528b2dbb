/**
 * Tests F1 and F2: no acknowledged event is lost and none applied twice, however often broker or agent are killed. SABHA_FAULTS=full kills
 * the broker 100 times and the agent 200 times, otherwise 5 and 10 times. SABHA_SEED repeats the random choices.
 */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openDatabase } from '../../flows/storage/ledger/schema.ts';
import { isFullTier, reportFigure } from '../figures.ts';
import { randomFrom } from '../random.ts';
import { createParts, type Parts } from '../system/parts-under-test.ts';
import { type Program, startProgram } from '../system/processes.ts';
import { startScriptedPc } from '../system/scripted-pc.ts';
import { readLedger } from './ledger-file.ts';
import type { Writing } from './writing-pc.ts';

const brokerKills = isFullTier ? 100 : 5;
const agentKills = isFullTier ? 200 : 10;
const seed = Number(process.env['SABHA_SEED'] ?? Math.floor(Math.random() * 1e9));
const speed = 10;
const pcs = 50;
/** Interval of the events of each PC: 1,000 a second in all. */
const everyMs = 50;
/**
 * Interval in ms of the events of the killed agent. All its processes share the daily quota of one PC (R27, quota and backpressure). Events
 * beyond that quota would wait for the next day.
 */
const writesEveryMs = isFullTier ? 15 : 2;
const settleMs = 300_000;
const longMs = 3_600_000;

test(`F1 the broker killed ${brokerKills} times under 1,000 events a second loses no event and applies none twice (SABHA_SEED=${seed})`, {
  timeout: longMs,
}, async ({ onTestFinished }) => {
  const random = randomFrom(seed);
  const parts = await createParts({ pcs: Array.from({ length: pcs }, (_, n) => `pc-${n + 1}`), speed });
  onTestFinished(() => parts.site.remove());
  let broker = await parts.start('broker');
  const flows = await parts.start('flows');
  const machines = [...parts.tokens.keys()].map((pc) => startScriptedPc({ parts, pc }));
  onTestFinished(async () => void (await Promise.all(machines.map((pc) => pc.stop()))));
  const connected = () => machines.filter((pc) => pc.isConnected()).length;
  await expect.poll(connected, { timeout: settleMs }).toBe(pcs);
  let written = 0;
  const load = setInterval(() => {
    for (const { agent } of machines) agent.record('written', { n: written++ });
  }, everyMs);
  onTestFinished(() => clearInterval(load));
  const startedAt = performance.now();
  const readyMs: number[] = [];
  const backMs: number[] = [];
  for (let kill = 0; kill < brokerKills; kill += 1) {
    await delay(random.below(1_500));
    const killedAt = performance.now();
    await broker.end('SIGKILL');
    broker = await parts.start('broker');
    readyMs.push(performance.now() - killedAt);
    await expect.poll(connected, { timeout: settleMs, interval: 10 }).toBeGreaterThan(0);
    backMs.push(performance.now() - killedAt);
  }
  clearInterval(load);
  const perSecond = written / ((performance.now() - startedAt) / 1_000);
  await expect.poll(() => machines.reduce((sum, { agent }) => sum + agent.spool.figures().waiting, 0), { timeout: settleMs }).toBe(0);
  await Promise.all(machines.map((pc) => pc.stop()));
  for (const part of [flows, broker]) await part.end('SIGTERM');
  const { audit } = readLedger(join(parts.site.data, 'flows/ledger.db'));
  expect(audit).toMatchObject({ spools: pcs, gaps: 0, dropped: 0, twice: 0, forks: 0, integrity: 'ok' });
  expect(numbersIn(parts).length).toBe(written);
  expect(new Set(numbersIn(parts)).size).toBe(written);
  reportFigure(
    'F1',
    `${brokerKills} kills under ${Math.round(perSecond)} events a second: 0 of ${written} events missing, 0 twice; broker ready again after ${spread(readyMs)}, first PC back after ${spread(backMs)}`,
  );
});

test(`F2 an agent killed ${agentKills} times can open its spool every time, and the ledger has each committed event once (SABHA_SEED=${seed})`, {
  timeout: longMs,
}, async ({ onTestFinished }) => {
  const random = randomFrom(seed);
  const parts = await createParts({ pcs: ['pc-1'], speed });
  onTestFinished(() => parts.site.remove());
  const running = [await parts.start('broker'), await parts.start('flows')];
  const promised: number[] = [];
  const startMs: number[] = [];
  for (let kill = 0; kill < agentKills; kill += 1) {
    const startedAt = performance.now();
    const agent = startWriting(parts, { from: (promised.at(-1) ?? -1) + 1, until: 1e9 });
    await agent.says('wrote');
    startMs.push(performance.now() - startedAt);
    await delay(random.below(400));
    expect(await agent.end('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
    promised.push(...agent.lines.flatMap(({ n }) => (typeof n === 'number' ? [n] : [])));
  }
  const last = startWriting(parts, { from: 0, until: 0 });
  await last.says('empty', settleMs);
  await last.ended;
  for (const part of running) await part.end('SIGTERM');
  const { audit } = readLedger(join(parts.site.data, 'flows/ledger.db'));
  expect(audit).toMatchObject({ spools: 1, gaps: 0, dropped: 0, twice: 0, forks: 0, integrity: 'ok' });
  const found = numbersIn(parts);
  const held = new Set(found);
  expect(promised.filter((n) => !held.has(n))).toEqual([]);
  reportFigure(
    'F2',
    `${agentKills} kills: 0 of ${promised.length} events missing that were promised, 0 twice, 1 spool throughout; writes again after ${spread(startMs)}`,
  );
});

function startWriting({ site, speed: factor, epochMs, tokens }: Parts, { from, until }: Pick<Writing, 'from' | 'until'>): Program {
  const [[pc, token] = ['', '']] = tokens;
  const spool = join(site.data, 'agent/spool.db');
  const writing: Writing = {
    pc,
    token,
    data: site.data,
    mqtt: site.ports.mqtt,
    speed: factor,
    epochMs,
    spool,
    from,
    until,
    everyMs: writesEveryMs,
  };
  return startProgram({ args: ['test/faults/writing-pc.ts'], env: { ...site.env, SABHA_WRITING: JSON.stringify(writing) } });
}

/** Returns the numbers of all events of the writing PCs in the ledger. */
function numbersIn({ site }: Parts): number[] {
  const db = openDatabase({ file: join(site.data, 'flows/ledger.db') });
  const rows = db.prepare("SELECT body FROM events WHERE kind = 'written'").all();
  db.close();
  return rows.map(({ body }) => JSON.parse(String(body)).n);
}

function spread(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const seconds = (ms = 0) => (ms / 1_000).toFixed(1);
  return `${seconds(sorted[Math.floor(sorted.length / 2)])} s (median), ${seconds(sorted.at(-1))} s at most`;
}
