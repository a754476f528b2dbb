/** The webhook that receives the messages of all compared programs, in the format of Alertmanager. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nowMs } from './process-figures.ts';

export type ArrivalKind = 'firing' | 'resolved';

export type Desk = {
  url: string;
  /** Returns when the first message of this kind about a room arrived after `since`, or undefined. */
  arrival(kind: ArrivalKind, scope: string, since: number): number | undefined;
  close(): void;
};

type Body = { alerts: { status: ArrivalKind; labels: { scope?: string } }[] };

/** Starts the webhook. It accepts every message and records its time. */
export async function openDesk(): Promise<Desk> {
  const arrivals = new Map<string, number[]>();
  const server = createServer(async (request, response) => {
    const at = nowMs();
    const { alerts } = JSON.parse((await request.toArray()).join('')) as Body;
    for (const { status, labels } of alerts) {
      const key = `${status} ${labels.scope}`;
      arrivals.set(key, [...(arrivals.get(key) ?? []), at]);
    }
    response.writeHead(204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    arrival: (kind, scope, since) => arrivals.get(`${kind} ${scope}`)?.find((at) => at >= since),
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
