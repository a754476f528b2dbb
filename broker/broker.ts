/** The broker: admits known clients to their own topics and forwards their messages. It stores no state, so a crash loses nothing. */
import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Clock, isLoopback, type Log, listen, makeFolder, StartError } from '@sabha/contracts';
import { Aedes } from 'aedes';
import { createAdmission, createClones, createSessions, loadKey, loadSecrets, type Sessions } from './admission/admission.ts';
import { followRegistry } from './admission/registry-file.ts';
import { createTlsListener, type TlsListener, whyNoHandshake } from './admission/tls.ts';
import { createHooks } from './hooks.ts';
import { createMetrics } from './metrics.ts';
import { type Conduct, createConduct } from './protection/conduct.ts';
import { createGate, type Gate } from './protection/gate.ts';
import { type Limits, usualLimits } from './protection/limits.ts';
import { createRareLog, createRefuse, type Refuse } from './protection/refusals.ts';
import { openReflector, type Reflector } from './reflector/reflector.ts';
import { createRights } from './reflector/rights.ts';
import { createStampAnswerer } from './reflector/stamp.ts';
import { createTrains } from './reflector/trains.ts';

export type BrokerOptions = {
  /** Loopback only, because this listener is plain TCP. */
  host: string;
  /** 0 selects a free port. */
  port: number;
  /** TLS listener for PCs with a certificate; absent means none. */
  tls?: { host: string; port: number } | undefined;
  /** UDP reflector for link measurements; absent means none. */
  reflector?: { host: string; port: number } | undefined;
  /** JSON `{flows, exporter}`: SHA-256 of their tokens, hexadecimal. */
  secretsFile: string;
  /** Registry snapshot, signed by `flows`. It may appear later. */
  registryFile: string;
  /** Public key for the signature of snapshots, PEM. */
  registryKeyFile: string;
  /** File in which `flows` puts the certificate of the TLS listener; absent means in `dataDir`. */
  certificateFile?: string;
  /** The broker's own folder: the highest registry version, its key, and its certificate request, which `flows` may read. */
  dataDir: string;
  clock: Clock;
  /** The accelerated clock of a demo. The reflector uses it for time stamps and rate limits. */
  played?: Clock;
  log: Log;
  limits?: Partial<Limits>;
};
/**
 * Starts the broker. The port of an absent listener is undefined. `series`: its metrics. `unready`: the reason why it admits no PC yet.
 * Throws a `StartError` for an invalid setting or file.
 * Guarantee: does not start without valid secrets and key, and admits no PC without a registry snapshot.
 */
export async function createBroker(options: BrokerOptions) {
  const { clock, played = clock, log } = options;
  const limits = { ...usualLimits, ...options.limits };
  if (!isLoopback(options.host)) throw new StartError(`host ${options.host} is not loopback: plain MQTT never leaves this machine`);
  const secrets = loadSecrets(options.secretsFile);
  const key = loadKey(options.registryKeyFile);
  makeFolder(options.dataDir);
  const admission = createAdmission(secrets);
  const sessions = createSessions();
  const rights = createRights(clock);
  const tls = options.tls && (await createTlsListener(options));
  const registryFile = followRegistry({
    file: options.registryFile,
    key,
    floorFile: join(options.dataDir, 'registry-version'),
    clock,
    log,
    onSnapshot(snapshot) {
      admission.use(snapshot);
      rights.use(snapshot);
      tls?.trust(snapshot.roots);
      for (const { name } of sessions.endUnless(admission.holds)) log.warn({ who: name }, 'session ended: no longer admitted');
    },
  });
  const metrics = createMetrics({ clients: sessions.count, registryVersion: registryFile.version });
  const refuse = createRefuse(metrics.countRefused, createRareLog(clock, log));
  const conduct = createConduct({ limits, clock, sessions, refuse, metrics, say: createRareLog(clock, log) });
  const aedes = await Aedes.createBroker({
    ...createHooks({ admission, sessions, refuse, clones: createClones(clock), pace: conduct.pace, countMessage: metrics.countMessage }),
    // With another concurrency valid traffic can crash the process, and one stalled subscriber blocks all others.
    concurrency: 0,
    drainTimeout: limits.drainTimeoutMs,
    connectTimeout: limits.connectTimeoutMs,
    keepaliveLimit: 300,
    maxInflightInbound: 20,
    heartbeatInterval: 60_000,
  });
  // Every four minutes aedes publishes the wills of other brokers that seem dead by the wall clock. A clock step forward makes it consider
  // itself dead. Only one broker exists, and a lost connection publishes its will at once, so this is turned off.
  Object.assign((aedes as { persistence?: object }).persistence ?? {}, { streamWill: () => [] });
  const listener = createListener({ aedes, refuse, conduct, sessions, gate: createGate(limits, clock, refuse) });
  if (tls) listener.add(tls.server);
  const answerers = [
    createStampAnswerer({ rights, clock: played, count: metrics.countPacket }),
    createTrains({ prove: rights.prove, secret: randomBytes(32), clock, refill: played, count: metrics.countPacket }),
  ];
  let reflector: Reflector | undefined;
  const close = async () => {
    registryFile.close();
    reflector?.close();
    tls?.close();
    if (aedes.closed) return;
    const closed = new Promise<void>((done) => aedes.close(done));
    listener.close();
    await closed;
  };
  try {
    const port = await listen(listener.server, options);
    const tlsPort = tls && options.tls ? await listen(tls.server, options.tls) : undefined;
    reflector = options.reflector && (await openReflector({ ...options.reflector, answerers, count: metrics.countPacket }));
    const unready = () => (registryFile.version() === 0 ? 'flows has not said yet which PCs are admitted' : undefined);
    return { port, tlsPort, reflectorPort: reflector?.port, series: metrics.series, unready, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type ListenerOptions = { aedes: Aedes; refuse: Refuse; conduct: Conduct; sessions: Sessions; gate: Gate };

function createListener({ aedes, refuse, conduct, sessions, gate }: ListenerOptions) {
  const sockets = new Set<Socket>();
  const secures: Server[] = [];
  const take = (socket: Socket) => {
    sockets.add(socket);
    const client = aedes.handle(socket);
    conduct.watch(client);
    socket.once('close', () => {
      sockets.delete(socket);
      sessions.gone(client);
      conduct.pace.gone(client);
    });
  };
  const server = createServer({ noDelay: true }, (socket) => {
    if (gate.enter(socket)) take(socket);
  });
  // For example too many open files: the next connection may succeed.
  const notAccepted = (error: Error) => refuse({ action: 'connect', reason: 'accept', who: '', what: error.message });
  server.on('error', notAccepted);
  aedes.on('client', (client) => {
    gate.admitted(client.conn as Socket, client.id);
    conduct.admitted(client);
  });
  aedes.on('clientError', conduct.failed);
  aedes.on('connectionError', (_client, error) => {
    const reason = reasonOf(error);
    if (reason) refuse({ action: 'connect', reason, who: '' });
  });
  return {
    server,
    add(secure: TlsListener['server']): void {
      secures.push(secure);
      secure.on('error', notAccepted).on('secureConnection', take);
      // Sockets in the handshake must also be closed on shutdown.
      secure.on('connection', (socket) => {
        if (gate.enter(socket)) sockets.add(socket.once('close', () => sockets.delete(socket)));
      });
      secure.on('tlsClientError', (error, socket) => {
        refuse({ action: 'connect', reason: 'tls', who: '', what: whyNoHandshake(error) });
        // Node reports a handshake timeout but does not close the socket.
        socket.destroy();
      });
    },
    close(): void {
      for (const one of [server, ...secures]) one.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Maps a refusal by aedes itself, by its MQTT return code, to a reason. */
function reasonOf(error: Error & { errorCode?: number }): string | undefined {
  if (error.message === 'connect did not arrive in time') return 'timeout';
  return { 1: 'version', 2: 'client_id', 6: 'keepalive' }[error.errorCode ?? 0];
}
