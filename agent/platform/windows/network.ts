/** Reads the local network of a Windows PC from the tables of iphlpapi. It sends no packet. */
import { isIPv4 } from 'node:net';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import type { Native } from '../native.ts';
import { type Answer, type Gateway, lowestMetric, type NetworkState } from '../platform.ts';
import { attempt } from './attempt.ts';

type WindowsInterfaces = NodeJS.Dict<Pick<NetworkInterfaceInfo, 'address' | 'netmask' | 'internal'>[]>;

const anywhere = '0.0.0.0';

/**
 * Reads the network state. `found`: the interfaces that are up. A global IPv6 address implies an IPv6 route: routers announce both.
 */
export function readNetwork(native: Native, found: WindowsInterfaces = networkInterfaces()): Answer<NetworkState> {
  const routes = attempt(native.calls, (calls) => calls.routes());
  if (!routes.known) return routes;
  const own = Object.entries(found).flatMap(([name, all]) =>
    (all ?? []).filter(({ internal }) => !internal).map((one) => ({ name, ...one })),
  );
  const far = own.filter(({ address }) => !/^(fe80:|169\.254\.)/i.test(address));
  const ways = routes.value.filter(({ destination, mask }) => destination === anywhere && mask === anywhere);
  const hops = lowestMetric(ways).map(({ hop }) => hop);
  const gateways = [...new Set(hops)].flatMap((address): Gateway[] => {
    const through = own.find((one) => isBeside(address, one));
    return address === anywhere || through === undefined ? [] : [{ interface: through.name, address }];
  });
  return {
    known: true,
    value: {
      interfaces: [...new Set(own.map(({ name }) => name))],
      hasAddress: far.length > 0,
      hasWayOut: hops.length > 0 || far.some(({ address }) => !isIPv4(address)),
      gateways,
    },
  };
}

/** Returns whether an IPv4 neighbour answered; null if the table does not contain it. */
export function isNeighbourReachable(native: Native, { address }: Gateway): boolean | null {
  const table = attempt(native.calls, (calls) => calls.neighbours());
  return table.known ? (table.value.get(address) ?? null) : null;
}

function isBeside(hop: string, { address, netmask }: { address: string; netmask: string }): boolean {
  if (!isIPv4(address) || !isIPv4(netmask)) return false;
  const [mask, ours, theirs] = [bytesOf(netmask), bytesOf(address), bytesOf(hop)];
  return mask.every((bits, at) => (bits & (ours[at] ?? 0)) === (bits & (theirs[at] ?? 0)));
}

function bytesOf(address: string): number[] {
  return address.split('.').map(Number);
}
