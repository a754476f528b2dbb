/**
 * Kills broker, flows and exporter in turn at random times, with fifty rooms over real MQTT. The clock runs ten times faster.
 * SABHA_FAULTS=full kills each of them 20 times, otherwise 3 times. SABHA_SEED repeats the random choices, but not the timing of the
 * machine.
 */
import { join } from 'node:path';
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { checkKey, type Fault, faults, type IncidentView, type PcView } from '@sabha/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { slowMs } from '../../flows/notify/people/delivery-queue.ts';
import { randomFrom } from '../random.ts';
import { ask, sampleOf } from '../system/centre-under-test.ts';
import { type Mailbox, openMailbox } from '../system/mailbox.ts';
import { createParts, type PartName, type Parts } from '../system/parts-under-test.ts';
import { noneLeft, type Program } from '../system/processes.ts';
import { type ScriptedPc, startScriptedPc } from '../system/scripted-pc.ts';
import { calledSilent, evidenceOf, isCounted, mustBeTold, untold, wordsOf, wronglyTwice } from './judge.ts';
import { readLedger } from './ledger-file.ts';
import { type Load, type Stretch, startLoad } from './load.ts';
import { type Steady, startSteady } from './steady.ts';

const speed = 10;
const rooms = 50;
const killsEach = process.env['SABHA_FAULTS'] === 'full' ? 20 : 3;
const seed = Number(process.env['SABHA_SEED'] ?? Math.floor(Math.random() * 1e9));
const killed = ['broker', 'flows', 'dashboards'] as const;
const person = (id: string, role: string) => ({ id, name: id, role, email: `${id}@office.test` });
const people = [person('asha', 'technician'), person('meera', 'central')];
const downMs = 3_000;
/** Longest time to settle in real ms, including the ten minutes of calm of a flapping fault. */
const settleMs = 120_000;
/** Real milliseconds in an hour of the server's clock. */
const hourMs = 3_600_000 / speed;
/**
 * Milliseconds of the server's clock. The next beat reveals a state lost in a crash, by R13 (convergence). The rest is for offers, mail and
 * a busy machine.
 */
const slackMs = 60_000 + 20_000;

describe(`F1, F2, F18 kill -9, ${killsEach} times each (SABHA_SEED=${seed})`, () => {
  const random = randomFrom(seed);
  const running = new Map<PartName, Program>();
  const crashes: { part: PartName; atMs: number }[] = [];
  /** For each kill of the broker: number of PCs that had reconnected when flows was connected again. */
  const backBefore: number[] = [];
  let mailbox: Mailbox;
  let parts: Parts;
  let pcs: ScriptedPc[] = [];
  let steady: Steady;
  let load: Load;

  beforeAll(async () => {
    mailbox = await openMailbox();
    const ids = Array.from({ length: rooms }, (_, n) => `pc-${n + 1}`);
    parts = await createParts({ pcs: ids, speed, settings: { people, channels: { email: { port: mailbox.port } } } });
    for (const part of killed) await start(part);
    pcs = [...parts.tokens.keys()].map((pc) => startScriptedPc({ parts, pc }));
    steady = startSteady(async () => connected() === rooms && (await isReady()));
  });

  afterAll(async () => {
    load?.stop();
    await steady?.stop();
    await Promise.all(pcs.map((pc) => pc.stop()));
    parts?.site.remove();
    await mailbox?.close();
  });

  test('loses no notification and no event, causes no false silence, and at most one duplicate for each crash', async () => {
    await whole();
    load = startLoad({ pcs, random: randomFrom(seed + 1), steady, tellMs, hourMs });
    for (let round = 0; round < killsEach; round++) {
      for (const part of random.shuffle(killed)) {
        await delay(random.below(1_500));
        await (part === 'broker' ? killBroker(round) : killOne(part));
        if (random.next() < 0.7) await whole();
      }
    }
    await standingIsTold();
    await roomsAreSeenAsTheyAre();
    const numbered = await allIsSaid();
    await stopAll();

    const ledger = readLedger(join(parts.site.data, 'flows/ledger.db'));
    const { words, strangers } = wordsOf(mailbox.mails, ledger.outbox);
    const flowsCrashes = crashes.filter(({ part }) => part === 'flows').map(({ atMs }) => atMs);
    report(words.length, ledger.outbox.filter(({ key }) => key.startsWith('default-')).length);
    const { transitions } = ledger;
    const mayBeCounted = (one: Stretch) => isCounted(one, { words, transitions, hourMs });
    const missed = untold(load.stretches, words, (one) => tellMs(faults[one.fault])).filter((one) => !mayBeCounted(one));
    expect.soft(missed.map((one) => evidenceOf(one, words, ledger))).toEqual([]);
    expect.soft(calledSilent(transitions, words)).toEqual([]);
    expect.soft(wronglyTwice(words, flowsCrashes, slowMs / speed)).toEqual([]);
    expect.soft(strangers).toEqual([]);
    expect.soft(ledger.audit).toMatchObject({ spools: rooms, gaps: 0, dropped: 0, twice: 0, forks: 0, integrity: 'ok' });
    for (const { pc, spool, last } of numbered) expect(ledger.upTo(pc, spool), pc).toBeGreaterThanOrEqual(last);
    expect.soft(crashes.length).toBeGreaterThanOrEqual(killsEach * killed.length);
    expect.soft(new Set(backBefore.map((count) => count === rooms))).toEqual(new Set([true, false]));
  });

  async function killOne(part: PartName): Promise<void> {
    if (part === 'flows' && random.next() < 0.5) await nextMail();
    await kill(part);
    await delay(random.below(downMs));
    await start(part);
  }

  /** Kills the broker. `flows` keeps running, or restarts before the broker, or after all PCs are connected. */
  async function killBroker(round: number): Promise<void> {
    const flows = (['stays', 'first', 'last'] as const)[round % 3];
    await kill('broker');
    if (flows !== 'stays') await kill('flows');
    if (flows === 'first') await start('flows');
    await delay(random.below(downMs));
    await start('broker');
    if (flows === 'last') {
      await expect.poll(connected, { timeout: settleMs }).toBe(rooms);
      await start('flows');
    }
    await expect.poll(isReady, { timeout: settleMs, interval: 20 }).toBe(true);
    backBefore.push(connected());
  }

  /** Waits until a mail is delivered whose delivery flows does not know yet. A kill at that moment can duplicate the mail. */
  async function nextMail(): Promise<void> {
    const count = mailbox.mails.length;
    const deadline = performance.now() + downMs;
    while (mailbox.mails.length === count && performance.now() < deadline) await turn();
  }

  /** Kills a part. Shortly before or after the kill a device breaks, and it stays broken until a notification is due. */
  async function kill(part: PartName): Promise<void> {
    const breaks = () => load.breakOne(tellMs(faults['microphone.muted']) + random.below(2_000));
    const before = random.next() < 0.5;
    if (before) breaks();
    crashes.push({ part, atMs: performance.now() });
    expect(await running.get(part)?.end('SIGKILL')).toMatchObject({ signal: 'SIGKILL' });
    if (!before) breaks();
  }

  async function start(part: PartName): Promise<void> {
    running.set(part, await parts.start(part));
  }

  function connected(): number {
    return pcs.filter((pc) => pc.isConnected()).length;
  }

  async function isReady(): Promise<boolean> {
    const answer = await fetch(`http://127.0.0.1:${parts.site.ports.api}/readyz`).catch(() => undefined);
    return answer?.ok === true;
  }

  async function whole(): Promise<void> {
    await expect.poll(() => steady.isWhole(), { timeout: settleMs }).toBe(true);
  }

  /** Waits until the notification of every current fault is due. */
  async function standingIsTold(): Promise<void> {
    load.stop();
    const isDue = (one: Stretch) => steady.now() - one.steadyFromMs >= tellMs(faults[one.fault]);
    await expect.poll(() => load.standing().every(isDue), { timeout: settleMs }).toBe(true);
    load.mend(load.standing().filter(({ again }) => again));
  }

  /** Waits until open incidents, checks and the count of online PCs equal the state of the rooms. */
  async function roomsAreSeenAsTheyAre(): Promise<void> {
    const standing = load.standing().map(({ pc, fault, device }) => `${pc} ${fault} ${device}`);
    await expect.poll(openFaults, { timeout: settleMs, interval: 250 }).toEqual(standing.sort());
    await expect.poll(seenOtherwise, { timeout: settleMs, interval: 250 }).toEqual([]);
    const online = () => sampleOf(parts.site.ports.exporter, 'sabha_pcs{state="ladakh",presence="online"}', '/metrics/pcs');
    await expect.poll(online, { timeout: settleMs }).toBe(rooms);
    load.mend(load.standing());
    await expect.poll(openFaults, { timeout: settleMs, interval: 250 }).toEqual([]);
  }

  /**
   * Returns the PCs whose checks at the server differ from the room. A repair during an outage ends the incident first, and the check may
   * follow with the next beat (R13).
   */
  async function seenOtherwise(): Promise<string[]> {
    const seen = new Map((await ask<PcView[]>(parts.site.ports, '/api/pcs')).map((one) => [one.pc, one]));
    return pcs.flatMap(({ pc, agent }) => {
      const [there, here] = [answers(seen.get(pc)?.checks), answers(agent.table.checks())];
      const presence = seen.get(pc)?.presence;
      return presence === 'online' && isDeepStrictEqual(there, here) ? [] : [`${pc} ${presence}: ${there} for ${here}`];
    });
  }

  async function openFaults(): Promise<string[]> {
    const open = await ask<IncidentView[]>(parts.site.ports, '/api/incidents?open=true');
    const ofRooms = open.filter(({ scope }) => parts.tokens.has(scope));
    return ofRooms.flatMap((one) => one.faults.map(({ fault, device }) => `${one.scope} ${fault} ${device}`)).sort();
  }

  /** Waits until no mail waits and every event is acknowledged. Returns the last number of each spool. */
  async function allIsSaid(): Promise<{ pc: string; spool: string; last: number }[]> {
    await expect.poll(() => sampleOf(parts.site.ports.flowsMetrics, 'sabha_outbox_waiting'), { timeout: settleMs }).toBe(0);
    await expect.poll(() => pcs.filter(({ agent }) => agent.spool.figures().waiting > 0).length, { timeout: settleMs }).toBe(0);
    return pcs.map(({ pc, agent }) => ({ pc, spool: agent.spool.range().id, last: agent.spool.range().last }));
  }

  async function stopAll(): Promise<void> {
    await steady.stop();
    await Promise.all(pcs.map((pc) => pc.stop()));
    for (const part of killed) expect(await running.get(part)?.end('SIGTERM'), part).toMatchObject({ code: 0 });
    await noneLeft(parts.site.folder, 3_000);
  }

  function report(mails: number, bundles: number): void {
    const must = mustBeTold(load.stretches, (one) => tellMs(faults[one.fault])).length;
    const keys = new Set(mailbox.mails.map(({ key }) => key)).size;
    const counts = killed.map((part) => `${part} ${crashes.filter((one) => one.part === part).length}`).join(', ');
    console.info(
      `seed ${seed}: killed ${counts}; PCs back before flows ${backBefore.join(', ')}; ${load.stretches.length} faults, ${must} of them to be told; ${mails} mails, ${mails - keys} of them twice, ${bundles} by the default route`,
    );
  }
});

/** Returns real milliseconds until a notification of the fault is due. */
function tellMs({ holdMs }: Fault): number {
  return (holdMs + slackMs) / speed;
}

function answers(checks: PcView['checks'] | ReturnType<ScriptedPc['agent']['table']['checks']> = []): string[] {
  return checks.map((one) => [checkKey(one), one.status, one.fault].join(' ')).sort();
}
