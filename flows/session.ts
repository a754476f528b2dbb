/** The one MQTT session of `flows`: clean, QoS 1, for ever coming back. It holds nothing; the ledger does. */
import { connect, type MqttClient } from 'mqtt';
import { type Cancel, type Clock, flowsFilters } from '#contracts';

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
  /** All filters are granted. From now on what is said is heard (R17, R18). */
  onSubscribed(): void;
  onLost(reason: string): void;
};

export type Session = {
  /** Sends while the session is up; what is said while it is down is not kept, since everything is asked for again. */
  send(topic: string, payload: Buffer, qos: 0 | 1): void;
  close(): Promise<void>;
};

export function openSession(options: SessionOptions): Session {
  let client: MqttClient | undefined;
  let cancelRetry: Cancel = () => {};
  let failures = 0;
  let closed = false;

  function open(): void {
    const { host, port, token } = options;
    const own = connect({
      host,
      port,
      protocolVersion: 4,
      clientId: 'flows',
      username: 'flows',
      password: token,
      clean: true,
      keepalive: keepaliveSeconds,
      reconnectPeriod: 0,
      resubscribe: false,
      queueQoSZero: false,
    });
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
      options.onLost(why);
      failures += 1;
      const limitMs = Math.min(backoffMaxMs, backoffMinMs * 2 ** Math.min(failures, 10));
      cancelRetry = options.clock.after(backoffMinMs / 5 + options.random() * limitMs, open);
    });
  }

  function subscribe(own: MqttClient): void {
    own.subscribe([...flowsFilters], { qos: 1 }, (error, granted = []) => {
      const refused = granted.find((one) => one.qos > 1);
      if (error || refused || granted.length < flowsFilters.length) return void own.stream.destroy(new Error('subscription refused'));
      failures = 0;
      options.onSubscribed();
    });
  }

  open();
  return {
    send(topic, payload, qos) {
      if (client?.connected === true) client.publish(topic, payload, { qos }, () => {});
    },
    async close() {
      closed = true;
      cancelRetry();
      await client?.endAsync(true);
    },
  };
}
