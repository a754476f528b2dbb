/** The broker: admits known clients to their own topics and carries their messages. Holds no truth; nothing is lost when it dies. */
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

/** What `createBroker` needs. */
export type BrokerOptions = {
  /** Loopback only: this listener is plain TCP. */
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** Where PCs with a certificate come in, from other machines too; absent = nowhere. */
  tls?: { host: string; port: number } | undefined;
  /** Where PCs measure their link, by UDP; absent = nowhere. */
  reflector?: { host: string; port: number } | undefined;
  /** JSON `{flows, exporter}`: SHA-256 of their tokens, hexadecimal. */
  secretsFile: string;
  /** Snapshot of the registry, signed by `flows`; it may come later. */
  registryFile: string;
  /** Public key that snapshots are signed for, PEM. */
  registryKeyFile: string;
  /** Where `flows` puts the certificate of the TLS listener; absent = in the broker's own folder. */
  certificateFile?: string;
  /** The broker's own folder: the highest registry version, its key, and the request for its certificate, which `flows` may read. */
  dataDir: string;
  clock: Clock;
  /** That of the centre and its PCs, where it plays a day in minutes: by it the reflector says when a probe came, and may send something again. */
  played?: Clock;
  log: Log;
  /** What is not given here is as usual. */
  limits?: Partial<Limits>;
};
/**
 * Starts the broker; a port that was not asked for is undefined. `series`: what it says of itself. `unready`: why no PC is admitted yet. Throws `StartError` where a setting or a file is wrong.
 * Guarantee: without readable secrets and key it does not start, and without a snapshot of the registry no PC is admitted.
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
    // With any other concurrency valid traffic can end the process, and one stalled subscriber stops everybody.
    concurrency: 0,
    drainTimeout: limits.drainTimeoutMs,
    connectTimeout: limits.connectTimeoutMs,
    keepaliveLimit: 300,
    maxInflightInbound: 20,
    heartbeatInterval: 60_000,
  });
  // Every four minutes aedes tells the wills of other brokers that seem dead by the wall clock: one that is set forward makes it take itself for
  // dead too. There is no other one; who loses its connection here has its will told at once.
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
  // Too many open files, say: the next connection may succeed.
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
    /** Takes in who comes over TLS as well. */
    add(secure: TlsListener['server']): void {
      secures.push(secure);
      secure.on('error', notAccepted).on('secureConnection', take);
      // Who has not ended the handshake yet is closed with the others.
      secure.on('connection', (socket) => {
        if (gate.enter(socket)) sockets.add(socket.once('close', () => sockets.delete(socket)));
      });
      secure.on('tlsClientError', (error, socket) => {
        refuse({ action: 'connect', reason: 'tls', who: '', what: whyNoHandshake(error) });
        // Node only tells that the time for the handshake is over.
        socket.destroy();
      });
    },
    close(): void {
      for (const one of [server, ...secures]) one.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** What aedes itself refuses before it asks us, by the return code that it answers. */
function reasonOf(error: Error & { errorCode?: number }): string | undefined {
  if (error.message === 'connect did not arrive in time') return 'timeout';
  return { 1: 'version', 2: 'client_id', 6: 'keepalive' }[error.errorCode ?? 0];
}
