/** MQTT connection of the agent to the broker, with the library mqtt.js. */
import { Socket } from 'node:net';
import { messageOf } from '@sabha/contracts';
import { connect, type IClientOptions, MqttClient } from 'mqtt';
import type { Identity } from '../identity/identity.ts';
import { type CountBytes, meterTcp, type OnMessage } from '../link/net/meter.ts';
import type { OnInternalError } from './store/log.ts';
import { dial } from './tls.ts';

export type ConnectOptions = {
  /** MQTT client id, which is also the user name. */
  name: string;
  /** Token of the PC; absent if a certificate proves the identity. */
  password?: string | undefined;
  keepaliveMs: number;
  /** Last will: the broker publishes it with QoS 1, not retained, when the connection ends without a DISCONNECT. */
  will: { topic: string; payload: Buffer };
};

export type ConnectionHandlers = {
  message(topic: string, payload: Buffer): void;
  /** Called once when the connection breaks, but never after `end`. */
  closed(reason: string): void;
};

export type Connection = {
  /** Resolves to true if the broker granted every topic filter. */
  subscribe(filters: string[]): Promise<boolean>;
  /**
   * Resolves to true at the PUBACK (with QoS 0: when the message is written). Resolves to false if the connection ended before. Never
   * rejects.
   */
  publish(topic: string, payload: Buffer, options: { qos: 0 | 1 }): Promise<boolean>;
  /** Sends a DISCONNECT, so that the broker publishes no last will. */
  end(): Promise<void>;
};

/** `refused`: the broker rejects this identity. */
export type ConnectResult = { ok: true; connection: Connection } | { ok: false; refused: boolean; reason: string };

export type Transport = {
  /** Opens a connection; resolves at the CONNACK. Never rejects. */
  connect(options: ConnectOptions, handlers: ConnectionHandlers): Promise<ConnectResult>;
};

/** Address of a broker without TLS. */
export type MqttAddress = {
  host: string;
  port: number;
  /** Speed of a simulated clock. Keepalive intervals are divided by it. */
  speed?: number;
  /** Receives the wire bytes of each connection. */
  used?: CountBytes;
};

/** Options for MQTT over TLS. `now` returns the time for checking certificates, milliseconds since 1970. */
export type TlsOptions = Pick<MqttAddress, 'speed' | 'used'> & { now: () => number };

const connectTimeoutMs = 30_000;
const endTimeoutMs = 500;
const poolBytes = 1_024;

/**
 * Shrinks the Buffer pool of Node.js. Call it before the first packet: mqtt-packet caches a few bytes per packet length. Each cached slice
 * would keep a whole pool of 64 KB in memory.
 */
export function keepPoolsSmall(): void {
  Buffer.poolSize = poolBytes;
}

/** Creates MQTT connections without TLS, for a broker on the same machine. */
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

/** Creates connections with MQTT over TLS. `identity` is read for each connection, because certificates are renewed. */
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

/** Wraps a transport. Guarantee: it never throws or rejects. An exception goes to `onInternalError`, and the operation counts as failed. */
export function errorSafeTransport(transport: Transport, onInternalError: OnInternalError): Transport {
  const sure = <T>(what: string, task: () => Promise<T>, instead: (reason: string) => T): Promise<T> =>
    Promise.try(task).catch((error) => {
      onInternalError(what, error);
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
      const answer = await sure<ConnectResult>(
        'a connection',
        () => transport.connect(options, handlers),
        (reason) => ({ ok: false, refused: false, reason }),
      );
      return answer.ok ? { ok: true, connection: sturdyOne(answer.connection) } : answer;
    },
  };
}

/** Packet types that the other side answers at once. A publish is among them, because all our messages have QoS 1. */
const requestPackets: ReadonlySet<string> = new Set(['connect', 'subscribe', 'publish', 'pingreq']);

function countMessages(client: MqttClient, { message }: { message: OnMessage }): void {
  client
    .on('packetsend', ({ cmd }) => message('out', requestPackets.has(cmd)))
    .on('packetreceive', ({ cmd }) => message('in', requestPackets.has(cmd)));
}

/**
 * Options for MQTT 3.1.1 with a clean session. The library stores nothing and never reconnects: the spool is the only queue, and the uplink
 * decides when to connect.
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

function connected(client: MqttClient, handlers: ConnectionHandlers): Promise<ConnectResult> {
  const { promise, resolve } = Promise.withResolvers<ConnectResult>();
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
    // Ends all pending publishes. Each of them then resolves to false.
    client.end(true);
    if (state.up) handlers.closed(state.reason);
    resolve({ ok: false, refused: state.refused, reason: state.reason });
  });
  return promise;
}

/** CONNACK codes: identifier rejected, bad user name or password, not authorised. */
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
        // Limits the time to end the connection: the peer may not respond, or another client may have taken over the session.
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
