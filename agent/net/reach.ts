/** The two cheap questions to a network: does a TCP port answer, and does a name server. Only a client's sockets; nothing of what comes is kept. */
import { lookup, Resolver } from 'node:dns/promises';
import { connect } from 'node:net';
import { codeOf } from '#contracts';
import { meterTcp, type Used, udpWireBytes } from './meter.ts';

/** An address of the network: a name or a number, and a TCP port. */
export type Place = { host: string; port: number };
/** What became of a try to open a TCP connection; `silent` is also what the time-out says. */
export type Knocked = 'open' | 'refused' | 'unreachable' | 'silent';
/** Who is told of the bytes on the wire, and when it is too late. */
export type Asking = { used: Used; signal: AbortSignal };

/** What a name server says: an address, that there is none, that it does not look up such names for us, or nothing (it failed or does not answer). */
export type Looked = { kind: 'found'; address: string } | { kind: 'none' } | { kind: 'refused' } | { kind: 'silent' };

const nameTimeoutMs = 2_500;
/** One question and its answer, with all of their headers. */
const questionBytes = udpWireBytes(60) + udpWireBytes(140);

/** `unreachable`: a router, or the neighbour that does not answer, said so. Never rejects. */
export function knock({ host, port }: Place, { used, signal }: Asking): Promise<Knocked> {
  const { promise, resolve } = Promise.withResolvers<Knocked>();
  const socket = connect({ host, port });
  meterTcp(socket, used);
  const end = (answer: Knocked) => {
    signal.removeEventListener('abort', giveUp);
    socket.destroy();
    resolve(answer);
  };
  const giveUp = () => end('silent');
  signal.addEventListener('abort', giveUp);
  socket.once('connect', () => end('open'));
  socket.on('error', (error) => end(answers[codeOf(error)] ?? 'silent'));
  if (signal.aborted) giveUp();
  return promise;
}

const answers: Record<string, Knocked> = { ECONNREFUSED: 'refused', EHOSTUNREACH: 'unreachable', ENETUNREACH: 'unreachable' };

const noAddress: Record<string, 'none' | 'refused'> = { ENOTFOUND: 'none', ENODATA: 'none', EREFUSED: 'refused' };

/** The address that a program of this PC would take for the name, by its hosts file or whatever else it asks; undefined where there is none in time. */
export async function addressOf(name: string, signal: AbortSignal): Promise<string | undefined> {
  const late = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined)));
  return signal.aborted
    ? undefined
    : Promise.race([
        lookup(name).then(
          ({ address }) => address,
          () => undefined,
        ),
        late,
      ]);
}

/** The name servers of the system, as they are now. */
export function nameServers(): string[] {
  return new Resolver().getServers();
}

/** Asks the system's name servers, each once. */
export async function look(name: string, { used, signal }: Asking): Promise<Looked> {
  const resolver = new Resolver({ timeout: nameTimeoutMs, tries: 1 });
  const stop = () => resolver.cancel();
  signal.addEventListener('abort', stop);
  used(questionBytes);
  try {
    const [address] = await resolver
      .resolve4(name)
      .catch((error) => (codeOf(error) === 'ENODATA' ? resolver.resolve6(name) : Promise.reject(error)));
    return address === undefined ? { kind: 'none' } : { kind: 'found', address };
  } catch (error) {
    return { kind: noAddress[codeOf(error)] ?? 'silent' };
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
