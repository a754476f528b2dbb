/**
 * Fifty rooms under load over real MQTT, while broker, flows and exporter are killed in turn at random moments.
 * SABHA_FAULTS=full kills each of them 20 times, anything else 3 times; SABHA_SEED=N repeats a run's choices. Time runs ten times faster.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PcView } from '#contracts';
import type { Transition } from '../../flows/incidents/model.ts';
import { openStore } from '../../flows/ledger/store.ts';
import { randomFrom } from '../random.ts';
import { ask, sampleOf } from '../system/centre-under-test.ts';
import { type Mail, type Mailbox, openMailbox } from '../system/mailbox.ts';
import { createParts, type PartName, type Parts } from '../system/parts-under-test.ts';
import type { Program } from '../system/processes.ts';
import { type ScriptedPc, startScriptedPc } from '../system/scripted-pc.ts';

const speed = 10;
const rooms = 50;
const killsEach = process.env['SABHA_FAULTS'] === 'full' ? 20 : 3;
const seed = Number(process.env['SABHA_SEED'] ?? Math.floor(Math.random() * 1e9));
const random = randomFrom(seed);
const person = (id: string, role: string) => ({ id, name: id, role, email: `${id}@office.test` });
const people = [person('asha', 'technician'), person('stanzin', 'state'), person('meera', 'central')];
const settleMs = 60_000;

/** A fault that stands until somebody was told of it: its device has a name of its own. */
type Lasting = { pc: ScriptedPc; device: string; name: string; since: number; toldAt: number | undefined };

describe(`kill -9, ${killsEach} times each (SABHA_SEED=${seed})`, () => {
  let parts: Parts;
  let mailbox: Mailbox;
  let pcs: ScriptedPc[];
  const running = new Map<PartName, Program>();
  const lasting: Lasting[] = [];
  const flowsKilledAt: number[] = [];
  let load: { stop(): Promise<void> };

  const start = async (part: PartName) => void running.set(part, await parts.start(part));
  const kill = async (part: PartName) => {
    if (part === 'flows') flowsKilledAt.push(performance.now());
    expect(await running.get(part)?.end('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
  };
  const connected = () => pcs.filter((pc) => pc.isConnected()).length;
  const snapshot = () => ask<PcView[]>(parts.site.ports, '/api/pcs');

  beforeAll(async () => {
    mailbox = await openMailbox();
    const ids = Array.from({ length: rooms }, (_, n) => `pc-${n + 1}`);
    parts = await createParts({ pcs: ids, speed, settings: { people, channels: { email: { port: mailbox.port } } } });
    for (const part of ['broker', 'flows', 'dashboards'] as const) await start(part);
    pcs = [...parts.tokens.keys()].map((pc) => startScriptedPc({ parts, pc }));
    load = startLoad(pcs, () => markTold(lasting, mailbox.mails));
  });
  afterAll(async () => {
    await load?.stop();
    for (const pc of pcs ?? []) await pc.stop();
    parts?.site.remove();
    await mailbox?.close();
  });

  test('nobody is left untold, nobody is called silent, no crash tells more than one message twice, and no event is lost', async () => {
    await expect.poll(connected, { timeout: settleMs }).toBe(rooms);
    for (let round = 0; round < killsEach; round++) {
      for (const part of ['broker', 'flows', 'dashboards'] as const) {
        breakSome(pcs, lasting);
        await delay(random.below(1_500));
        await (part === 'broker' ? killBroker(round) : killOne(part));
      }
    }
    await settled();
    console.info(report(lasting, mailbox.mails, flowsKilledAt));

    expect(lasting.filter(({ toldAt }) => toldAt === undefined).map(({ name }) => name)).toEqual([]);
    expect(mailbox.mails.filter(({ text }) => /PC does not answer|PCs not heard/.test(text)).map(({ text }) => text)).toEqual([]);
    expect(Math.max(0, ...copiesPerCrash(mailbox.mails, flowsKilledAt))).toBeLessThanOrEqual(1);
    await seenAsItIs();
    await checkLedger();
  });

  async function killOne(part: PartName): Promise<void> {
    await kill(part);
    await delay(random.below(1_500));
    await start(part);
  }

  /** The broker comes back alone, or with a flows that is there before the PCs, or only after all of them. */
  async function killBroker(round: number): Promise<void> {
    const order = (['alone', 'flows first', 'flows last'] as const)[round % 3];
    await kill('broker');
    if (order !== 'alone') await kill('flows');
    if (order === 'flows first') await start('flows');
    await delay(random.below(1_500));
    await start('broker');
    if (order !== 'flows last') return;
    await expect.poll(connected, { timeout: settleMs }).toBe(rooms);
    await start('flows');
  }

  /** All that stands was told, all that was said is acknowledged, and nothing waits for a mail server. */
  async function settled(): Promise<void> {
    await expect.poll(() => lasting.filter(({ toldAt }) => toldAt === undefined).length, { timeout: settleMs }).toBe(0);
    await load.stop();
    await expect.poll(connected, { timeout: settleMs }).toBe(rooms);
    await expect.poll(() => pcs.filter(({ agent }) => agent.spool.figures().waiting > 0).length, { timeout: settleMs }).toBe(0);
    await expect.poll(() => sampleOf(parts.site.ports.flowsMetrics, 'sabha_outbox_waiting'), { timeout: settleMs }).toBe(0);
  }

  /** What the centre shows of each room is what the room is like, and the exporter sees the same. */
  async function seenAsItIs(): Promise<void> {
    const truth = new Map(pcs.map(({ pc, agent }) => [pc, agent.board.checks().map(answerOf).sort()]));
    const seen = async () => new Map((await snapshot()).map(({ pc, checks }) => [pc, checks.map(answerOf).sort()]));
    await expect.poll(seen, { timeout: settleMs }).toEqual(truth);
    expect(new Set((await snapshot()).map(({ presence }) => presence))).toEqual(new Set(['online']));
    const up = () => sampleOf(parts.site.ports.exporter, 'sabha_pcs{state="ladakh",presence="online"}');
    await expect.poll(up, { timeout: settleMs }).toBe(rooms);
  }

  async function checkLedger(): Promise<void> {
    const numbered = pcs.reduce((sum, { agent }) => sum + agent.spool.range().last, 0);
    expect((await running.get('flows')?.end('SIGTERM'))?.code).toBe(0);
    const db = new DatabaseSync(join(parts.site.data, 'flows/ledger.db'));
    const transitions = db.prepare('SELECT row FROM transitions').all();
    const about = transitions.flatMap(({ row }) => (JSON.parse(String(row)) as Transition).about.map(({ fault }) => fault));
    expect(about.filter((fault) => ['pc.silent', 'centre.unheard', 'centre.flow_unfinished'].includes(fault))).toEqual([]);
    const store = openStore(db);
    expect(store.audit()).toMatchObject({ events: numbered, spools: rooms, gaps: 0, dropped: 0, twice: 0, forks: 0, integrity: 'ok' });
    store.close();
  }
});

/** Every room has a program that takes and leaves its camera all the time; meanwhile mails are looked through. */
function startLoad(pcs: ScriptedPc[], look: () => void): { stop(): Promise<void> } {
  const over = new AbortController();
  const run = async () => {
    for (let held = true; !over.signal.aborted; held = !held) {
      const pc = random.pick(pcs);
      pc.set('camera', 'room', held ? 'camera.held' : null);
      look();
      await delay(20);
    }
  };
  const done = run();
  return {
    async stop() {
      over.abort();
      await done;
    },
  };
}

/** Breaks a microphone in some rooms where no other waits to be told. */
function breakSome(pcs: ScriptedPc[], lasting: Lasting[]): void {
  const waiting = new Set(lasting.filter(({ toldAt }) => toldAt === undefined).map(({ pc }) => pc));
  const free = random.shuffle(pcs.filter((pc) => !waiting.has(pc))).slice(0, 5);
  for (const pc of free) {
    const number = lasting.length + 1;
    const one: Lasting = { pc, device: `mic-${number}`, name: `Mic number ${number}.`, since: performance.now(), toldAt: undefined };
    lasting.push(one);
    pc.set('microphone', one.device, 'microphone.missing', one.name);
  }
}

/** What somebody was told of is mended. */
function markTold(lasting: Lasting[], mails: Mail[]): void {
  for (const one of lasting.filter(({ toldAt }) => toldAt === undefined)) {
    const mail = mails.find(({ text }) => /^(Critical|Worse now)/.test(text) && text.includes(one.name));
    if (mail === undefined) continue;
    one.toldAt = mail.atMs;
    one.pc.set('microphone', one.device, null, one.name);
  }
}

/** For each crash of flows, how many mails came again between it and the next one. */
function copiesPerCrash(mails: Mail[], killedAt: number[]): number[] {
  const copies = [...Map.groupBy(mails, ({ key }) => key).values()].flatMap((same) => same.slice(1));
  return killedAt.map((at, n) => copies.filter(({ atMs }) => atMs > at && atMs <= (killedAt[n + 1] ?? Number.POSITIVE_INFINITY)).length);
}

function report(lasting: Lasting[], mails: Mail[], killedAt: number[]): string {
  const tookMs = lasting.map(({ since, toldAt = Number.NaN }) => toldAt - since).sort((a, b) => a - b);
  const seconds = (ms = Number.NaN) => `${((ms * speed) / 1_000).toFixed(1)} s`;
  const copies = copiesPerCrash(mails, killedAt).reduce((sum, one) => sum + one, 0);
  const median = tookMs[Math.floor(tookMs.length / 2)];
  return `${lasting.length} faults told after ${seconds(median)} (median) to ${seconds(tookMs.at(-1))} of the centre's time, hold 20 s included; ${mails.length} mails, ${copies} twice, ${killedAt.length} crashes of flows`;
}

function answerOf({
  component,
  device,
  status,
  fault,
}: PcView['checks'][number] | ReturnType<ScriptedPc['agent']['board']['checks']>[number]): string {
  return [component, device, status, fault].join(' ');
}
