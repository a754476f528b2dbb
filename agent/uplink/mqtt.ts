/** The MQTT connection as the uplink sees it, and mqtt.js behind it. */
import { Socket } from 'node:net';
import { messageOf } from '@sabha/contracts';
import { connect, type IClientOptions, MqttClient } from 'mqtt';
import type { Identity } from '../identity/identity.ts';
import { meterTcp, type OnMessage, type Used } from '../link/net/meter.ts';
import type { OnSlip } from './store/log.ts';
import { dial } from './tls.ts';

/** Who connects, and what is said when it is gone. */
export type ConnectOptions = {
  /** Client id and user name at once. */
  name: string;
  /** Absent where a certificate says who this is. */
  password?: string | undefined;
  keepaliveMs: number;
  /** Published by the broker, QoS 1 and not retained, when the connection ends without a goodbye. */
  will: { topic: string; payload: Buffer };
};

/** Who hears what a connection brings. */
export type ConnectionHandlers = {
  message(topic: string, payload: Buffer): void;
  /** The connection is over. Called once, and never after `end`. */
  closed(reason: string): void;
};

/** An open connection to the broker. */
export type Connection = {
  /** True once the broker granted all of them. */
  subscribe(filters: string[]): Promise<boolean>;
  /** True at the PUBACK (QoS 0: once written); false where the connection ended before. Never rejects. */
  publish(topic: string, payload: Buffer, options: { qos: 0 | 1 }): Promise<boolean>;
  /** Says DISCONNECT, so that no will is published. */
  end(): Promise<void>;
};

/** `refused`: the broker does not admit this identity. */
export type Connected = { ok: true; connection: Connection } | { ok: false; refused: boolean; reason: string };

/** The way in which connections to the broker are opened. */
export type Transport = {
  /** Resolves at the CONNACK. Never rejects. */
  connect(options: ConnectOptions, handlers: ConnectionHandlers): Promise<Connected>;
};

/** Where the broker listens without TLS. */
export type MqttAddress = {
  host: string;
  port: number;
  /** Factor of the clock: keepalives pass as much faster. */
  speed?: number;
  /** Told what each connection costs on the wire. */
  used?: Used;
};

/** As for plain MQTT, and the time by which certificates are judged, milliseconds since 1970. */
export type TlsOptions = Pick<MqttAddress, 'speed' | 'used'> & { now: () => number };

const connectTimeoutMs = 30_000;
const endTimeoutMs = 500;
const poolBytes = 1_024;

/**
 * Once, before the first packet: mqtt-packet keeps a few bytes for each length that a packet ever had, cut from a pool of Node's, and each would
 * hold its whole pool of 64 KB for ever.
 */
export function keepPoolsSmall(): void {
  Buffer.poolSize = poolBytes;
}

/** Plain MQTT, which never leaves this machine. */
export function createMqttTransport({ host, port, speed = 1, used }: MqttAddress): Transport {
  return {
    connect: (options, handlers) => {
      const client = connect({ ...clientOptions(options, speed), host, port, protocol: 'mqtt' });
      if (client.stream instanceof Socket) {
        client.stream.setNoDelay(true);
        if (used) countMessages(client, meterTcp(client.stream, used));
      }
      return connected(client, handlers);
    },
  };
}

/** MQTT over TLS to the centre of an identity, which may be another one at each connection: certificates are renewed. */
export function createTlsTransport(identity: () => Identity, { now, speed = 1, used = () => undefined }: TlsOptions): Transport {
  return {
    connect: async (options, handlers) => {
      const dialled = await dial(identity(), now, used);
      if (!dialled.ok) return { ...dialled, refused: false };
      const client = new MqttClient(() => dialled.socket, clientOptions(options, speed));
      countMessages(client, dialled);
      return connected(client, handlers);
    },
  };
}

/** The same way. Guarantee: it never throws or rejects; what does is told, and has not been done. */
export function sturdyTransport(transport: Transport, onSlip: OnSlip): Transport {
  const sure = <T>(what: string, task: () => Promise<T>, instead: (reason: string) => T): Promise<T> =>
    Promise.try(task).catch((error) => {
      onSlip(what, error);
      return instead(messageOf(error));
    });
  const no = () => false;
  const sturdyOne = ({ subscribe, publish, end }: Connection): Connection => ({
    subscribe: (filters) => sure('a subscription', () => subscribe(filters), no),
    publish: (topic, payload, options) => sure('a message', () => publish(topic, payload, options), no),
    end: () => sure('the end of a connection', end, () => undefined),
  });
  return {
    async connect(options, handlers) {
      const answer = await sure<Connected>(
        'a connection',
        () => transport.connect(options, handlers),
        (reason) => ({ ok: false, refused: false, reason }),
      );
      return answer.ok ? { ok: true, connection: sturdyOne(answer.connection) } : answer;
    },
  };
}

/** What the other side answers at once; all we publish has QoS 1. */
const asking: ReadonlySet<string> = new Set(['connect', 'subscribe', 'publish', 'pingreq']);

/** Each packet of MQTT is told just before it is written. */
function countMessages(client: MqttClient, { message }: { message: OnMessage }): void {
  client.on('packetsend', ({ cmd }) => message('out', asking.has(cmd))).on('packetreceive', ({ cmd }) => message('in', asking.has(cmd)));
}

/**
 * MQTT 3.1.1 with a clean session. mqtt.js stores nothing and never reconnects by itself: the spool is the only queue, the uplink decides when.
 */
function clientOptions({ name, password, keepaliveMs, will }: ConnectOptions, speed: number): IClientOptions {
  return {
    protocolVersion: 4,
    clean: true,
    reconnectPeriod: 0,
    queueQoSZero: false,
    resubscribe: false,
    clientId: name,
    username: name,
    ...(password !== undefined && { password }),
    keepalive: Math.max(1, Math.round(keepaliveMs / 1_000 / speed)),
    connectTimeout: connectTimeoutMs,
    will: { ...will, qos: 1, retain: false },
  };
}

function connected(client: MqttClient, handlers: ConnectionHandlers): Promise<Connected> {
  const { promise, resolve } = Promise.withResolvers<Connected>();
  const state = { up: false, ended: false, reason: 'connection closed', refused: false };
  client.on('connect', () => {
    state.up = true;
    resolve({ ok: true, connection: connectionOf(client, state) });
  });
  client.on('message', (topic, payload) => handlers.message(topic, payload));
  client.on('error', (error) => {
    state.reason = error.message || ('code' in error ? String(error.code) : 'connection failed');
    state.refused = 'code' in error && refusals.has(error.code);
  });
  client.on('close', () => {
    if (state.ended) return;
    state.ended = true;
    // Lets go of all that is still unconfirmed: each publish then answers false.
    client.end(true);
    if (state.up) handlers.closed(state.reason);
    resolve({ ok: false, refused: state.refused, reason: state.reason });
  });
  return promise;
}

/** Identifier rejected, bad user name or password, not authorised. */
const refusals = new Set<unknown>([2, 4, 5]);

function connectionOf(client: MqttClient, state: { ended: boolean }): Connection {
  const open = () => !state.ended && client.connected;
  return {
    subscribe: (filters) =>
      new Promise((resolve) => {
        if (!open()) return resolve(false);
        client.subscribe(filters, { qos: 1 }, (error, granted) => resolve(!error && (granted ?? []).every(({ qos }) => qos < 128)));
      }),
    publish: (topic, payload, { qos }) =>
      new Promise((resolve) => {
        if (!open()) return resolve(false);
        client.publish(topic, payload, { qos }, (error) => resolve(!error));
      }),
    end: () =>
      new Promise((resolve) => {
        if (state.ended) return resolve();
        state.ended = true;
        // Neither a frozen peer may hold up the stop, nor a client that waits for the end of a connection which another has taken over.
        const timer = setTimeout(() => {
          client.stream.destroy();
          resolve();
        }, endTimeoutMs);
        client.end(false, {}, () => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
}
