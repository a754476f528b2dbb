/**
 * The MQTT session of a server part: a clean session that reconnects without limit. It stores nothing, and requests missed messages again.
 */
import { Socket } from 'node:net';
import type { connect, MqttClient } from 'mqtt';
import type { Cancel, Clock } from './clock.ts';
import { doubledMs } from './waits.ts';

const shortestMs = 100;
/** Number of losses of an established session within this time that suggests a second process with the same name (session takeover). */
const takeover = { losses: 3, withinMs: 60_000 };
const limits = { firstMs: 500, maxMs: 10_000 };
/** Keepalive in seconds of the given clock, so that an accelerated part notices a stalled broker at its speed. */
const keepaliveSeconds = 30;

export type PartSessionOptions = {
  connect: typeof connect;
  host: string;
  port: number;
  /** User name at the broker. */
  name: 'flows' | 'exporter';
  token: string;
  filters: readonly string[];
  qos: 0 | 1;
  clock: Clock;
  random(): number;
  onMessage(topic: string, payload: Buffer): void;
  /** Called when all filters are granted and messages are received (R17 Hello after every subscription, R18 Silence). */
  onSubscribed(): void;
  /** Called with one line for each failed attempt and each loss. */
  onLost(reason: string): void;
};

export type PartSession = ReturnType<typeof openPartSession>;

/** Connects at once, and again without limit after `reconnectMs`. Guarantee: a session without all its filters is closed. */
export function openPartSession({ host, port, name, token, filters, qos, ...options }: PartSessionOptions) {
  let client: MqttClient | undefined;
  let cancelRetry: Cancel = () => {};
  const retries = createRetryDelays(options.clock.up, options.random);
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
    // Without `setNoDelay`, Nagle's algorithm with delayed ACK adds 40 ms to an ack that follows a PUBACK.
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
      const { waitMs, isTakeoverSuspected } = retries.lost();
      cancelRetry = options.clock.after(waitMs, open);
      options.onLost(isTakeoverSuspected ? `${why}: repeatedly, perhaps another process connects as ${name}` : why);
    });
  }

  function subscribe(own: MqttClient): void {
    own.subscribe([...filters], { qos }, (error, granted = []) => {
      const isRefused = granted.length < filters.length || granted.some((one) => one.qos > 1);
      if (error || isRefused) return void own.stream.destroy(new Error('subscription refused'));
      retries.up();
      options.onSubscribed();
    });
  }

  open();
  return {
    /** Publishes while the session is up; otherwise drops the message. */
    send(topic: string, payload: Buffer, level: 0 | 1): void {
      if (client?.connected === true) client.publish(topic, payload, { qos: level }, () => {});
    },
    async close(): Promise<void> {
      closed = true;
      cancelRetry();
      await client?.endAsync(true);
    },
  };
}

/**
 * Counts failures of a session. Guarantee: two processes that take over each other's session reconnect at growing intervals, although each
 * connection succeeds.
 */
export function createRetryDelays(up: Clock['up'], random: () => number) {
  let failures = 0;
  let isUp = false;
  let lossesAt: number[] = [];
  const isTakeoverSuspected = () => lossesAt.length >= takeover.losses;
  const recentLosses = () => lossesAt.filter((at) => up() - at < takeover.withinMs);

  return {
    up(): void {
      isUp = true;
      lossesAt = recentLosses();
      if (!isTakeoverSuspected()) failures = 0;
    },

    /** Records a failed attempt or a lost session. Returns the delay of the next attempt, and whether a takeover is suspected. */
    lost(): { waitMs: number; isTakeoverSuspected: boolean } {
      if (isUp) lossesAt = [...recentLosses(), up()];
      isUp = false;
      failures += 1;
      return { waitMs: reconnectMs(failures, random), isTakeoverSuspected: isTakeoverSuspected() };
    },
  };
}

/** Returns the delay after consecutive failures: exponential backoff up to about 10 s, with jitter. */
export function reconnectMs(failures: number, random: () => number): number {
  return shortestMs + random() * doubledMs(failures, limits);
}
