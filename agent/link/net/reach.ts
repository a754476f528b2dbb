/** The two cheap questions to a network: does a TCP port answer, and does a name server. Only a client's sockets; nothing of what comes is kept. */
import { lookup, Resolver } from 'node:dns/promises';
import { BlockList, connect, isIP, isIPv6, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { codeOf, isLoopback } from '@sabha/contracts';
import { countHost, meterTcp, questionWireBytes, type Used } from './meter.ts';

/** An address of the network: a name or a number, and a TCP port. */
export type Place = { host: string; port: number };
/** Who answers on an open connection: the one that is looked for, by a certificate in force or out of its dates, or somebody else; or nobody said. */
export type Greeting = 'proven' | 'undated' | 'stranger' | 'ended' | 'mute';
/** Finds out who it is. Never rejects; the connection is closed afterwards. */
export type Greet = (socket: Socket) => Promise<Greeting>;
/** What became of a try to open a TCP connection; `silent` is also what the time-out says. */
export type Knocked = 'open' | 'refused' | 'unreachable' | 'silent' | Greeting;
/** Who is told of the bytes on the wire, and when it is too late. */
export type Asking = { used: Used; signal: AbortSignal };

/**
 * What a name server says: an address, that there is none, that it does not look up such names for us, that it failed; or nothing, as where its
 * machine says that nobody listens there (`closed`).
 */
export type Looked = { kind: 'found'; address: string } | { kind: 'none' | 'refused' | 'failed' | 'closed' | 'silent' };

const nameTimeoutMs = 2_500;
/** One question and its answer. */
function questionBytes(resolver: Resolver): number {
  return questionWireBytes(resolver.getServers().some((server) => isIPv6(server) || server.startsWith('[')) ? 6 : 4);
}

/** `unreachable`: a router, or the neighbour that does not answer, said so. With `greet` it is also asked who answers. Never rejects. */
export function knock({ host, port }: Place, { used, signal }: Asking, greet?: Greet): Promise<Knocked> {
  const { promise, resolve } = Promise.withResolvers<Knocked>();
  const socket = connect({ host, port });
  meterTcp(socket, used);
  const end = (answer: Knocked) => {
    signal.removeEventListener('abort', giveUp);
    socket.destroy();
    resolve(answer);
  };
  let late: Knocked = 'silent';
  const giveUp = () => end(late);
  signal.addEventListener('abort', giveUp);
  socket.once('connect', () => {
    late = 'mute';
    if (greet === undefined) end('open');
    else void greet(socket).then(end);
  });
  socket.on('error', (error) => end(late === 'mute' ? 'ended' : (answers[codeOf(error)] ?? 'silent')));
  if (signal.aborted) giveUp();
  return promise;
}

const answers: Record<string, Knocked> = { ECONNREFUSED: 'refused', EHOSTUNREACH: 'unreachable', ENETUNREACH: 'unreachable' };

const noAddress: Record<string, Exclude<Looked['kind'], 'found'>> = {
  ENOTFOUND: 'none',
  ENODATA: 'none',
  EREFUSED: 'refused',
  ESERVFAIL: 'failed',
  EFORMERR: 'failed',
  ENOTIMP: 'failed',
  ECONNREFUSED: 'closed',
};

/** The address that a program of this PC would take for the name, by its hosts file or whatever else it asks; undefined where there is none in time. */
export async function addressOf(name: string, { used, signal }: Asking): Promise<string | undefined> {
  if (signal.aborted) return undefined;
  countHost(name, used);
  const late = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
  const found = lookup(name).catch(() => undefined);
  return (await Promise.race([found, late]))?.address;
}

/** The name servers of the system, as they are now. */
export function nameServers(): string[] {
  return new Resolver().getServers();
}

/** A server of this network answers without a line too; of one beyond it any answer has come over the line. */
export function isNear(address: string): boolean {
  const host = address.replace(/^\[(.*)\](:\d+)?$/, '$1').replace(/%.*$/, '');
  if (isIP(host) === 0 || isLoopback(host) || /^fe80:/i.test(host)) return true;
  const near = new BlockList();
  for (const { cidr, family } of Object.values(networkInterfaces()).flatMap((all) => all ?? [])) {
    const [network = '', length = ''] = cidr?.split('/') ?? [];
    if (network !== '') near.addSubnet(network, Number(length), family === 'IPv6' ? 'ipv6' : 'ipv4');
  }
  return near.check(host, isIPv6(host) ? 'ipv6' : 'ipv4');
}

/** True where a name server tells of the top of a country's names what only its own servers know. */
export async function hearsOf(zone: string, { used, signal }: Asking): Promise<boolean> {
  const resolver = new Resolver({ timeout: nameTimeoutMs, tries: 1 });
  const stop = () => resolver.cancel();
  signal.addEventListener('abort', stop);
  used(questionBytes(resolver));
  return resolver
    .resolveSoa(zone)
    .then(Boolean, () => false)
    .finally(() => signal.removeEventListener('abort', stop));
}

/** Asks the system's name servers, each once. */
export async function look(name: string, { used, signal }: Asking): Promise<Looked> {
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
