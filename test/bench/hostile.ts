/**
 * Measures the effect of three to six hostile PCs on a nation, by R27 (quota and backpressure) and R28 (poison messages). Compares the
 * figures of other PCs and of people during each attack with those without an attack.
 */
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type IncidentRow, type LedgerAudit, nameOf, pcTopic } from '@sabha/contracts';
import { type Centre, createSite, startCentre } from '../system/centre-under-test.ts';
import { admitNation } from './centre-nation.ts';
import { startChild } from './child.ts';
import { type Attack, attacks, beat, birth, type Session, well } from './hostile-attacks.ts';
import type { HonestResult } from './hostile-honest-child.ts';
import { type Bench, median, type Row, row } from './model.ts';
import { connectRaw, publishPacket } from './mqtt-load.ts';
import { rssMiB } from './process-figures.ts';

type Size = { sites: number; seconds: number };

const whole: Size = { sites: 763, seconds: 90 };
/** Small size: 13 phases with 8 alerts each need 104 honest PCs, because each PC raises its alert once. */
const small: Size = { sites: 163, seconds: 15 };
const hostileCount = 3;
const pcsOf = ({ pcs = hostileCount }: Attack) => pcs;
/** Each attack has its own PCs, so that messages about a PC belong to one attack. */
const hostileInAll = attacks.reduce((sum, one) => sum + pcsOf(one), 0);
/** Milliseconds after the state was sent, from which a message counts as late. */
const lateMs = 5_000;
const connectLimitMs = 120_000;
const askEveryMs = 100;
const lookEveryMs = 1_000;
const beatEveryMs = 60_000;
const pauseMs = 2_000;
const hourMs = 3_600_000;

type Phase = {
  name: string;
  ackMs: number[];
  healthMs: number[];
  unacknowledged: number;
  missed: number;
  /** Times in milliseconds from the state of a PC to its message at the webhook. Lost messages are not included. */
  toldMs: number[];
  rssMiB: number;
  ledgerGrowthMiB: number;
};
/** A message at the webhook. `title` is a summary that this bench makes. */
type Told = { title: string; scope: string; devices: string[]; at: number };

export const hostileBench: Bench = {
  name: 'hostile',
  about: 'three to six hostile PCs among the PCs of a nation: what all others notice of each attack',
  async run({ quick, say }) {
    const size = quick ? small : whole;
    const desk = await openDesk();
    const site = await createSite({ site: null, people: [person], channels: { webhook: { url: desk.url, secret } } });
    const centre = startCentre(site);
    try {
      await centre.says(({ msg, part }) => msg === 'ready' && part === 'flows', connectLimitMs);
      const stage = await prepare(centre, size);
      const around = { centre, desk, seconds: size.seconds, honest: stage.honest };
      await measure(around, 'to warm up', []);
      const calm = await measure(around, 'without attack', []);
      say(told(calm));
      const attacked: Phase[] = [];
      const floodersNamedMs: number[] = [];
      for (const attack of attacks) {
        const hostile = stage.hostile.filter((one) => one.attack === attack);
        const makers = hostile.map((one) => () => one.make());
        const naming = watchNamed(
          centre,
          hostile.map(({ pc }) => pc),
        );
        attacked.push(await measure(around, attack.name, makers));
        const namedMs = naming.end();
        if (attack.isBorn === false) floodersNamedMs.push(namedMs);
        const named = Number.isFinite(namedMs) ? `all named after ${namedMs.toFixed(0)} ms` : 'within what they may send: not named';
        say(`${told(attacked.at(-1) as Phase)}, ${named}`);
      }
      for (const { pc } of stage.hostile) say([pc, ...desk.about(pc).map(({ title }) => title)].join('; '));
      const audit = await centre.api<LedgerAudit>('/api/audit?now=true');
      const rows = rowsOf({
        size,
        calm,
        attacked,
        floodersNamedMs,
        audit,
        messages: stage.hostile.map(({ pc }) => mostInAnHour(desk.about(pc))),
      });
      for (const one of stage.hostile) one.close();
      await stage.honest.stop();
      await centre.stop();
      return { versions: {}, rows };
    } finally {
      site.remove();
      desk.close();
    }
  },
};

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const person = { id: 'desk', name: 'Desk', role: 'technician', webhook: true, scope: '' };

async function openDesk() {
  const messages: Told[] = [];
  const server = createServer(async (request, response) => {
    const body = JSON.parse((await request.toArray()).join(''));
    const faults: { fault: string; device: string }[] = body.faults;
    const title = `${body.kind} ${body.scope}: ${faults.map(({ fault, device }) => `${fault} ${device}`.trim()).join(', ')}`;
    messages.push({ title, scope: body.scope, devices: faults.map(({ device }) => device), at: Date.now() });
    response.writeHead(204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    about: (pc: string) => messages.filter(({ scope, devices }) => scope === pc || devices.includes(pc)),
    /** Returns the time between `at` and the message about the room, or undefined. */
    after(pc: string, at: number): number | undefined {
      const found = messages.find((one) => one.scope === pc && one.at >= at - 1);
      return found && found.at - at;
    },
    close: () => server.close(),
  };
}

type Desk = Awaited<ReturnType<typeof openDesk>>;

/** Returns the most messages in any hour. The list is in order of arrival. */
function mostInAnHour(messages: readonly Told[]): number {
  const within = (from: Told) => messages.filter(({ at }) => at >= from.at && at - from.at < hourMs).length;
  return Math.max(0, ...messages.map(within));
}

/** Connects the honest PCs, and the hostile PCs of each attack. */
async function prepare(centre: Centre, { sites }: Size) {
  const all = await admitNation(centre, sites);
  const port = centre.site.ports.mqtt;
  const honest = startChild('test/bench/hostile-honest-child.ts');
  await honest.ask({ port, tokens: all.slice(hostileInAll) });
  const makers = attacks.flatMap((attack) => Array.from({ length: pcsOf(attack) }, () => attack));
  const hostile = await Promise.all(
    makers.map((attack, at) => {
      const [pc, password] = all[at] as (typeof all)[number];
      return connectHostile({ port, pc, password, attack });
    }),
  );
  await delay(pauseMs);
  return { honest, hostile };
}

async function connectHostile({ port, pc, password, attack }: { port: number; pc: string; password: string; attack: Attack }) {
  const counts = { rev: 0, seq: 0, id: 0, n: 0 };
  const session: Session = { rev: () => ++counts.rev, seq: () => ++counts.seq };
  let client = await connectRaw({ port, clientId: nameOf(pc), password });
  const say = async ({ leaf, payload }: ReturnType<Attack['next']>) => {
    counts.id = (counts.id % 65_535) + 1;
    await client.write(publishPacket(pcTopic(pc, leaf), payload, counts.id));
  };
  if (attack.isBorn !== false) await say(birth(0));
  // The beats prevent messages about silence, which would change the counts.
  const beats = setInterval(() => void say(beat()).catch(() => undefined), beatEveryMs);
  return {
    pc,
    attack,
    close: () => clearInterval(beats),
    /** Sends the messages of the attack until the returned function is called. Reconnects if the broker closes the connection. */
    make(): () => void {
      const timer = setInterval(() => {
        say(attack.next(++counts.n, session)).catch(async () => {
          client = await connectRaw({ port, clientId: nameOf(pc), password });
        });
      }, 1_000 / attack.perSecond);
      return () => {
        clearInterval(timer);
        // Clears the faults of the attack, which would otherwise stay open.
        void say(well(session)).catch(() => undefined);
      };
    },
  };
}

type AroundPhase = { centre: Centre; desk: Desk; seconds: number; honest: ReturnType<typeof startChild> };

async function measure({ centre, desk, seconds, honest }: AroundPhase, name: string, attack: (() => () => void)[]): Promise<Phase> {
  const ledgerMiB = () => statSync(join(centre.site.data, 'flows/ledger.db')).size / 2 ** 20;
  const beforeMiB = ledgerMiB();
  const ends = attack.map((make) => make());
  const asking = new AbortController();
  const health = askHealth(centre, asking.signal);
  const { ackMs, unacknowledged, alerts } = await honest.ask<HonestResult>({ seconds });
  for (const end of ends) end();
  await delay(lateMs);
  asking.abort();
  const toldMs = alerts.flatMap(([pc, at]) => desk.after(pc, at) ?? []);
  const missed = alerts.length - toldMs.filter((ms) => ms <= lateMs).length;
  return {
    name,
    ackMs: sorted(ackMs),
    healthMs: sorted(await health),
    unacknowledged,
    missed,
    toldMs: sorted(toldMs),
    rssMiB: rssMiB(centre.pidOf('flows')),
    ledgerGrowthMiB: ledgerMiB() - beforeMiB,
  };
}

/**
 * Watches the incident of the server about noisy PCs. `end` returns the ms until it had named all these PCs: infinity if it did not name
 * all.
 */
function watchNamed({ api }: Centre, pcs: readonly string[]) {
  const startedAt = performance.now();
  const namedMs = new Map<string, number>();
  const look = async () => {
    const incidents = await api<IncidentRow[]>('/api/incidents');
    const faults = incidents.filter(({ scope }) => scope === 'centre').flatMap((one) => one.faults);
    for (const { fault, device } of faults)
      if (fault === 'pc.noisy' && !namedMs.has(device)) namedMs.set(device, performance.now() - startedAt);
  };
  const looking = setInterval(() => void look().catch(() => undefined), lookEveryMs);
  return {
    end(): number {
      clearInterval(looking);
      return Math.max(...pcs.map((pc) => namedMs.get(pc) ?? Number.POSITIVE_INFINITY));
    },
  };
}

async function askHealth({ site }: Centre, signal: AbortSignal): Promise<number[]> {
  const taken: number[] = [];
  while (!signal.aborted) {
    const from = performance.now();
    await (await fetch(`http://127.0.0.1:${site.ports.api}/healthz`)).arrayBuffer();
    taken.push(performance.now() - from);
    await delay(askEveryMs);
  }
  return taken;
}

type Measured = { size: Size; calm: Phase; attacked: Phase[]; floodersNamedMs: number[]; audit: LedgerAudit; messages: number[] };

function rowsOf({ size, calm, attacked, floodersNamedMs, audit, messages }: Measured): Row[] {
  const peer = (value: number) => ({ peer: { name: 'without attack', value } });
  const ms = { unit: 'ms', better: 'less', target: { promised: 1_000 } } as const;
  const worst = (of: (phase: Phase) => number) => Math.max(...attacked.map(of));
  const among = `${hostileCount} to ${Math.max(...attacks.map(pcsOf))} hostile PCs among ${size.sites - hostileInAll}, worst of ${attacked.length} attacks of ${size.seconds} s`;
  const sum = (of: (phase: Phase) => number) => attacked.reduce((total, one) => total + of(one), 0);
  return [
    row({ metric: `${among}: event of another acknowledged, p99`, ...ms, ours: worst((one) => p99(one.ackMs)), ...peer(p99(calm.ackMs)) }),
    row({ metric: 'without attack: fault to webhook, p50', unit: 'ms', better: 'less', ours: median(calm.toldMs) }),
    row({ metric: 'without attack: fault to webhook, p99', ...ms, target: { promised: 500 }, ours: p99(calm.toldMs) }),
    row({ metric: '/healthz, p99', ...ms, ours: worst((one) => p99(one.healthMs)), ...peer(p99(calm.healthMs)) }),
    row({
      metric: 'memory of flows above that without attack',
      unit: 'MiB',
      better: 'less',
      ours: worst(({ rssMiB: of }) => of) - calm.rssMiB,
      target: { ours: 50 },
    }),
    row({
      metric: 'growth of the ledger in an attack',
      unit: 'MiB',
      better: 'less',
      ours: worst(({ ledgerGrowthMiB }) => ledgerGrowthMiB),
      peer: { name: 'without attack', value: calm.ledgerGrowthMiB },
      target: { ours: 20 },
    }),
    row({
      metric: 'messages about one hostile PC in an hour',
      unit: 'messages',
      better: 'less',
      ours: Math.max(...messages),
      target: { ours: 3 },
    }),
    row({
      metric: 'new spool per event: each flooder named after',
      unit: 'ms',
      better: 'less',
      ours: Math.max(...floodersNamedMs),
      target: { promised: 60_000 },
    }),
    row({
      metric: 'missing and repeated events that the audit lists at no PC',
      unit: 'events',
      better: 'less',
      ours: audit.gaps + audit.twice - (audit.ofPcs ?? []).reduce((total, { gaps, twice }) => total + gaps + twice, 0),
      target: { ours: 0 },
    }),
    row({
      metric: 'alerts of others lost or late',
      unit: 'alerts',
      better: 'less',
      ours: sum(({ missed }) => missed),
      target: { ours: 0 },
    }),
    row({
      metric: 'events of others not acknowledged',
      unit: 'events',
      better: 'less',
      ours: sum(({ unacknowledged }) => unacknowledged),
      target: { ours: 0 },
    }),
  ];
}

function told({ name, ackMs, healthMs, missed, toldMs, rssMiB: rss, ledgerGrowthMiB }: Phase): string {
  const figures = [
    `ack p99 ${p99(ackMs).toFixed(0)} ms`,
    `healthz p99 ${p99(healthMs).toFixed(0)} ms`,
    `told p99 ${p99(toldMs).toFixed(0)} ms`,
    `alerts missed ${missed}`,
  ];
  return `${name}: ${[...figures, `flows ${rss.toFixed(0)} MiB`, `ledger +${ledgerGrowthMiB.toFixed(1)} MiB`].join(', ')}`;
}

function sorted(values: number[]): number[] {
  return values.toSorted((a, b) => a - b);
}

function p99(values: readonly number[]): number {
  return values[Math.ceil(values.length * 0.99) - 1] ?? Number.NaN;
}
