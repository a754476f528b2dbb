/** Helpers of the exporter tests: a manual clock, a sample fleet, a scripted API, and a parser for metrics pages. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Cancel, type Clock, hashToken, proofFor } from '@sabha/contracts';
import type { FleetSnapshot, PcNow, SiteNow } from './snapshot.ts';

export type ManualClock = Clock & {
  /** Advances the clock by `ms` and runs the due timers in order. */
  pass(ms: number): void;
};

export function manualClock(): ManualClock {
  let up = 0;
  let timers: { at: number; task: () => void }[] = [];
  const nextBefore = (end: number) => timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  return {
    now: () => up,
    up: () => up,
    after(delayMs, task): Cancel {
      const timer = { at: up + Math.max(0, delayMs), task };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    pass(ms) {
      const end = up + ms;
      for (let next = nextBefore(end); next; next = nextBefore(end)) {
        const { at, task } = next;
        timers = timers.filter((one) => one.task !== task);
        up = at;
        task();
      }
      up = end;
    },
  };
}

export const pc1 = 'ladakh/leh/pc-1';
export const pc2 = 'ladakh/leh/pc-2';

export function pcNow(pc: string, edit: Partial<PcNow> = {}): PcNow {
  const [state = '', site = ''] = pc.split('/');
  const checks = [{ component: 'microphone', status: 'ok' as const }];
  const times = { heardAt: 1_700_000_000_500, calledAt: null, outage: null };
  return { pc, state, site: `${state}/${site}`, presence: 'online', ...times, checks, readiness: 'ready', ...edit };
}

export function siteNow(site: string, edit: Partial<SiteNow> = {}): SiteNow {
  return { site, state: site.split('/')[0] ?? '', stage: 'live', link: 'geo', elevationM: 3_524, readiness: 'ready', ...edit };
}

/** Returns a snapshot with one site, Leh, and these PCs. */
export function fleetOf(pcs: PcNow[], edit: Partial<FleetSnapshot> = {}): FleetSnapshot {
  return { subscribed: true, sites: [siteNow('ladakh/leh')], pcs, incidents: [], ...edit };
}

export type ScriptedApi = {
  at: string;
  /** URLs of the received requests, oldest first. */
  asked: string[];
  say(event: string, data: unknown): void;
  cut(): void;
  close(): void;
};

/** `token`: the token that the API proves to know. */
export type ScriptedAnswer = { answer?: (response: ServerResponse) => void; token?: string };

/** Starts an HTTP server whose stream begins with `first`, or empty. `answer` replaces the response. */
export async function scriptedApi(first?: unknown, { answer, token }: ScriptedAnswer = {}): Promise<ScriptedApi> {
  const streams = new Set<ServerResponse>();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const challenge = `${request.headers['sabha-challenge']}`;
    if (token !== undefined && request.url === '/healthz')
      return response.writeHead(200, { 'sabha-proof': proofFor(challenge, hashToken(token)) }).end('{}');
    if (answer) return answer(response);
    streams.add(response);
    response.on('close', () => streams.delete(response));
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).flushHeaders();
    if (first !== undefined) response.write(`retry: 2000\nid: 1\nevent: snapshot\ndata: ${JSON.stringify(first)}\n\n`);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const cut = () => {
    for (const one of streams) one.destroy();
  };
  return {
    at: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    say(event, data) {
      for (const one of streams) one.write(`id: 2\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    cut,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Parses a metrics page into values by series and labels. Process metrics are left out. */
export function samplesOf(page: string): Record<string, number> {
  const lines = page.split('\n').filter((line) => line.startsWith('sabha_'));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}
