/** The MQTT session of the exporter: clean, for ever coming back. What is said while it is down is not heard, and need not be: a beat follows. */
import { connect, type MqttClient } from 'mqtt';
import { type Cancel, type Clock, exporterFilters } from '#contracts';

const backoffMinMs = 500;
const backoffMaxMs = 10_000;
const keepaliveSeconds = 30;

export type SessionOptions = {
  host: string;
  port: number;
  token: string;
  clock: Clock;
  random(): number;
  onMessage(topic: string, payload: Buffer): void;
  onSubscribed(): void;
  /** Told for every attempt that failed and every loss, in one line. */
  onLost(line: string): void;
};

export function openSession(options: SessionOptions): { close(): void } {
  let client: MqttClient | undefined;
  let cancelRetry: Cancel = () => {};
  let failures = 0;
  let closed = false;

  function open(): void {
    const { host, port, token } = options;
    const identity = { clientId: 'exporter', username: 'exporter', password: token };
    const own = connect({ host, port, ...identity, protocolVersion: 4, clean: true, keepalive: keepaliveSeconds, reconnectPeriod: 0 });
    client = own;
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
      const limitMs = Math.min(backoffMaxMs, backoffMinMs * 2 ** Math.min(failures, 10));
      cancelRetry = options.clock.after(backoffMinMs / 5 + options.random() * limitMs, open);
      options.onLost(why);
    });
  }

  function subscribe(own: MqttClient): void {
    own.subscribe([...exporterFilters], { qos: 1 }, (error, granted = []) => {
      const isRefused = granted.length < exporterFilters.length || granted.some(({ qos }) => qos > 1);
      if (error || isRefused) return void own.stream.destroy(new Error('subscription refused'));
      failures = 0;
      options.onSubscribed();
    });
  }

  open();
  return {
    close() {
      closed = true;
      cancelRetry();
      client?.end(true);
    },
  };
}
