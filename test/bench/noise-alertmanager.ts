/**
 * Plays the month at a real Alertmanager. It cannot use another clock than the machine's. So its own times (group wait, group interval,
 * repeat) are shortened like the month: a day takes a minute. The alerts are those of usual Prometheus rules for rooms, sites and states,
 * each with a `for`. An alert is evaluated at a scrape, and sent once when it fires and once when it ends.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { faults } from '@sabha/contracts';
import { type Grouping, startAlertmanager } from './alertmanager.ts';
import { type Month, pcsOf, type Trouble } from './noise-month.ts';

/** Usual groupings: one message for the same alert of a site, or of a whole state. Further alerts of a group wait for the next interval. */
const groupings = { 'by site': ['alertname', 'site'], 'by state': ['alertname', 'state'] } as const;
export type GroupingName = keyof typeof groupings;

const second = 1_000;
const minute = 60 * second;
/** Clock speed: a day takes a minute. */
const speed = 1_440;
/** Default times of Alertmanager, and times of common rules. */
const usual = {
  groupWaitMs: 30 * second,
  groupIntervalMs: 5 * minute,
  repeatMs: 4 * 60 * minute,
  scrapeMs: 15 * second,
  downForMs: 2 * minute,
};
const regionShare = 0.3;
/** This alert goes to other recipients than the technicians. */
const stateDown = 'StateDown';

export type SentAlert = { at: number; firing: boolean; labels: Record<string, string> };

/** Plays the first days of the month with both groupings at once. Returns the number of messages to technicians for each. */
export async function playAlertmanager(month: Month, days: number): Promise<Record<GroupingName, number>> {
  const names = Object.keys(groupings) as GroupingName[];
  const stands = await Promise.all(names.map((name) => openStand(groupings[name])));
  try {
    await send(
      alertsOf(month).filter(({ at }) => at < days * 24 * 60 * minute),
      stands.map(({ at }) => at),
    );
    return Object.fromEntries(names.map((name, at) => [name, stands[at]?.messages() ?? Number.NaN])) as Record<GroupingName, number>;
  } finally {
    for (const { stop } of stands) await stop();
  }
}

async function openStand(by: Grouping['by']) {
  let messages = 0;
  const server = createServer(async (request, response) => {
    const { groupLabels } = JSON.parse((await request.toArray()).join('')) as { groupLabels: Record<string, string> };
    if (groupLabels['alertname'] !== stateDown) messages += 1;
    response.writeHead(204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const peer = await startAlertmanager(url, {
    by,
    waitMs: usual.groupWaitMs / speed,
    intervalMs: usual.groupIntervalMs / speed,
    repeatMs: usual.repeatMs / speed,
    inhibit: [
      "{ source_matchers: ['alertname = SiteDown'], target_matchers: ['alertname = RoomDown'], equal: [site] }",
      `{ source_matchers: ['alertname = ${stateDown}'], target_matchers: ['alertname =~ "SiteDown|RoomDown"'], equal: [state] }`,
    ],
  });
  return {
    at: peer.at,
    messages: () => messages,
    async stop() {
      await peer.stop();
      server.close();
      server.closeAllConnections();
    },
  };
}

async function send(alerts: readonly SentAlert[], to: readonly string[]): Promise<void> {
  const startedAt = performance.now();
  const headers = { 'content-type': 'application/json' };
  for (const [at, list] of Map.groupBy(alerts, (one) => one.at)) {
    await delay(Math.max(0, startedAt + at / speed - performance.now()));
    const ended = new Date().toISOString();
    const body = JSON.stringify(list.map(({ labels, firing }) => ({ labels, ...(!firing && { endsAt: ended }) })));
    for (const one of to) {
      const answer = await fetch(`${one}/api/v2/alerts`, { method: 'POST', headers, body });
      if (!answer.ok) throw new Error(`Alertmanager answered ${answer.status}: ${await answer.text()}`);
    }
  }
  // The last alerts are sent at the end of their interval.
  await delay((3 * usual.groupIntervalMs) / speed);
}

/** Returns all alerts of the month in order, those of one scrape together. */
export function alertsOf(month: Month): SentAlert[] {
  const states = new Map<string, string[]>();
  for (const { path } of month.offices) states.set(stateOf(path), [...(states.get(stateOf(path)) ?? []), path]);
  const sizes = new Map(month.offices.map((office) => [office.path, pcsOf(office).length]));
  const outages = month.troubles.filter(({ kind, fault }) => fault === undefined && kind !== 'order');
  const all = [
    ...month.troubles.flatMap((one) => (one.fault === undefined ? [] : ofDevice(one))),
    ...outages.flatMap((one) => ofOutage(one, { sizes, states })),
  ];
  return all.toSorted((a, b) => a.at - b.at);
}

function ofDevice({ from, to, pcs, fault }: Trouble): SentAlert[] {
  const forMs = fault === undefined ? 0 : faults[fault].holdMs;
  return pcs.flatMap((pc) => firing({ from, to, forMs }, { alertname: fault ?? '', room: pc, ...placeOf(pc) }));
}

type Sizes = { sizes: ReadonlyMap<string, number>; states: ReadonlyMap<string, readonly string[]> };

function ofOutage({ from, to, pcs }: Trouble, { sizes, states }: Sizes): SentAlert[] {
  const span = { from, to, forMs: usual.downForMs };
  const bySite = Map.groupBy(pcs, siteOf);
  const down = [...bySite].filter(([site, list]) => list.length === sizes.get(site)).map(([site]) => site);
  const wide = [...Map.groupBy(down, stateOf)].filter(([state, list]) => {
    const of = states.get(state)?.length ?? 0;
    return list.length >= Math.max(Math.min(3, of), regionShare * of) && list.length > 1;
  });
  return [
    ...wide.flatMap(([state]) => firing(span, { alertname: stateDown, state })),
    ...down.flatMap((site) => firing(span, { alertname: 'SiteDown', site, state: stateOf(site) })),
    ...pcs.flatMap((pc) => firing(span, { alertname: 'RoomDown', room: pc, ...placeOf(pc) })),
  ];
}

/** Returns the start and the end of an alert, or nothing if it ended before its `for`. */
function firing({ from, to, forMs }: { from: number; to: number; forMs: number }, labels: Record<string, string>): SentAlert[] {
  const scrape = (at: number) => Math.ceil(at / usual.scrapeMs) * usual.scrapeMs;
  const [begins, ends] = [scrape(from) + Math.ceil(forMs / usual.scrapeMs) * usual.scrapeMs, scrape(to)];
  if (begins >= ends) return [];
  return [
    { at: begins, firing: true, labels },
    { at: ends, firing: false, labels },
  ];
}

function placeOf(pc: string): { site: string; state: string } {
  return { site: siteOf(pc), state: stateOf(pc) };
}

function siteOf(pc: string): string {
  return pc.slice(0, pc.lastIndexOf('/'));
}

function stateOf(path: string): string {
  return path.slice(0, path.indexOf('/'));
}
