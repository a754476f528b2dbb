import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { isNeighbourReachable, readNetwork } from './network.ts';

const head = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT';
const byRouter = 'eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0';
const own = 'eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0';
const modem = 'wwan0\t00000000\t00000000\t0001\t0\t0\t700\t00000000\t0\t0\t0';
const address = (text: string) => [{ address: text, netmask: '', family: 'IPv4' as const, mac: '', internal: false, cidr: null }];

function tree(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'sabha-network-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  }
  return root;
}
const carriers = (all: Record<string, string>) =>
  Object.fromEntries(Object.entries(all).map(([name, value]) => [`sys/class/net/${name}/carrier`, value]));

it('the network reader reads interface, address, default route and router', async () => {
  const root = tree({ ...carriers({ lo: '1', eth0: '1', wlan0: '0' }), 'proc/net/route': [head, own, byRouter].join('\n') });
  expect(await readNetwork(root, () => ({ eth0: address('192.168.1.20') }))).toEqual({
    interfaces: ['eth0'],
    hasAddress: true,
    hasWayOut: true,
    gateways: [{ interface: 'eth0', address: '192.168.1.1' }],
  });
});

it('the network reader distinguishes an unplugged cable, a link-local address and a missing route', async () => {
  const routes = { 'proc/net/route': [head, byRouter].join('\n') };
  const out = await readNetwork(tree({ ...carriers({ lo: '1', eth0: '0' }), ...routes }), () => ({}));
  expect(out).toEqual({ interfaces: [], hasAddress: false, hasWayOut: false, gateways: [] });
  const local = await readNetwork(tree({ ...carriers({ eth0: '1' }), 'proc/net/route': head }), () => ({ eth0: address('fe80::1') }));
  expect(local).toMatchObject({ interfaces: ['eth0'], hasAddress: false, hasWayOut: false });
});

it('the network reader returns no router for the default route of a modem, and ignores a route that is down', async () => {
  const files = { ...carriers({ wwan0: '1' }), 'proc/net/route': [head, modem].join('\n') };
  expect(await readNetwork(tree(files), () => ({ wwan0: address('100.64.1.2') }))).toMatchObject({ hasWayOut: true, gateways: [] });
  const down = { ...carriers({ wwan0: '1' }), 'proc/net/route': [head, modem.replace('0001', '0000')].join('\n') };
  expect(await readNetwork(tree(down), () => ({}))).toMatchObject({ hasWayOut: false });
});

it('the network reader returns only the router of the default route with the lower metric', async () => {
  const slower = byRouter.replace('eth0', 'wlan0').replace('0101A8C0', '0101000A').replace('\t100\t', '\t600\t');
  const files = { ...carriers({ eth0: '1', wlan0: '1' }), 'proc/net/route': [head, slower, byRouter].join('\n') };
  const state = await readNetwork(tree(files), () => ({ eth0: address('192.168.1.20') }));
  expect(state.gateways).toEqual([{ interface: 'eth0', address: '192.168.1.1' }]);
});

it('the network reader finds the router of an IPv6 network with its interface', async () => {
  const zero = '0'.repeat(32);
  const route6 = `${zero} 00 ${zero} 00 fe80000000000000021b21fffe000001 00000400 00000001 00000000 00000003     eth0`;
  const refused = `${zero} 00 ${zero} 00 ${zero} ffffffff 00000001 00000000 00200200       lo`;
  const files = { ...carriers({ eth0: '1' }), 'proc/net/ipv6_route': [route6, refused].join('\n') };
  expect((await readNetwork(tree(files), () => ({ eth0: address('2001:db8::7') }))).gateways).toEqual([
    { interface: 'eth0', address: 'fe80:0000:0000:0000:021b:21ff:fe00:0001%eth0' },
  ]);
});

it('the network reader returns whether a neighbour has answered, and null for a neighbour that was never resolved', async () => {
  const arp = 'IP address       HW type     Flags       HW address            Mask     Device';
  const rows = [
    '10.0.0.1         0x1         0x2         5a:33:7e:f2:ff:5d     *        eth0',
    '10.0.0.9         0x1         0x0         00:00:00:00:00:00     *        eth0',
  ];
  const root = tree({ 'proc/net/arp': [arp, ...rows].join('\n') });
  const heard = (of: string) => isNeighbourReachable(root, { interface: 'eth0', address: of });
  expect([await heard('10.0.0.1'), await heard('10.0.0.9'), await heard('10.0.0.2')]).toEqual([true, false, null]);
});
