/** A clock that a test turns, a fleet to export, an API that says what a test wants, and readers of the pages. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Cancel, type Clock, hashToken, proofFor } from '@sabha/contracts';
import type { FleetSnapshot, PcNow, SiteNow } from './snapshot.ts';

export type HandClock = Clock & {
  /** Moves time on by `ms` and runs what falls due, in order. */
  pass(ms: number): void;
};

export function handClock(): HandClock {
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

/** A PC that is online and ready with one good microphone. */
export function pcNow(pc: string, edit: Partial<PcNow> = {}): PcNow {
  const [state = '', site = ''] = pc.split('/');
  const checks = [{ component: 'microphone', status: 'ok' as const }];
  const times = { heardAt: 1_700_000_000_500, calledAt: null, outage: null };
  return { pc, state, site: `${state}/${site}`, presence: 'online', ...times, checks, readiness: 'ready', ...edit };
}

/** A live site on a satellite link. */
export function siteNow(site: string, edit: Partial<SiteNow> = {}): SiteNow {
  return { site, state: site.split('/')[0] ?? '', stage: 'live', link: 'geo', elevationM: 3_524, readiness: 'ready', ...edit };
}

/** The site of these PCs. */
export function fleetOf(pcs: PcNow[], edit: Partial<FleetSnapshot> = {}): FleetSnapshot {
  return { subscribed: true, sites: [siteNow('ladakh/leh')], pcs, incidents: [], ...edit };
}

export type ScriptedApi = {
  at: string;
  /** What was asked for, oldest first. */
  asked: string[];
  /** Says an event to every stream that stands open. */
  say(event: string, data: unknown): void;
  /** Breaks every stream. */
  cut(): void;
  close(): void;
};

/** `token`: the token that the API proves to know. */
export type ScriptedAnswer = { answer?: (response: ServerResponse) => void; token?: string };

/** An API whose stream begins with `first`, or with nothing; `answer` takes the response over instead. */
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

/** The samples of a page by series and labels as they stand there; the figures of the process are left out. */
export function samplesOf(page: string): Record<string, number> {
  const lines = page.split('\n').filter((line) => line.startsWith('sabha_'));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}
