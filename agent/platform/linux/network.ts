/** Reads the local network from /proc and /sys: interfaces, default routes, and which neighbours answered. */
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { type Gateway, lowestMetric, type NetworkState } from '../platform.ts';
import { readNames, readNumber, readText } from './files.ts';

const routeIsUp = 1;
const heardFlag = 2;
const anywhere6 = '0'.repeat(32);

/** `root`: folder with proc and sys. `addresses` lists the addresses of the interfaces. */
export async function readNetwork(root: string, addresses: typeof networkInterfaces = networkInterfaces): Promise<NetworkState> {
  const interfaces: string[] = [];
  for (const name of (await readNames(join(root, 'sys/class/net'))) ?? []) {
    if (name !== 'lo' && (await readNumber(join(root, 'sys/class/net', name, 'carrier'))) === 1) interfaces.push(name);
  }
  const found = addresses();
  const isOn = (route: DefaultRoute) => interfaces.includes(route.interface);
  const routes = [await routes4(root), await routes6(root)].flatMap((all) => lowestMetric(all.filter(isOn)));
  return {
    interfaces,
    hasAddress: interfaces.some((name) => found[name]?.some(({ address, internal }) => !internal && !address.startsWith('fe80:'))),
    hasWayOut: routes.length > 0,
    gateways: routes.flatMap(({ address, interface: name }) => (address === null ? [] : [{ interface: name, address }])),
  };
}

/** Looks up an IPv4 address in the ARP table. Returns null if the table does not contain it, as for every IPv6 address. */
export async function isNeighbourReachable(root: string, { address }: Gateway): Promise<boolean | null> {
  const table = (await readText(join(root, 'proc/net/arp'))) ?? '';
  const row = table.split('\n').find((line) => line.startsWith(`${address} `));
  return row === undefined ? null : (Number(row.split(/\s+/)[2]) & heardFlag) !== 0;
}

type DefaultRoute = { interface: string; address: string | null; metric: number };

/**
 * Reads /proc/net/route: Iface, Destination, Gateway, Flags, …, Metric (6), Mask. All columns but the metric are hexadecimal; addresses
 * are in host byte order.
 */
async function routes4(root: string): Promise<DefaultRoute[]> {
  const rows = ((await readText(join(root, 'proc/net/route'))) ?? '').split('\n').slice(1);
  return rows.flatMap((line) => {
    const [name = '', destination, gateway = '', flags = '', , , metric, mask] = line.trim().split(/\s+/);
    if (destination !== '00000000' || mask !== '00000000' || (Number.parseInt(flags, 16) & routeIsUp) === 0) return [];
    const bytes = Buffer.from(gateway, 'hex').reverse();
    return [{ interface: name, address: gateway === '00000000' ? null : bytes.join('.'), metric: Number(metric) }];
  });
}

/** Reads /proc/net/ipv6_route: destination and its length, source and its length, next hop, metric, …, flags (8), Iface. */
async function routes6(root: string): Promise<DefaultRoute[]> {
  const rows = ((await readText(join(root, 'proc/net/ipv6_route'))) ?? '').split('\n');
  return rows.flatMap((line) => {
    const [destination, length, , , hop = '', metric = '', , , flags = '', name = ''] = line.trim().split(/\s+/);
    if (destination !== anywhere6 || length !== '00' || name === 'lo' || (Number.parseInt(flags, 16) & routeIsUp) === 0) return [];
    const address = (hop.match(/.{4}/g) ?? []).join(':');
    return [{ interface: name, address: hop === anywhere6 ? null : `${address}%${name}`, metric: Number.parseInt(metric, 16) }];
  });
}
