import { expect, it } from 'vitest';
import { type LinkClass, links } from '#contracts';
import { handClock } from '../../checks/agent.test-helper.ts';
import { createBudget, memoryStore } from '../../net/data-budget.ts';
import type { Knocked, Looked } from '../../net/reach.ts';
import type { NetworkState } from '../../platform/platform.ts';
import { createUnwritten } from '../../platform/unwritten.ts';
import { createPathProbe } from './path.ts';

const centre = 'centre.example:8883';
const router = '10.0.0.1:53';
const anchor = '198.51.100.1:443';
const online: NetworkState = {
  interfaces: ['eth0'],
  hasAddress: true,
  hasWayOut: true,
  gateways: [{ interface: 'eth0', address: '10.0.0.1' }],
};

/** A network of the test's own: what answers there, and what was asked of it. */
function office({ link = 'fibre' as LinkClass, host = 'centre.example', anchors = [] as string[] } = {}) {
  const clock = handClock();
  const net = {
    state: online as NetworkState | undefined,
    connected: false,
    ports: { [router]: 'refused', '203.0.113.5:8883': 'silent', [centre]: 'silent', [anchor]: 'silent' } as Record<string, Knocked>,
    names: 'none' as Looked['kind'],
    centreName: 'found' as Looked['kind'],
    inHostsFile: undefined as string | undefined,
    servers: ['10.0.0.1'],
    heard: null as boolean | null,
  };
  const asked: string[] = [];
  const place = (text: string) => ({ host: text.split(':')[0] ?? '', port: Number(text.split(':')[1]) });
  const budget = createBudget({ clock, store: memoryStore() });
  budget.limit(links[link].budget);
  const probe = createPathProbe(clock, {
    knock: async ({ host, port }, { used }) => {
      asked.push(`${host}:${port}`);
      used(140);
      return net.ports[`${host}:${port}`] ?? 'silent';
    },
    look: async (name, { used }) => {
      const isCentre = name === 'centre.example';
      asked.push(isCentre ? name : 'a name');
      used(284);
      const kind = isCentre ? net.centreName : net.names;
      return kind === 'found' ? { kind, address: '203.0.113.5' } : { kind };
    },
    addressOf: async () => net.inHostsFile,
    nameServers: () => net.servers,
  });
  const platform = {
    ...createUnwritten(),
    network: async () => (net.state ? { known: true as const, value: net.state } : { known: false as const, reason: 'not here' }),
    isNeighbourHeard: async () => net.heard,
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
    const context = { platform, profile, self, budget, centre: { ...place(`${host}:8883`), anchors: anchors.map(place) } };
    const { checks } = await probe.run({ ...context, signal: AbortSignal.timeout(1_000) });
    return [checks[0]?.fault ?? checks[0]?.status, checks[0]?.reason];
  };
  return { clock, net, asked, budget, run };
}

it('while the link is up it asks one name in 15 min, on a thin link in an hour, and nothing else', async () => {
  for (const [link, times] of [
    ['fibre', 8],
    ['geo', 2],
  ] as const) {
    const { clock, net, asked, run } = office({ link, host: '203.0.113.5' });
    net.connected = true;
    let questions = 0;
    for (let minute = 0; minute < 120; minute += 1) {
      expect(await run()).toEqual(['ok', null]);
      questions += asked.length;
      await clock.pass(60_000);
    }
    expect(questions).toBe(times);
  }
});

it('finds each break in turn, from this PC outwards', async () => {
  const { net, run, asked } = office({ anchors: [anchor] });
  net.state = { ...online, interfaces: [], hasAddress: false, hasWayOut: false, gateways: [] };
  expect(await run()).toEqual(['path.local', 'no cable and no Wi-Fi']);
  expect(asked).toEqual([]);
  net.state = { ...online, hasAddress: false };
  expect(await run()).toEqual(['path.local', 'no address from the network']);
  net.state = online;
  Object.assign(net, { names: 'silent', centreName: 'silent' });
  net.ports[router] = 'unreachable';
  expect(await run()).toEqual(['path.gateway', null]);
  net.ports[router] = 'refused';
  expect(await run()).toEqual(['path.last_mile', null]);
  net.ports[anchor] = 'open';
  expect(await run()).toEqual(['path.dns', 'no name server answers']);
  net.names = 'none';
  expect(await run()).toEqual(['path.dns', 'the name of the centre is not known there']);
  net.centreName = 'found';
  expect(await run()).toEqual(['path.centre', null]);
  net.ports['203.0.113.5:8883'] = 'open';
  net.ports[centre] = 'open';
  expect(await run()).toEqual(['ok', null]);
});

it('the centre is knocked at under its last address when its name cannot be looked up any more', async () => {
  const { net, run, asked } = office();
  net.connected = true;
  await run();
  net.connected = false;
  Object.assign(net, { names: 'silent', centreName: 'silent' });
  net.ports['203.0.113.5:8883'] = 'open';
  expect(await run()).toEqual(['path.dns', 'no name server answers']);
  expect(asked).toContain('203.0.113.5:8883');
});

it('a name of the hosts file is found, and a resolver that nobody set is no dead name server', async () => {
  const { net, run } = office();
  Object.assign(net, { names: 'silent', centreName: 'none', inHostsFile: '203.0.113.5', servers: ['127.0.0.1'] });
  expect(await run()).toEqual(['unknown', 'nobody but the centre could be asked']);
  net.ports['203.0.113.5:8883'] = 'open';
  expect(await run()).toEqual(['ok', null]);
});

it('a name server that serves only its own network is no fault while the link is up; without the link it proves nothing beyond the router', async () => {
  const { net, run } = office();
  Object.assign(net, { names: 'refused', connected: true });
  expect(await run()).toEqual(['ok', null]);
  net.connected = false;
  expect(await run()).toEqual(['path.last_mile', null]);
});

it('a router that answers no knock lives when its neighbours still hear it a minute later, and not before', async () => {
  const { clock, net, run } = office();
  Object.assign(net, { names: 'silent', centreName: 'silent', heard: true });
  net.ports[router] = 'silent';
  expect(await run()).toEqual(['unknown', 'the router could not be asked']);
  await clock.pass(60_000);
  expect(await run()).toEqual(['path.last_mile', null]);
  net.heard = false;
  expect(await run()).toEqual(['path.gateway', null]);
});

it('a system that tells nothing of its network makes no fault of router or line', async () => {
  const { net, run } = office();
  Object.assign(net, { state: undefined, names: 'silent', centreName: 'silent' });
  expect(await run()).toEqual(['unknown', 'the router could not be asked']);
});

it('on a thin link it asks beyond the router once in 5 min, but at once when something near changed or the link was up meanwhile', async () => {
  const { clock, net, run, asked } = office({ link: 'geo', host: '203.0.113.5' });
  const beyond = () => asked.filter((one) => one !== router).length;
  await run();
  expect(beyond()).toBe(2);
  await clock.pass(60_000);
  expect(await run()).toEqual(['path.centre', null]);
  expect(beyond()).toBe(0);
  net.state = { ...online, interfaces: ['eth0', 'wlan0'] };
  await run();
  expect(beyond()).toBe(2);
  net.connected = true;
  await run();
  net.connected = false;
  await run();
  expect(beyond()).toBe(2);
  await clock.pass(301_000);
  await run();
  expect(beyond()).toBe(2);
});

it('counts what it asks as tests, and over the budget asks only what costs nothing', async () => {
  const { net, run, asked, budget } = office();
  await run();
  expect(budget.figures().testBytes).toBe(2 * 284 + 140);
  budget.used('tests', 1_500_000_000);
  expect(await run()).toEqual(['unknown', 'nobody could be asked']);
  expect(asked).toEqual([router]);
  net.ports[router] = 'unreachable';
  expect(await run()).toEqual(['path.gateway', null]);
});

it('on the centre’s own PC there is no way that could break', async () => {
  const { run, asked, net } = office({ host: '127.0.0.1' });
  net.state = undefined;
  expect(await run()).toEqual(['ok', 'the centre is on this PC']);
  expect(asked).toEqual([]);
});
