/** The MQTT session of a part of the centre: clean, for ever coming back. It holds nothing; what matters is asked for again. */
import { Socket } from 'node:net';
import type { connect, MqttClient } from 'mqtt';
import { doubledMs } from './backoff.ts';
import type { Cancel, Clock } from './clock.ts';

const shortestMs = 100;
const limits = { firstMs: 500, maxMs: 10_000 };
/** By the clock that is passed in: a broker that stands still is noticed at its pace. */
const keepaliveSeconds = 30;

/** What `openPartSession` needs. */
export type PartSessionOptions = {
  /** Of the package mqtt. */
  connect: typeof connect;
  host: string;
  port: number;
  /** Whom the broker knows it as. */
  name: 'flows' | 'exporter';
  token: string;
  filters: readonly string[];
  qos: 0 | 1;
  clock: Clock;
  random(): number;
  onMessage(topic: string, payload: Buffer): void;
  /** All filters are granted. From now on what is said is heard (R17, R18). */
  onSubscribed(): void;
  /** Told for every attempt that failed and every loss, in one line. */
  onLost(reason: string): void;
};

/** A session that is up, or on its way to be. */
export type PartSession = {
  /** Sends while the session is up; what is said while it is down is not kept. */
  send(topic: string, payload: Buffer, qos: 0 | 1): void;
  close(): Promise<void>;
};

/** Connects at once, and again for ever (`reconnectMs`). Guarantee: a session without all its filters is none. */
export function openPartSession({ host, port, name, token, filters, qos, ...options }: PartSessionOptions): PartSession {
  let client: MqttClient | undefined;
  let cancelRetry: Cancel = () => {};
  let failures = 0;
  let closed = false;

  function open(): void {
    const identity = { clientId: name, username: name, password: token };
    const life = {
      clean: true,
      keepalive: Math.max(1, Math.round(keepaliveSeconds / (options.clock.speed ?? 1))),
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
    };
    const own = options.connect({ host, port, protocolVersion: 4, ...identity, ...life });
    client = own;
    // Else an ack waits behind the PUBACK before it until the broker's kernel has confirmed that one, 40 ms later.
    if (own.stream instanceof Socket) own.stream.setNoDelay(true);
    let why = 'connection closed';
    own.on('connect', () => subscribe(own));
    own.on('message', (topic, payload) => options.onMessage(topic, payload));
    own.on('error', (error) => {
      why = error.message;
    });
    own.on('close', () => {
      own.end(true);
      if (closed || client !== own) return;
      client = undefined;
      failures += 1;
      cancelRetry = options.clock.after(reconnectMs(failures, options.random), open);
      options.onLost(why);
    });
  }

  function subscribe(own: MqttClient): void {
    own.subscribe([...filters], { qos }, (error, granted = []) => {
      const isRefused = granted.length < filters.length || granted.some((one) => one.qos > 1);
      if (error || isRefused) return void own.stream.destroy(new Error('subscription refused'));
      failures = 0;
      options.onSubscribed();
    });
  }

  open();
  return {
    send(topic, payload, level) {
      if (client?.connected === true) client.publish(topic, payload, { qos: level }, () => {});
    },
    async close() {
      closed = true;
      cancelRetry();
      await client?.endAsync(true);
    },
  };
}

/** How long to wait after this many failures in a row: longer each time, up to about 10 s, and never the same for two who fail together. */
export function reconnectMs(failures: number, random: () => number): number {
  return shortestMs + random() * doubledMs(failures, limits);
}
