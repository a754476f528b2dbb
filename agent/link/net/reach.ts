/**
 * Probes a network with few bytes: does a TCP port respond, and does a name server respond? It opens client sockets only and stores nothing
 * that it receives.
 */
import { lookup, Resolver } from 'node:dns/promises';
import { BlockList, connect, isIP, isIPv6, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { codeOf, isLoopback } from '@sabha/contracts';
import { type CountBytes, countHost, meterTcp, questionWireBytes } from './meter.ts';

export type HostPort = { host: string; port: number };
/**
 * Identity of the peer of an open connection. `proven`: its certificate is verified. `undated`: verified, but outside its dates.
 * `stranger`: another certificate. `ended`, `mute`: closed or silent without a certificate.
 */
export type PeerState = 'proven' | 'undated' | 'stranger' | 'ended' | 'mute';
/** Identifies the peer of an open connection. Never rejects; the caller closes the connection afterwards. */
export type CheckPeer = (socket: Socket) => Promise<PeerState>;
/** Result of an attempt to open a TCP connection. `silent` also means a timeout. */
export type PortState = 'open' | 'refused' | 'unreachable' | 'silent' | PeerState;
export type ProbeOptions = { used: CountBytes; signal: AbortSignal };

/**
 * Result of a DNS query: an address, no such name, refused, or failed. Without a response it is `silent`; `closed` if the machine of the
 * name server refuses the port.
 */
export type Lookup = { kind: 'found'; address: string } | { kind: 'none' | 'refused' | 'failed' | 'closed' | 'silent' };

const nameTimeoutMs = 2_500;
function questionBytes(resolver: Resolver): number {
  return questionWireBytes(resolver.getServers().some((server) => isIPv6(server) || server.startsWith('[')) ? 6 : 4);
}

/**
 * Opens a TCP connection, if possible, and identifies the peer with `checkPeer`. `unreachable`: a router or the operating system reports
 * the host as unreachable. Never rejects.
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

/** Resolves a name as other programs on this PC do, with the hosts file; undefined if it fails or times out. */
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

/**
 * Returns true if the address is in a network of this PC. A response from such a name server does not prove that the internet line works.
 */
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

/**
 * Returns true if a name server resolves the SOA record of this top-level domain. Only servers beyond the local network know that record.
 */
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

/** Resolves a name; queries each name server of the system once. */
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
