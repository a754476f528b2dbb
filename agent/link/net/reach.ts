/** Probes a network cheaply: does a TCP port respond, and does a name server? Opens client sockets only and stores nothing received. */
import { lookup, Resolver } from 'node:dns/promises';
import { BlockList, connect, isIP, isIPv6, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { codeOf, isLoopback } from '@sabha/contracts';
import { type CountBytes, countHost, meterTcp, questionWireBytes } from './meter.ts';

export type HostPort = { host: string; port: number };
/**
 * Peer of an open connection: verified, verified but with a certificate out of its dates (`undated`), another one (`stranger`), or
 * unidentified.
 */
export type PeerState = 'proven' | 'undated' | 'stranger' | 'ended' | 'mute';
/** Identifies the peer. Never rejects; the connection is closed afterwards. */
export type CheckPeer = (socket: Socket) => Promise<PeerState>;
/** Result of an attempt to open a TCP connection; a timeout gives `silent` too. */
export type PortState = 'open' | 'refused' | 'unreachable' | 'silent' | PeerState;
export type ProbeOptions = { used: CountBytes; signal: AbortSignal };

/**
 * Result of a name server: an address, no such name, lookup refused, or failure. Without a response it is `silent`, or `closed` if its
 * machine reports that the port is not in use.
 */
export type Lookup = { kind: 'found'; address: string } | { kind: 'none' | 'refused' | 'failed' | 'closed' | 'silent' };

const nameTimeoutMs = 2_500;
function questionBytes(resolver: Resolver): number {
  return questionWireBytes(resolver.getServers().some((server) => isIPv6(server) || server.startsWith('[')) ? 6 : 4);
}

/**
 * Opens a TCP connection; `checkPeer` then identifies the peer. `unreachable`: a router or the operating system reports the host as
 * unreachable. Never rejects.
 */
export function probeTcpPort({ host, port }: HostPort, { used, signal }: ProbeOptions, checkPeer?: CheckPeer): Promise<PortState> {
  const { promise, resolve } = Promise.withResolvers<PortState>();
  const socket = connect({ host, port });
  meterTcp(socket, used);
  const end = (answer: PortState) => {
    signal.removeEventListener('abort', giveUp);
    socket.destroy();
    resolve(answer);
  };
  let late: PortState = 'silent';
  const giveUp = () => end(late);
  signal.addEventListener('abort', giveUp);
  socket.once('connect', () => {
    late = 'mute';
    if (checkPeer === undefined) end('open');
    else void checkPeer(socket).then(end);
  });
  socket.on('error', (error) => end(late === 'mute' ? 'ended' : (answers[codeOf(error)] ?? 'silent')));
  if (signal.aborted) giveUp();
  return promise;
}

const answers: Record<string, PortState> = { ECONNREFUSED: 'refused', EHOSTUNREACH: 'unreachable', ENETUNREACH: 'unreachable' };

const noAddress: Record<string, Exclude<Lookup['kind'], 'found'>> = {
  ENOTFOUND: 'none',
  ENODATA: 'none',
  EREFUSED: 'refused',
  ESERVFAIL: 'failed',
  EFORMERR: 'failed',
  ENOTIMP: 'failed',
  ECONNREFUSED: 'closed',
};

/** Returns the address that other programs on this PC use for the name, including the hosts file; undefined without one in time. */
export async function addressOf(name: string, { used, signal }: ProbeOptions): Promise<string | undefined> {
  if (signal.aborted) return undefined;
  countHost(name, used);
  const late = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
  const found = lookup(name).catch(() => undefined);
  return (await Promise.race([found, late]))?.address;
}

export function nameServers(): string[] {
  return new Resolver().getServers();
}

/** Returns true if a name server is in this network. Its response does not prove the internet line; a response from outside does. */
export function isLocalAddress(address: string): boolean {
  const host = address.replace(/^\[(.*)\](:\d+)?$/, '$1').replace(/%.*$/, '');
  if (isIP(host) === 0 || isLoopback(host) || /^fe80:/i.test(host)) return true;
  const near = new BlockList();
  for (const { cidr, family } of Object.values(networkInterfaces()).flatMap((all) => all ?? [])) {
    const [network = '', length = ''] = cidr?.split('/') ?? [];
    if (network !== '') near.addSubnet(network, Number(length), family === 'IPv6' ? 'ipv6' : 'ipv4');
  }
  return near.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}

/** Returns true if a name server resolves the SOA record of a country's top-level domain. Only that domain's own servers know it. */
export async function resolvesZone(zone: string, { used, signal }: ProbeOptions): Promise<boolean> {
  const resolver = new Resolver({ timeout: nameTimeoutMs, tries: 1 });
  const stop = () => resolver.cancel();
  signal.addEventListener('abort', stop);
  used(questionBytes(resolver));
  return resolver
    .resolveSoa(zone)
    .then(Boolean, () => false)
    .finally(() => signal.removeEventListener('abort', stop));
}

/** Queries each name server of the system once. */
export async function lookUpName(name: string, { used, signal }: ProbeOptions): Promise<Lookup> {
  const resolver = new Resolver({ timeout: nameTimeoutMs, tries: 1 });
  const stop = () => resolver.cancel();
  signal.addEventListener('abort', stop);
  const ask = (lookUp: 'resolve4' | 'resolve6') => {
    used(questionBytes(resolver));
    return resolver[lookUp](name);
  };
  try {
    const [address] = await ask('resolve4').catch((error) => (codeOf(error) === 'ENODATA' ? ask('resolve6') : Promise.reject(error)));
    return address === undefined ? { kind: 'none' } : { kind: 'found', address };
  } catch (error) {
    return { kind: noAddress[codeOf(error)] ?? 'silent' };
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
