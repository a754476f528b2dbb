/**
 * Suspends parts of the server of a nation, as when a machine is suspended, migrated or copied. No PC may be reported as silent. The clock
 * runs 2.5 times faster, with two gaps of five minutes. SABHA_FAULTS=full: real time, 653 PCs, four gaps. SABHA_WEEKLY=1: also gaps of two
 * parts that begin at different times.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type IncidentRow,
  type IncidentView,
  isThin,
  type LedgerAudit,
  links,
  type PcView,
  realClock,
  type Snapshot,
} from '@sabha/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reportFigure } from '../figures.ts';
import { type DemoCentre, startDemoCentre } from '../fleet/demo-centre.ts';
import { createFleet, type Fleet } from '../fleet/fleet.ts';
import { createNation } from '../fleet/nation.ts';
import { livingWith } from '../system/processes.ts';

const isFull = process.env['SABHA_FAULTS'] === 'full';
const speed = isFull ? 1 : 2.5;
const second = 1_000 / speed;
/** Number of sites whose PCs two shared processor cores can simulate at that speed. A PC whose timers are late counts as silent. */
const sites = isFull ? 736 : 100;
/** Seconds after a gap in which every PC must be shown correctly. */
const judgedWithin = 90;
const patienceMs = 60_000 + 300 * second;
/** Longer than the grace period of a will: a false report for the gap exists by then. */
const accusedWithinMs = 110 * second;
const pollMs = 200;
/** Time limit of a test: one gap, and the ten minutes in which the gaps before it still count. */
const rowLimitMs = 1_500_000;

type Part = 'broker' | 'flows' | 'dashboards' | 'start';
/** Start and end of a suspension in seconds of the server's clock. `share` is the part of each second in which the processes run. */
type Still = { parts: readonly Part[]; from: number; to: number; share: number };
type Gap = [what: string, stills: readonly Still[], how: { tells: boolean; reconnects: boolean; away: number }];

/**
 * `tells`: the server may send one message about itself. `reconnects`: PCs lose the broker. `away`: shortest time in seconds without any
 * message.
 */
const daily: Gap[] = [
  ['flows stands still', [still(0, 300, 'flows')], { tells: false, reconnects: false, away: 200 }],
  [
    'all of the centre stands still',
    [still(0, 300, 'start', 'broker', 'flows', 'dashboards')],
    { tells: false, reconnects: true, away: 200 },
  ],
];
const nightly: Gap[] = [
  ['the broker stands still', [still(0, 300, 'broker')], { tells: true, reconnects: true, away: 200 }],
  ['flows has 5 % of a core', [{ ...still(0, 300, 'flows'), share: 0.05 }], { tells: true, reconnects: false, away: 0 }],
];
const outOfStep: Gap[] = [
  [
    'the broker stands still, and from its middle on flows',
    [still(0, 60, 'broker'), still(30, 90, 'flows')],
    { tells: true, reconnects: true, away: 60 },
  ],
  [
    'flows has 2 % of a core while the broker stands still',
    [{ ...still(0, 90, 'flows'), share: 0.02 }, still(15, 75, 'broker')],
    { tells: true, reconnects: true, away: 0 },
  ],
];
// Before each gap the test waits until earlier incidents are over, half an hour more. The nightly run has no time for that.
const gaps = [...daily, ...(isFull ? nightly : []), ...(process.env['SABHA_WEEKLY'] === '1' ? outOfStep : [])];

describe('F32 suspended parts of the server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-freeze-'));
  const nation = createNation({ sites, seed: 1 });
  const installed = nation.sites.filter(({ stage }) => stage === 'live' || stage === 'commissioning');
  const paths = new Set(installed.map(({ path }) => path));
  const quick = new Set(installed.flatMap(({ path, link }) => (isThin(links[link]) ? [] : [path])));
  const epochMs = Date.now();
  const clock = realClock(speed, epochMs);
  let centre: DemoCentre;
  let fleet: Fleet;

  beforeAll(async () => {
    centre = await startDemoCentre({ folder, speed, epochMs, portBase: 0 });
    await centre.import(nation.csv(({ stage }) => (stage === 'live' ? 'commissioning' : stage)));
    const tokens = await centre.tokens();
    const pcs = installed.map((site) => ({ ...site, path: nation.pcOf(site), token: tokens[nation.pcOf(site)] ?? '' }));
    const at = { host: '127.0.0.1', port: centre.mqttPort };
    fleet = createFleet({ pcs, centre: at, centreKey: centre.key, clock, speed, seed: 1, folder });
    expect(await fleet.start({ perSecond: 50, standstillMs: 60_000 })).toBe(0);
    await centre.import(nation.csv());
  }, 240_000);

  afterAll(async () => {
    await fleet?.stop();
    await centre?.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }, 60_000);

  test.for(gaps)(
    '%s: no PC is reported as silent, and every PC is shown correctly soon after',
    { timeout: rowLimitMs },
    async ([what, stills, { tells, reconnects, away }]) => {
      expect(await untilSeen(performance.now() + patienceMs, 0)).toEqual([]);
      // A message about the end of the server's own incident from the gap before does not count here.
      await expect.poll(ownOpen, { timeout: 2 * patienceMs, interval: 500 }).toBe(0);
      const before = { incidents: await incidents(), delivered: await delivered() };
      await Promise.all(stills.map(standStill));
      const endedAt = performance.now();
      // A server that only runs slowly keeps its connections, so PCs send nothing new.
      const since = stills.every(({ share }) => share === 0) ? clock.now() : 0;
      const seconds = () => (performance.now() - endedAt) / second;
      const late = await untilSeen(endedAt + patienceMs, since, quick);
      const quickAfter = seconds();
      const unseen = late.concat(await untilSeen(endedAt + patienceMs, since));
      const judgedAfter = { quick: quickAfter, all: seconds() };
      await delay(Math.max(0, accusedWithinMs - (performance.now() - endedAt)));

      const known = new Set(before.incidents.map(({ id }) => id));
      const fresh = (await incidents()).filter(({ id }) => !known.has(id));
      const views = await Promise.all(fresh.map(({ id }) => ask<IncidentView>(`/api/incidents/${id}`)));
      const accused = views.filter((one) => one.faults.some(({ fault }) => fault === 'pc.silent' || fault === 'centre.unheard'));
      const own = views.filter(({ scope }) => scope === 'centre');
      const said = (await delivered()) - before.delivered;
      const gap = (await ask<Snapshot>('/api/snapshot')).away;
      const awayFor = gap === undefined ? 0 : Math.round((gap.to - gap.from) / 1_000);
      const lateness = fleet.late();
      reportFigure(
        'F32',
        `${what}: ${installed.length} PCs judged ${judgedAfter.all.toFixed(0)} s after the gap, ${quick.size} of them not on a satellite after ${judgedAfter.quick.toFixed(0)} s, ${accused.length} accused, ${own.length} incidents ` +
          `of the centre, ${said} messages, away for ${awayFor} s; the simulator: ${lateness.beats} beats late, by ${lateness.worstSeconds} s at most`,
      );
      expect(unseen).toEqual([]);
      expect(judgedAfter.quick).toBeLessThanOrEqual(judgedWithin);
      // A PC that lost the broker returns after its own backoff, up to five minutes on a satellite.
      if (!reconnects) expect(judgedAfter.all).toBeLessThanOrEqual(judgedWithin);
      expect(accused.map(({ scope, faults }) => `${scope} ${faults.map(({ fault }) => fault)}`)).toEqual([]);
      // One message about the server itself is permitted, and one more if its incident is already over.
      expect(own.length).toBeLessThanOrEqual(tells ? 1 : 0);
      expect(said).toBeLessThanOrEqual(own.length + own.filter(({ over }) => over !== null).length);
      expect(awayFor).toBeGreaterThanOrEqual(away);
    },
  );

  /** Suspends the processes for that time, or lets them run for a share of each second. */
  async function standStill({ parts, from, to, share }: Still): Promise<void> {
    const pids = parts.map(pidOf);
    const send = (signal: NodeJS.Signals) => pids.forEach((pid) => void process.kill(pid, signal));
    const stillMs = (to - from) * second;
    await delay(from * second);
    try {
      for (let left = share === 0 ? 1 : stillMs / 1_000; left > 0; left -= 1) {
        send('SIGSTOP');
        await delay(share === 0 ? stillMs : 1_000 * (1 - share));
        send('SIGCONT');
        await delay(1_000 * share);
      }
    } finally {
      send('SIGCONT');
    }
  }

  function pidOf(part: Part): number {
    const script = part === 'start' ? 'start.ts' : `/${part}/main.ts`;
    return livingWith(join(folder, 'sabha.json')).find(({ command }) => command.endsWith(script))?.pid ?? 0;
  }

  /** Waits until every PC is online and has sent a message after `since`. Returns the other PCs at the deadline. */
  async function untilSeen(deadline: number, since: number, of = paths): Promise<string[]> {
    for (;;) {
      const seen = await ask<Snapshot>('/api/snapshot?pcs=all').catch(() => undefined);
      const isSeen = ({ presence, heardAt }: PcView) => presence === 'online' && (heardAt ?? 0) > since;
      const unseen = seen?.pcs.filter((pc) => of.has(pc.site) && !isSeen(pc)) ?? [];
      if (seen?.subscribed && unseen.length === 0) return [];
      if (performance.now() > deadline) return unseen.map(({ pc, presence }) => `${pc} ${presence}`).concat(seen ? [] : 'no answer');
      await delay(pollMs);
    }
  }

  const incidents = () => ask<IncidentRow[]>('/api/incidents');
  const ownOpen = async () => (await incidents()).filter(({ scope, over }) => scope === 'centre' && over === null).length;
  const delivered = async () => (await ask<LedgerAudit>('/api/audit?now=true')).notifications.delivered;

  async function ask<T>(path: string): Promise<T> {
    const answer = await fetch(`${centre.wall}${path}`, { signal: AbortSignal.timeout(20_000) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return (await answer.json()) as T;
  }
});

function still(from: number, to: number, ...parts: Part[]): Still {
  return { parts, from, to, share: 0 };
}
