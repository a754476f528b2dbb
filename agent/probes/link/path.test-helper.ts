/** Simulates a network for the tests of the path probe, and records the requests of the probe. */

import { type LinkClass, links } from '@sabha/contracts';
import { expect } from 'vitest';
import { handClock, seeded } from '../../checks/agent.test-helper.ts';
import { createBudget, inMemoryStore } from '../../link/net/data-budget.ts';
import type { Lookup, PortState } from '../../link/net/reach.ts';
import type { NetworkState } from '../../platform/platform.ts';
import { createUnsupported } from '../../platform/unsupported.ts';
import { createPathProbe } from './path.ts';

/** Simulated time that a test waits for the probe, longer than the time limit of the probe. */
export const patienceMs = 20_000;

/** Time after which the simulated network reports a missing response as lost. */
const lateMs = 2_500;
const centre = 'centre.example:8883';
/** The router of the office, which is also its name server. */
export const router = '10.0.0.1:53';
/** An anchor: a host beyond the router that is not the server. */
export const anchor = '198.51.100.1:8883';
/** The network state of an office with a working network. */
export const online: NetworkState = {
  interfaces: ['eth0'],
  hasAddress: true,
  hasWayOut: true,
  gateways: [{ interface: 'eth0', address: '10.0.0.1' }],
};

export function office({ link = 'fibre' as LinkClass, host = 'centre.example', anchors = [] as string[] } = {}) {
  const clock = handClock();
  const net = {
    state: online as NetworkState | undefined,
    connected: false,
    ports: { [router]: 'refused', '203.0.113.5:8883': 'silent', [centre]: 'silent', [anchor]: 'silent' } as Record<string, PortState>,
    names: 'none' as Lookup['kind'],
    centreName: 'found' as Lookup['kind'],
    inHostsFile: undefined as string | undefined,
    servers: ['10.0.0.1'],
    /** Whether the name server of this network returns the SOA record from outside. */
    hears: true,
    /** Share of requests without a response. */
    loss: 0,
    /** Hosts to which no packet is lost. */
    steady: [] as string[],
    /** Time that the server takes to prove its identity. */
    proofMs: 0,
    file: undefined as string | undefined,
    heard: null as boolean | null,
  };
  const asked: string[] = [];
  const random = seeded(1);
  const isLost = () => random() < net.loss;
  const place = (text: string) => ({ host: text.split(':')[0] ?? '', port: Number(text.split(':')[1]) });
  const budget = createBudget({ clock, store: inMemoryStore() });
  budget.limit(links[link].budget);
  const probe = createPathProbe(clock, {
    probeTcpPort: async ({ host, port }, { used }) => {
      asked.push(`${host}:${port}`);
      used(140);
      if (port === 8883 && net.proofMs > 0) await new Promise<void>((resolve) => void clock.after(net.proofMs, resolve));
      return isLost() && !net.steady.includes(`${host}:${port}`) ? 'silent' : (net.ports[`${host}:${port}`] ?? 'silent');
    },
    lookUpName: async (name, { used }) => {
      const isCentre = name === 'centre.example';
      asked.push(isCentre ? name : 'a name');
      used(284);
      if (isLost()) {
        await new Promise<void>((resolve) => void clock.after(lateMs, resolve));
        return { kind: 'silent' };
      }
      const kind = isCentre ? net.centreName : net.names;
      return kind === 'found' ? { kind, address: '203.0.113.5' } : { kind };
    },
    addressOf: async () => net.inHostsFile,
    resolvesZone: async () => net.hears,
    nameServers: () => net.servers,
    isLocalAddress: (address) => address.startsWith('10.') || address.startsWith('127.'),
  });
  const platform = {
    ...createUnsupported(),
    network: async () => (net.state ? { known: true as const, value: net.state } : { known: false as const, reason: 'not here' }),
    isNeighbourReachable: async () => net.heard,
  };
  const run = async () => {
    asked.length = 0;
    const self = {
      roundTripMs: null,
      clockOffsetMs: null,
      spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 },
      failing: [],
      connected: net.connected,
    };
    const profile = { link, elevationM: 0, expected: {} };
    const lastAddress = {
      load: () => net.file,
      save: (text: string) => {
        net.file = text;
        return true;
      },
    };
    const context = { platform, profile, self, budget, centre: { ...place(`${host}:8883`), anchors: anchors.map(place), lastAddress } };
    const asking = probe.run({ ...context, signal: new AbortController().signal });
    await clock.pass(patienceMs);
    const { checks } = await asking;
    const sum = asked.length;
    await clock.pass(patienceMs);
    expect(asked, 'nothing is asked after the answer').toHaveLength(sum);
    return [checks[0]?.fault ?? checks[0]?.status, checks[0]?.reason];
  };
  return { clock, net, asked, budget, run };
}
