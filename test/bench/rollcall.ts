/**
 * Measures a roll call of a whole nation at real speed: real broker, flows, ledger and agents, some with the thin link of Leh. Just before
 * it some rooms go silent and some become too hot. The roll call must name exactly these rooms.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type RollCallView, realClock } from '@sabha/contracts';
import { type DemoCentre, startDemoCentre } from '../fleet/demo-centre.ts';
import { createFleet, type Fleet } from '../fleet/fleet.ts';
import { createNation, type Nation } from '../fleet/nation.ts';
import type { SimulatedPc } from '../fleet/pc.ts';
import { type Random, randomFrom } from '../random.ts';
import { type Bench, median, type Row, row } from './model.ts';

type Size = { sites: number; thin: number; silent: number; hot: number; rounds: number };

const whole: Size = { sites: 736, thin: 40, silent: 20, hot: 10, rounds: 3 };
const small: Size = { sites: 100, thin: 6, silent: 5, hot: 3, rounds: 1 };
const seed = 1;
const standstillMs = 60_000;
const drainLimitMs = 180_000;
const callLimitMs = 60_000;
/**
 * The limit that is promised to the person who starts the roll call, on any machine. The agents spread their responses over most of it
 * (flows/operations/rollcall/rollcall.ts).
 */
const limitSeconds = 30;
const spreadMs = (rooms: number) => Math.min(12_000, 15 * rooms);

/** Ways in which a room goes silent. A hung PC keeps its connection and sends nothing. */
const silences: readonly ((pc: SimulatedPc) => Promise<void> | void)[] = [
  (pc) => pc.stop(),
  (pc) => pc.line.cut(),
  (pc) => pc.kill('power'),
  (pc) => pc.kill('crash'),
];

type Round = {
  /** Time from the request to the end, and the response times by the server's clock. */
  seconds: number;
  answers: number[];
  thinAnswers: number[];
  wronglySilent: string[];
  wronglyNotReady: string[];
};

export const rollcallBench: Bench = {
  name: 'rollcall',
  about: 'who of the whole nation is ready, who is not and who is silent, thin links included',
  async run({ quick, say }) {
    const size = quick ? small : whole;
    // After an interrupt the server ends too.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
    const folder = mkdtempSync(join(tmpdir(), 'sabha-rollcall-'));
    const epochMs = Date.now();
    const centre = await startDemoCentre({ folder, speed: 1, epochMs, portBase: 0 });
    try {
      const stage = await prepare({ centre, folder, size, epochMs });
      say(`${size.sites} rooms are connected, ${size.thin} of them on 64 kbit/s and 700 ms`);
      const calm = await callRound(stage, { silent: 0, hot: 0, random: randomFrom(seed) });
      const rounds: Round[] = [];
      for (let at = 1; at <= size.rounds; at += 1) {
        const round = await callRound(stage, { ...size, random: randomFrom(seed + at) });
        say(`round ${at}: finished after ${round.seconds.toFixed(1)} s, ${round.answers.length} answers`);
        for (const pc of [...round.wronglySilent, ...round.wronglyNotReady]) say(`  listed wrongly: ${pc}`);
        rounds.push(round);
      }
      await stage.fleet.stop();
      return { versions: {}, rows: rowsOf(size, calm, rounds) };
    } finally {
      await centre.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  },
};

type Stage = { centre: DemoCentre; fleet: Fleet; thin: ReadonlySet<string> };

/** Creates a nation whose sites are live, each with one PC that sends. */
async function prepare(given: { centre: DemoCentre; folder: string; size: Size; epochMs: number }): Promise<Stage> {
  const { centre, folder, size, epochMs } = given;
  const nation = createNation({ sites: size.sites, seed });
  const thin = spreadLinks(nation, size.thin);
  await centre.import(nation.csv(() => 'commissioning'));
  const tokens = await centre.tokens();
  const pcs = nation.sites.map((site) => {
    const path = nation.pcOf(site);
    return { path, token: tokens[path] ?? '', link: site.link, elevationM: site.elevationM };
  });
  const clock = realClock(1, epochMs);
  const fleet = createFleet({
    pcs,
    centre: { host: '127.0.0.1', port: centre.mqttPort },
    centreKey: centre.key,
    clock,
    speed: 1,
    seed,
    folder,
  });
  const missing = await fleet.start({ perSecond: 200, standstillMs });
  if (missing > 0) throw new Error(`${missing} PCs could not connect`);
  await centre.import(nation.csv(() => 'live'));
  return { centre, fleet, thin };
}

/** Gives so many sites the thin link of Leh. The other sites keep their link, or get fibre. */
function spreadLinks(nation: Nation, count: number): ReadonlySet<string> {
  const order = randomFrom(seed).shuffle(nation.sites);
  for (const [at, site] of order.entries()) site.link = at < count ? 'geo' : site.link === 'geo' ? 'fibre' : site.link;
  return new Set(order.slice(0, count).map(nation.pcOf));
}

/** Disturbs PCs, runs a roll call, and restores the PCs. */
async function callRound(stage: Stage, how: { silent: number; hot: number; random: Random }): Promise<Round> {
  const { centre, fleet, thin } = stage;
  const order = how.random.shuffle([...fleet.pcs.values()]);
  const silent = order.slice(0, how.silent);
  const hot = order.slice(how.silent, how.silent + how.hot);
  for (const [at, pc] of silent.entries()) await silences[at % silences.length]?.(pc);
  for (const pc of hot) pc.room.set('pc.hot', true);
  const postedAt = Date.now();
  const { rows, startedAt, finishedAt } = await call(centre.wall);
  for (const pc of hot) pc.room.set('pc.hot', false);
  const left = await fleet.drain(drainLimitMs);
  if (left > 0) throw new Error(`${left} PCs did not come back`);
  const answered = rows.flatMap(({ pc, after }) => (after === null ? [] : [{ pc, seconds: after / 1_000 }]));
  const answers = answered.map(({ seconds }) => seconds).sort((a, b) => a - b);
  return {
    seconds: ((finishedAt ?? Number.NaN) - postedAt) / 1_000,
    answers: answers.map((seconds) => seconds + (startedAt - postedAt) / 1_000),
    thinAnswers: answered.filter(({ pc }) => thin.has(pc)).map(({ seconds }) => seconds),
    wronglySilent: difference(
      rows.filter(({ after }) => after === null).map(({ pc }) => pc),
      silent,
    ),
    wronglyNotReady: difference(
      rows.filter(({ readiness }) => readiness === 'not-ready').map(({ pc }) => pc),
      hot,
    ),
  };
}

async function call(wall: string): Promise<RollCallView> {
  const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ scope: '', by: 'bench' }) };
  const started = await fetch(`${wall}/api/rollcalls`, request);
  if (started.status !== 201) throw new Error(`no roll call: ${started.status} ${await started.text()}`);
  const { id } = (await started.json()) as { id: string };
  const deadline = performance.now() + callLimitMs;
  for (;;) {
    const view = (await (await fetch(`${wall}/api/rollcalls/${id}`)).json()) as RollCallView;
    if (view.finishedAt !== null) return view;
    if (performance.now() > deadline) throw new Error('the roll call does not end');
    await delay(250);
  }
}

function difference(listed: readonly string[], wanted: readonly SimulatedPc[]): string[] {
  return [...new Set(listed).symmetricDifference(new Set(wanted.map(({ path }) => path as string)))];
}

function rowsOf({ sites, thin, silent, hot, rounds: count }: Size, calm: Round, rounds: Round[]): Row[] {
  const seconds = { unit: 's', better: 'less' } as const;
  const worst = (of: (round: Round) => number) => Math.max(...rounds.map(of));
  const wrong = (of: (round: Round) => string[]) => rounds.reduce((sum, round) => sum + of(round).length, 0);
  const share = (of: readonly number[], part: number) => of[Math.ceil(of.length * part) - 1] ?? Number.NaN;
  const spread = { name: 'spread of the hello alone', value: (spreadMs(sites) * 0.99) / 1_000 };
  const limit = { target: { promised: limitSeconds } };
  const exact = { unit: 'rooms', better: 'less', target: { ours: 0 } } as const;
  return [
    row({
      metric: `${sites} rooms, ${silent} silent: request to finished, worst of ${count}`,
      ...seconds,
      ours: worst((round) => round.seconds),
      ...limit,
    }),
    row({ metric: 'silent rooms listed wrongly, all rounds', ...exact, ours: wrong((round) => round.wronglySilent) }),
    row({ metric: `rooms not ready listed wrongly (${hot} broke just before)`, ...exact, ours: wrong((round) => round.wronglyNotReady) }),
    row({
      metric: '99 % of those that can answer have answered',
      ...seconds,
      ours: median(rounds.map(({ answers }) => share(answers, 0.99))),
      peer: spread,
    }),
    row({ metric: 'last answer, worst', ...seconds, ours: worst(({ answers }) => share(answers, 1)), ...limit }),
    row({
      metric: `last answer of the ${thin} thin links, worst`,
      ...seconds,
      ours: worst(({ thinAnswers }) => Math.max(...thinAnswers)),
      ...limit,
    }),
    row({ metric: 'nobody silent: request to finished', ...seconds, ours: calm.seconds, ...limit }),
  ];
}
