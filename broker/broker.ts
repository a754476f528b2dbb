/** The broker: admits known clients to their own topics and forwards their messages. It stores no state, so a crash loses nothing. */
import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Clock, isLoopback, type Log, listen, makeFolder, StartError } from '@sabha/contracts';
import { Aedes } from 'aedes';
import { createAdmission, createSessions, loadPublicKey, loadSecrets, type Sessions, trackClones } from './admission/admission.ts';
import { followRegistry } from './admission/registry-file.ts';
import { createTlsListener, describeHandshakeError, type TlsListener } from './admission/tls.ts';
import { createHooks } from './hooks.ts';
import { createMetrics } from './metrics.ts';
import { type ClientLimits, createClientLimits } from './protection/client-limits.ts';
import { type ConnectionLimiter, createConnectionLimiter } from './protection/gate.ts';
import { defaultLimits, type Limits } from './protection/limits.ts';
import { createRateLimitedLog, createRefuse, type Refuse } from './protection/refusals.ts';
import { openReflector, type Reflector } from './reflector/reflector.ts';
import { createTokenVerifier } from './reflector/rights.ts';
import { createStampHandler } from './reflector/stamp.ts';
import { createTrainHandler } from './reflector/trains.ts';

export type BrokerOptions = {
  /** Loopback only, because this listener is plain TCP. */
  host: string;
  /** 0 selects a free port. */
  port: number;
  /** TLS listener for PCs with a certificate; absent: no listener. */
  tls?: { host: string; port: number } | undefined;
  /** UDP reflector for link measurements; absent: no reflector. */
  reflector?: { host: string; port: number } | undefined;
  /** JSON file `{flows, exporter}` with the SHA-256 hashes of their tokens, hexadecimal. */
  secretsFile: string;
  /** File with the registry snapshot, signed by `flows`. The file may appear later. */
  registryFile: string;
  /** File with the public key that verifies snapshots, in PEM. */
  registryKeyFile: string;
  /** File in which `flows` writes the certificate of the TLS listener; absent: a file in `dataDir`. */
  certificateFile?: string;
  /** The broker's own folder: the highest registry version, its key, and its certificate request, which `flows` may read. */
  dataDir: string;
  clock: Clock;
  /** The accelerated clock of a demo. The reflector uses it for time stamps and rate limits. */
  demoClock?: Clock;
  log: Log;
  limits?: Partial<Limits>;
};
/**
 * Starts the broker. The port of an absent listener is undefined. `series`: its metrics. `unready`: the reason why it admits no PC yet.
 * Throws a `StartError` for an invalid setting or file.
 * Guarantee: does not start without valid secrets and key, and admits no PC without a registry snapshot.
 */
export async function createBroker(options: BrokerOptions) {
  const { clock, demoClock = clock, log } = options;
  const limits = { ...defaultLimits, ...options.limits };
  if (!isLoopback(options.host)) throw new StartError(`host ${options.host} is not loopback: plain MQTT never leaves this machine`);
  const secrets = loadSecrets(options.secretsFile);
  const key = loadPublicKey(options.registryKeyFile);
  makeFolder(options.dataDir);
  const admission = createAdmission(secrets);
  const sessions = createSessions();
  const tokens = createTokenVerifier(clock);
  const tls = options.tls && (await createTlsListener(options));
  const registryFile = followRegistry({
    file: options.registryFile,
    key,
    versionFile: join(options.dataDir, 'registry-version'),
    clock,
    log,
    onSnapshot(snapshot) {
      admission.setRegistry(snapshot);
      tokens.setKeyAndRevocations(snapshot);
      tls?.setTrustedRoots(snapshot.roots);
      for (const { name } of sessions.closeUnless(admission.isStillValid)) log.warn({ who: name }, 'session ended: no longer admitted');
    },
  });
  const metrics = createMetrics({ clients: sessions.count, registryVersion: registryFile.version });
  const refuse = createRefuse(metrics.countRefused, createRateLimitedLog(clock, log));
  const clientLimits = createClientLimits({ limits, clock, sessions, refuse, metrics, logLimited: createRateLimitedLog(clock, log) });
  const aedes = await Aedes.createBroker({
    ...createHooks({ admission, sessions, refuse, clones: trackClones(clock), pace: clientLimits.pace, onMessage: metrics.countMessage }),
    // With any other concurrency valid traffic can crash the process, and one stalled subscriber blocks all others.
    concurrency: 0,
    drainTimeout: limits.drainTimeoutMs,
    connectTimeout: limits.connectTimeoutMs,
    keepaliveLimit: 300,
    maxInflightInbound: 20,
    heartbeatInterval: 60_000,
  });
  // Every four minutes aedes publishes the wills of other brokers whose last sign of life is old by the wall clock. After a clock step
  // forward this broker would count itself as such a broker. Only one broker exists, and it publishes the will of a lost connection at
  // once, so this function returns nothing.
  Object.assign((aedes as { persistence?: object }).persistence ?? {}, { streamWill: () => [] });
  const listener = createListener({ aedes, refuse, clientLimits, sessions, connections: createConnectionLimiter(limits, clock, refuse) });
  if (tls) listener.add(tls.server);
  const handlers = [
    createStampHandler({ tokens, clock: demoClock, count: metrics.countPacket }),
    createTrainHandler({ checkToken: tokens.verify, secret: randomBytes(32), clock, quotaClock: demoClock, count: metrics.countPacket }),
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
    reflector = options.reflector && (await openReflector({ ...options.reflector, handlers, count: metrics.countPacket }));
    const unready = () => (registryFile.version() === 0 ? 'flows has not yet listed the admitted PCs' : undefined);
    return { port, tlsPort, reflectorPort: reflector?.port, series: metrics.series, unready, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type ListenerOptions = { aedes: Aedes; refuse: Refuse; clientLimits: ClientLimits; sessions: Sessions; connections: ConnectionLimiter };

function createListener({ aedes, refuse, clientLimits, sessions, connections }: ListenerOptions) {
  const sockets = new Set<Socket>();
  const secures: Server[] = [];
  const addSocket = (socket: Socket) => {
    sockets.add(socket);
    const client = aedes.handle(socket);
    clientLimits.watchFrames(client);
    socket.once('close', () => {
      sockets.delete(socket);
      sessions.handleDisconnect(client);
      clientLimits.pace.removeConnection(client);
    });
  };
  const server = createServer({ noDelay: true }, (socket) => {
    if (connections.register(socket)) addSocket(socket);
  });
  // An accept can fail for lack of file descriptors, for example. The next connection may succeed.
  const onAcceptError = (error: Error) => refuse({ action: 'connect', reason: 'accept', who: '', what: error.message });
  server.on('error', onAcceptError);
  aedes.on('client', (client) => {
    connections.markAdmitted(client.conn as Socket, client.id);
    clientLimits.handleAdmitted(client);
  });
  aedes.on('clientError', clientLimits.handleClientError);
  aedes.on('connectionError', (_client, error) => {
    const reason = refusalReason(error);
    if (reason) refuse({ action: 'connect', reason, who: '' });
  });
  return {
    server,
    add(secure: TlsListener['server']): void {
      secures.push(secure);
      secure.on('error', onAcceptError).on('secureConnection', addSocket);
      // Sockets in the handshake must also be closed on shutdown.
      secure.on('connection', (socket) => {
        if (connections.register(socket)) sockets.add(socket.once('close', () => sockets.delete(socket)));
      });
      secure.on('tlsClientError', (error, socket) => {
        refuse({ action: 'connect', reason: 'tls', who: '', what: describeHandshakeError(error) });
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

/** Returns the reason of a refusal by aedes itself, from its MQTT return code. */
function refusalReason(error: Error & { errorCode?: number }): string | undefined {
  if (error.message === 'connect did not arrive in time') return 'timeout';
  return { 1: 'version', 2: 'client_id', 6: 'keepalive' }[error.errorCode ?? 0];
}
