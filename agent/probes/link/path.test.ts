import { expect, it } from 'vitest';
import type { PortState } from '../../link/net/reach.ts';
import { anchor, office, online, patienceMs, router } from './path.test-helper.ts';

const otherPort = 'others answer, but not at its port: the server is off, or something on the way stops that port';
const namesAlone = 'only names are answered: the server is off, or something on the way stops all else';

it('the path probe looks up one name in 15 min (on a thin link: an hour) while the link is up, and tests nothing else', async () => {
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
      await clock.pass(60_000 - 2 * patienceMs);
    }
    expect(questions).toBe(times);
  }
});

it('the path probe reports the part of the path that is broken, for each part from this PC outwards', async () => {
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
  Object.assign(net, { names: 'none', centreName: 'none' });
  expect(await run()).toEqual(['path.dns', 'the name server does not know the name of the server']);
  net.centreName = 'found';
  expect(await run()).toEqual(['path.centre', null]);
  net.ports['203.0.113.5:8883'] = 'proven';
  expect(await run()).toEqual(['ok', null]);
});

it.each([
  { anchors: [anchor], connected: false },
  { anchors: [], connected: true },
  { anchors: [anchor], connected: true },
])(
  'C16 the path probe reports path.last_mile for a router that refuses every name because its line is cut: %o',
  async ({ anchors, connected }) => {
    const { net, run } = office({ anchors });
    net.connected = connected;
    await run();
    Object.assign(net, { connected: false, names: 'refused', centreName: 'refused', file: 'centre.example 203.0.113.5' });
    expect(await run()).toEqual(['path.last_mile', null]);
  },
);

it('C16 the path probe does not report path.last_mile for a refusing router if the server answers or the hosts file names it', async () => {
  const { net, run } = office();
  Object.assign(net, { names: 'refused', centreName: 'refused', file: 'centre.example 203.0.113.5' });
  expect(await run()).toEqual(['unknown', 'no name server answers, and the server is silent at its last address']);
  net.ports['203.0.113.5:8883'] = 'proven';
  expect(await run()).toEqual(['path.dns', 'no name server answers']);
  const own = office();
  Object.assign(own.net, { names: 'refused', centreName: 'refused', inHostsFile: '203.0.113.5' });
  expect(await own.run()).toEqual(['unknown', 'only the server could be asked']);
});

it('the path probe tests beyond the router once in 5 min on a thin link, and at once after a change of network or connection', async () => {
  const { clock, net, run, asked } = office({ link: 'geo', host: '203.0.113.5', anchors: [anchor] });
  net.ports[anchor] = 'open';
  const asksBeyond = () => asked.some((one) => one !== router);
  await run();
  expect(asksBeyond()).toBe(true);
  await clock.pass(60_000);
  expect(await run()).toEqual(['path.centre', null]);
  expect(asksBeyond()).toBe(false);
  net.state = { ...online, interfaces: ['eth0', 'wlan0'] };
  await run();
  expect(asksBeyond()).toBe(true);
  net.connected = true;
  await run();
  net.connected = false;
  await run();
  expect(asksBeyond()).toBe(true);
  await clock.pass(301_000);
  await run();
  expect(asksBeyond()).toBe(true);
});

it('the path probe counts its traffic as tests, and tests only the router after the data budget is used up', async () => {
  const { net, run, asked, budget } = office();
  net.ports['203.0.113.5:8883'] = 'proven';
  await run();
  expect(budget.figures().testBytes).toBe(2 * 284 + 140);
  budget.used('tests', 1_500_000_000);
  expect(await run()).toEqual(['unknown', 'nothing could be asked']);
  expect(asked).toEqual([router]);
  net.ports[router] = 'unreachable';
  expect(await run()).toEqual(['path.gateway', null]);
});

it('the path probe reports path.between for a network that lets only name lookups through, even with a captive portal at port 80', async () => {
  const { net, run } = office({ anchors: ['198.51.100.53:53'] });
  Object.assign(net, { servers: ['198.51.100.53'] });
  net.ports['198.51.100.53:53'] = 'open';
  expect(await run()).toEqual(['path.between', namesAlone]);
  net.ports['203.0.113.5:80'] = 'open';
  expect((await run())[0]).toBe('path.between');
  Object.assign(net.ports, { '203.0.113.5:80': 'silent', '198.51.100.53:8883': 'refused' });
  expect(await run(), 'somebody beside the centre is reached at its port').toEqual(['path.centre', null]);
});

it.each<[PortState, string]>([
  ['stranger', 'something else answers in its place'],
  ['undated', 'the dates of its certificate do not fit the clock of this PC'],
  ['ended', 'it, or something on the way, ends the connection at once'],
  ['refused', 'it, or a firewall on the way, refuses the connection'],
])('the path probe reports path.between and stores no address if the connection to the server is %s', async (knocked, reason) => {
  const { net, run } = office();
  net.ports['203.0.113.5:8883'] = knocked;
  expect(await run()).toEqual(['path.between', reason]);
  expect(net.file).toBeUndefined();
});

it('the path probe reports path.between if a router reports by ICMP that the server or only its port is prohibited', async () => {
  const { net, run } = office({ anchors: [anchor] });
  const all = ['8883', '443', '80'].map((port) => [`203.0.113.5:${port}`, 'unreachable']);
  Object.assign(net.ports, { [anchor]: 'open' }, Object.fromEntries(all));
  expect(await run()).toEqual(['path.between', 'a router or a firewall on the way says that it cannot be reached']);
  // A router limits the rate of its ICMP messages, so its message may name any of the tested ports.
  Object.assign(net.ports, { '203.0.113.5:8883': 'silent', '203.0.113.5:80': 'silent' });
  expect(await run()).toEqual(['path.between', 'a router or a firewall on the way says that it cannot be reached']);
  net.ports['203.0.113.5:443'] = 'refused';
  expect(await run()).toEqual(['path.between', 'something answers at its address, but not at its port']);
});

it('the path probe does not take an anchor at another port as proof that the port of the server is reachable', async () => {
  const elsewhere = '198.51.100.1:443';
  const { net, run, budget } = office({ anchors: [elsewhere] });
  net.ports[elsewhere] = 'open';
  expect(await run()).toEqual(['path.between', otherPort]);
  expect(budget.figures().testBytes).toBeLessThan(20_000);
  // The probe also tests the anchor's machine at the server's port. A refusal there counts as a response.
  net.ports[anchor] = 'refused';
  expect(await run()).toEqual(['path.centre', null]);
  Object.assign(net.ports, { [elsewhere]: 'silent', [anchor]: 'silent' });
  expect(await run()).toEqual(['path.between', namesAlone]);
});

it('the path probe tests no path on the PC of the server itself, and reports `path.centre` if that server is stopped', async () => {
  const { run, asked, net } = office({ host: '127.0.0.1' });
  Object.assign(net, { state: undefined, connected: true });
  expect(await run()).toEqual(['ok', 'the server is on this PC']);
  expect(asked).toEqual([]);
  net.connected = false;
  for (const gone of ['refused', 'silent'] as const) {
    net.ports['127.0.0.1:8883'] = gone;
    expect(await run()).toEqual(['path.centre', 'the server on this PC does not answer']);
  }
  net.ports['127.0.0.1:8883'] = 'open';
  expect(await run()).toEqual(['ok', 'the server is on this PC']);
  expect(asked).toEqual(['127.0.0.1:8883']);
});
