/**
 * Parts of the centre stand still beside a nation, as when a machine is suspended, migrated or copied; nobody is to be accused for it.
 * Time runs two and a half times faster, and two gaps of five minutes are played. SABHA_FAULTS=full: real time, 653 PCs, four gaps; SABHA_WEEKLY=1: also
 * the gaps in which two parts stand still out of step.
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
import { tellFigure } from '../figures.ts';
import { type DemoCentre, startDemoCentre } from '../fleet/demo-centre.ts';
import { createFleet, type Fleet } from '../fleet/fleet.ts';
import { createNation } from '../fleet/nation.ts';
import { livingWith } from '../system/processes.ts';

const isFull = process.env['SABHA_FAULTS'] === 'full';
const speed = isFull ? 1 : 2.5;
const second = 1_000 / speed;
/** So many as live beside the tests at that speed on two cores that others use too: a PC whose own timers are late is silent. */
const sites = isFull ? 736 : 100;
/** After the end of a gap every PC is seen as it is in this time. */
const judgedWithin = 90;
const patienceMs = 60_000 + 300 * second;
/** As long as a will may stand, and a little more: who was accused for the gap is by then. */
const accusedWithinMs = 110 * second;
const pollMs = 200;
/** A gap, with the ten minutes in which gaps of the row before it still count. */
const rowLimitMs = 1_500_000;

type Part = 'broker' | 'flows' | 'dashboards' | 'start';
/** From then until then, in seconds of the centre; `share` = of each second the parts run so much. */
type Still = { parts: readonly Part[]; from: number; to: number; share: number };
type Gap = [what: string, stills: readonly Still[], how: { tells: boolean; reconnects: boolean; away: number }];

/** `tells`: the centre may say one thing of itself; `reconnects`: PCs lose the broker by it; `away`: for so many seconds at least nobody was heard. */
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
// Each waits until the incidents of the row before are over: half an hour more, for which a night has no room.
const gaps = [...daily, ...(isFull ? nightly : []), ...(process.env['SABHA_WEEKLY'] === '1' ? outOfStep : [])];

describe('F32 parts of the centre stand still', () => {
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
    '%s: no PC is accused, and all are seen as they are soon after',
    { timeout: rowLimitMs },
    async ([what, stills, { tells, reconnects, away }], { task }) => {
      expect(await untilSeen(performance.now() + patienceMs, 0)).toEqual([]);
      // The end of what the centre said of itself in the gap before is told too, and is none of this one's words.
      await expect.poll(ownOpen, { timeout: 2 * patienceMs, interval: 500 }).toBe(0);
      const before = { incidents: await incidents(), delivered: await delivered() };
      await Promise.all(stills.map(standStill));
      const endedAt = performance.now();
      // Who speaks through a thin share of the centre is asked for nothing.
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
      tellFigure(
        task,
        'F32',
        `${what}: ${installed.length} PCs judged ${judgedAfter.all.toFixed(0)} s after the gap, ${quick.size} of them not on a satellite after ${judgedAfter.quick.toFixed(0)} s, ${accused.length} accused, ${own.length} incidents ` +
          `of the centre, ${said} messages, away for ${awayFor} s; the simulator: ${lateness.beats} beats late, by ${lateness.worstSeconds} s at most`,
      );
      expect(unseen).toEqual([]);
      expect(judgedAfter.quick).toBeLessThanOrEqual(judgedWithin);
      // Who lost the broker comes back when its own backoff ends, which is up to five minutes on a satellite.
      if (!reconnects) expect(judgedAfter.all).toBeLessThanOrEqual(judgedWithin);
      expect(accused.map(({ scope, faults }) => `${scope} ${faults.map(({ fault }) => fault)}`)).toEqual([]);
      // One word of the centre's own, and where its incident is over by now its end besides.
      expect(own.length).toBeLessThanOrEqual(tells ? 1 : 0);
      expect(said).toBeLessThanOrEqual(own.length + own.filter(({ over }) => over !== null).length);
      expect(awayFor).toBeGreaterThanOrEqual(away);
    },
  );

  /** Stops the processes for that time, or lets them have a share of each second of it. */
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

  /** Waits until every PC is online and was heard since then; answers who is not at the deadline. */
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
