/** `npm run demo`: the real server with a simulated nation and faults. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, disableNumberCache, faults, type LinkClass, onShutdownRequest, type PcPath, realClock } from '@sabha/contracts';
import { type DemoCentre, startDemoCentre } from './demo-centre.ts';
import { createFleet, type Fleet } from './fleet.ts';
import { type MemoryWatch, watchMemory } from './memory.ts';
import { createNation, lehPath, type Nation, type Site } from './nation.ts';
import { type DemoOptions, readOptions, usage } from './options.ts';
import { play } from './player.ts';
import { createScenario, type Disturbance, expectedIncidents, expectedSpreads } from './scenario.ts';
import { createListener, lehStory, storyMs } from './story.ts';
import { hasOtherIncidents, inWords, type Summary, type SummaryParts, summaryOf, wrongWith } from './summary.ts';

const connectPerSecond = 200;
const standstillMs = 60_000;
/** Longest time to settle at the end of the scenario, in milliseconds. */
const settleLimitMs = 60_000;
/**
 * Longest time to settle after Ctrl-C, in milliseconds; with the shutdown about three seconds. On a busy machine the limit is the time that
 * the PCs took to connect, which is similar work.
 */
const askedLimitMs = 1_500;
const goodbyesLimitMs = 500;
const oneAskMs = 300;
const brokenOffLine = 'broken off before all was in the ledger';
const lookEveryMs = 500;
const windowMs = 20 * 60_000;
/** Shortest time between two lines on the console, in milliseconds. */
const tellEveryMs = 400;

type Demo = {
  options: DemoOptions;
  nation: Nation;
  /** The sites with a PC: live or in commissioning. */
  sites: readonly Site[];
  centre: DemoCentre;
  fleet: Fleet;
  clock: Clock;
  say: (line: string) => void;
  asked: Promise<void>;
  /** Rejects if the server ends by itself. */
  ended: Promise<never>;
};

async function main(): Promise<number> {
  const read = readOptions(process.argv.slice(2));
  if (!read.ok) {
    process.stderr.write(`${read.line}\n${usage}\n`);
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), 'sabha-demo-'));
  const tellFolder = () => process.stderr.write(`logs and ledger: ${folder}\n`);
  const asked = new Promise<void>((resolve) => {
    let askedAt: number | undefined;
    onShutdownRequest({ env: process.env, script: process.argv[1] }, (why) => {
      if (askedAt === undefined) {
        askedAt = performance.now();
        if (!read.value.json) process.stdout.write('It ends. Ctrl-C again ends it at once.\n');
        return resolve();
      }
      // One Ctrl-C arrives up to three times: from the terminal, from npm, and as the end of npm.
      if (why === 'orphaned' || performance.now() - askedAt < oneAskMs) return;
      // A second Ctrl-C ends the demo at once.
      tellFolder();
      process.exit(1);
    });
  });
  const { code, differs } = await run(read.value, folder, asked).catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    return { code: 1, differs: true };
  });
  if (differs) tellFolder();
  else rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  return code;
}

/** `differs`: the numbers are not as expected, which after Ctrl-C is no error. The log and the ledger are kept then. */
type DemoResult = { code: number; differs: boolean };

async function run(options: DemoOptions, folder: string, asked: Promise<void>): Promise<DemoResult> {
  await disableNumberCache();
  const { speed, seed, portBase, json } = options;
  const say = (line: string) => void (json || process.stdout.write(`${line}\n`));
  const nation = createNation(options);
  const epochMs = Date.now();
  const clock = realClock(speed, epochMs);
  say(
    `Sabha demo: ${nation.sites.length} sites in ${new Set(nation.sites.map(({ state }) => state)).size} states, ${speed} times the speed.`,
  );
  const centre = await startDemoCentre({ folder, speed, epochMs, portBase });
  const memory = watchMemory(centre.pid);
  let fleet: Fleet | undefined;
  try {
    const sites = nation.sites.filter(({ stage }) => stage === 'live' || stage === 'commissioning');
    // Sites go live after their PCs are online, as in reality. Otherwise their silence would count as an outage of the nation.
    await centre.import(nation.csv(({ stage }) => (stage === 'live' ? 'commissioning' : stage)));
    const tokens = await centre.tokens();
    const pcs = sites.map((site) => ({ path: nation.pcOf(site), token: tokens[nation.pcOf(site)] ?? '', ...pick(site) }));
    fleet = createFleet({ pcs, centre: { host: '127.0.0.1', port: centre.mqttPort }, centreKey: centre.key, clock, speed, seed, folder });
    const ended = rejecting(centre.ended, (line) => `the centre ended: ${line}`);
    return await show({ options, nation, sites, centre, fleet, clock, say, asked, ended }, memory);
  } finally {
    memory.stop();
    await Promise.race([fleet?.stop(), delay(goodbyesLimitMs)]);
    await centre.stop();
  }
}

/** Returns a promise that rejects with this text when the other promise resolves, without an unhandled rejection. */
function rejecting<T>(other: Promise<T>, words: (value: T) => string): Promise<never> {
  const failed = other.then((value) => Promise.reject(new Error(words(value))));
  failed.catch(() => undefined);
  return failed;
}

async function show(demo: Demo, memory: MemoryWatch): Promise<DemoResult> {
  const { options, nation, centre, fleet, say, asked, ended } = demo;
  const startedAt = performance.now();
  const started = fleet.start({ perSecond: connectPerSecond, standstillMs });
  const missing = await Promise.race([started, asked, ended]);
  // Interrupted before there was anything to summarise.
  if (missing === undefined) return { code: 0, differs: false };
  if (missing > 0) throw new Error(`${missing} PCs could not connect`);
  const connectMs = performance.now() - startedAt;
  await centre.import(nation.csv());
  say(`${fleet.connected()} PCs are connected. Wall: ${centre.wall}   Log: ${centre.logFile}`);
  if (options.minutes === undefined && options.story === undefined) say('Ctrl-C ends it.');
  const happened = await Promise.race([perform(demo), ended]);
  const limitMs = happened.whole ? settleLimitMs : Math.max(askedLimitMs, connectMs);
  const summary = await sumUp(demo, happened, { memory, limitMs });
  const wrong = wrongWith(summary, happened.whole);
  process.stdout.write(`${options.json ? JSON.stringify(summary) : inWords(summary)}\n`);
  for (const line of wrong) process.stderr.write(`${line}\n`);
  if (options.keepRunning) await Promise.race([asked, ended]);
  return { code: wrong.length > 0 ? 1 : 0, differs: wrong.length > 0 || hasOtherIncidents(summary) };
}

type Happened = { disturbances: Disturbance[]; whole: boolean };

async function perform(demo: Demo): Promise<Happened> {
  const { options, clock } = demo;
  if (options.story !== undefined) return await tellStory(demo);
  const totalMs = (options.minutes ?? Number.POSITIVE_INFINITY) * 60_000 * options.speed;
  const rounds = Math.max(1, Math.floor(totalMs / windowMs));
  const lengthMs = rounds === Number.POSITIVE_INFINITY ? windowMs : totalMs / rounds;
  const beganUp = clock.up();
  const done: Disturbance[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const disturbances = scenarioOf(demo, { round, lengthMs, done });
    const stop = play({ fleet: demo.fleet, disturbances, clock, tell: teller(demo) });
    const whole = await waited(demo, lengthMs);
    stop();
    done.push(...disturbances.map((one) => ({ ...one, at: one.at + round * lengthMs })));
    if (!whole) return { disturbances: begunBy(done, clock.up() - beganUp), whole };
  }
  return { disturbances: done, whole: true };
}

/** Returns the disturbances that had begun. The interruption ends those that still run. */
function begunBy(list: readonly Disturbance[], endMs: number): Disturbance[] {
  return list.filter(({ at }) => at <= endMs).map((one) => ({ ...one, forMs: Math.min(one.forMs, endMs - one.at) }));
}

/** Creates the scenario of a round. Rooms with a lasting fault are excluded. */
function scenarioOf(demo: Demo, at: { round: number; lengthMs: number; done: readonly Disturbance[] }): Disturbance[] {
  const { nation, sites, options } = demo;
  const standing = new Set(at.done.filter(({ forMs }) => forMs > windowMs).map(({ pc }) => pc));
  const pcs = sites.map((site) => ({ path: nation.pcOf(site), link: site.link })).filter(({ path }) => !standing.has(path));
  const list = createScenario({ pcs, silenced: `${lehPath}/vc-1`, seed: options.seed + at.round, lengthMs: at.lengthMs });
  return at.round === 0 ? list : list.filter(({ forMs }) => forMs <= windowMs);
}

async function tellStory(demo: Demo): Promise<Happened> {
  const { fleet, clock, centre, say } = demo;
  const pc: PcPath = `${lehPath}/vc-1`;
  const { disturbances, chapters, ending } = lehStory(pc);
  const hear = createListener();
  const stop = play({ fleet, disturbances, clock, tell: () => undefined });
  const tell = (words: string) => say(`${stamp(clock)}  ${words}`);
  const cancels = chapters.map(({ at, words }) => clock.after(at, () => tell(words)));
  const beganUp = clock.up();
  let isOver = false;
  const look = async () => {
    const mayEnd = clock.up() - beganUp >= ending.at;
    for (const line of hear(await centre.incidentsOf(pc))) tell(`    centre: ${line}`);
    if (isOver || !mayEnd || !(await centre.isReady(pc)) || isOver) return;
    isOver = true;
    tell(ending.words);
  };
  const listening = setInterval(() => void look().catch(() => undefined), lookEveryMs);
  const whole = await waited(demo, storyMs);
  clearInterval(listening);
  stop();
  for (const cancel of cancels) cancel();
  if (whole && !isOver) throw new Error(`the centre does not call ${pc} ready at the end of the story`);
  return { disturbances, whole };
}

/** Resolves with true after this time on the demo's clock, or with false at Ctrl-C. */
async function waited({ clock, asked }: Demo, lengthMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const cancel = clock.after(lengthMs, () => resolve(true));
  void asked.then(() => resolve(false));
  return await promise.finally(cancel);
}

async function sumUp(
  demo: Demo,
  { disturbances, whole }: Happened,
  { memory, limitMs }: { memory: MemoryWatch; limitMs: number },
): Promise<Summary> {
  const { nation, sites, options, asked, ended } = demo;
  // Ctrl-C breaks off the summary of a whole run. After an interruption the user already waits for the summary.
  const brokenOff = whole ? rejecting(asked, () => brokenOffLine) : ended;
  const found = await Promise.race([settled(demo, whole, limitMs), brokenOff, ended]);
  const live = sites.filter(({ stage }) => stage === 'live').map((site): [PcPath, LinkClass] => [nation.pcOf(site), site.link]);
  const links = new Map(live);
  const expected = new Map([...expectedIncidents(disturbances, links), ...expectedSpreads(disturbances, links)]);
  return summaryOf({ pcs: sites.length, speed: options.speed, ...found, expected, late: demo.fleet.late(), peakRssMiB: memory.peak() });
}

type Settled = Pick<SummaryParts, 'audit' | 'eventsSent' | 'listed'>;

/** Audits the ledger when every spool is acknowledged. Repeats the audit until the deadline if an agent had a new event during it. */
async function settled({ fleet, centre }: Demo, whole: boolean, limitMs: number): Promise<Settled> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    await fleet.drain(deadline - performance.now());
    const eventsSent = fleet.eventsSent();
    const audit = await centre.audit();
    const isOver = performance.now() >= deadline;
    if (audit.events === eventsSent || (isOver && whole)) return { audit, eventsSent, listed: await centre.incidents() };
    if (isOver) throw new Error(brokenOffLine);
    await delay(whole ? lookEveryMs : 100);
  }
}

/** Returns a callback that prints some of the disturbances. */
function teller({ nation, sites, clock, say }: Demo): (one: Disturbance, begins: boolean) => void {
  const names = new Map(sites.map((site) => [nation.pcOf(site), `${site.name.en}, ${site.state.en}`]));
  let lastAt = 0;
  return ({ pc, what }, begins) => {
    if (performance.now() - lastAt < tellEveryMs) return;
    lastAt = performance.now();
    say(`${stamp(clock)}  ${names.get(pc)}: ${begins ? wordsOf(what) : `over: ${wordsOf(what)}`}`);
  };
}

function wordsOf(what: Disturbance['what']): string {
  const plain = { link: 'link cut', power: 'power cut', crash: 'agent dies', mains: 'off the mains' };
  return what in plain ? plain[what as keyof typeof plain] : faults[what as keyof typeof faults].title.en;
}

function stamp(clock: Clock): string {
  return new Date(clock.now()).toTimeString().slice(0, 8);
}

function pick({ link, elevationM }: Site): { link: LinkClass; elevationM: number } {
  return { link, elevationM };
}

process.exitCode = await main();
process.exit();
