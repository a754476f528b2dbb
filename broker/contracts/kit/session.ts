/** The MQTT session of a part of the centre: clean, for ever coming back. It holds nothing; what matters is asked for again. */
import { Socket } from 'node:net';
import type { connect, MqttClient } from 'mqtt';
import type { Cancel, Clock } from './clock.ts';
import { doubledMs } from './waits.ts';

const shortestMs = 100;
/** Sessions that came up and were lost again. */
const thrownOut = { losses: 3, withinMs: 60_000 };
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
export type PartSession = ReturnType<typeof openPartSession>;

/** Connects at once, and again for ever (`reconnectMs`). Guarantee: a session without all its filters is none. */
export function openPartSession({ host, port, name, token, filters, qos, ...options }: PartSessionOptions) {
  let client: MqttClient | undefined;
  let cancelRetry: Cancel = () => {};
  const retries = createRetries(options.clock.up, options.random);
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
      const { waitMs, isThrownOut } = retries.lost();
      cancelRetry = options.clock.after(waitMs, open);
      options.onLost(isThrownOut ? `${why}: again and again, perhaps since another process connects as ${name}` : why);
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
    /** Sends while the session is up; what is said while it is down is not kept. */
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

/** Counts how a session fails. Guarantee: two processes that throw each other out come ever more slowly, though each of them gets in. */
export function createRetries(up: Clock['up'], random: () => number) {
  let failures = 0;
  let isUp = false;
  let lossesAt: number[] = [];
  const isThrownOut = () => lossesAt.length >= thrownOut.losses;
  const lately = () => lossesAt.filter((at) => up() - at < thrownOut.withinMs);

  return {
    /** It is there. */
    up(): void {
      isUp = true;
      lossesAt = lately();
      if (!isThrownOut()) failures = 0;
    },

    /** An attempt failed, or what was there is lost: how long to wait, and whether that happened too often of late. */
    lost(): { waitMs: number; isThrownOut: boolean } {
      if (isUp) lossesAt = [...lately(), up()];
      isUp = false;
      failures += 1;
      return { waitMs: reconnectMs(failures, random), isThrownOut: isThrownOut() };
    },
  };
}

/** How long to wait after this many failures in a row: longer each time, up to about 10 s, and never the same for two who fail together. */
export function reconnectMs(failures: number, random: () => number): number {
  return shortestMs + random() * doubledMs(failures, limits);
}
