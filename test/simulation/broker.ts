/**
 * The simulated broker: clean sessions, last wills, session takeover, PUBACK before delivery, and the access rules of the real broker. A
 * kill loses everything.
 */
import type { Connection, ConnectionHandlers, ConnectResult } from '../../agent/uplink/mqtt.ts';
import { checkAccess, type Principal, principalOf } from '../../broker/admission/access.ts';
import type { Random } from '../random.ts';
import { createPipe, type Link, type Pipe } from './network.ts';
import type { Process, Time } from './time.ts';

type Up =
  | { do: 'subscribe'; id: number; filters: string[] }
  | { do: 'publish'; id: number; qos: number; topic: string; payload: Buffer }
  | { do: 'disconnect' };
type Down = { do: 'answer'; id: number; ok: boolean } | { do: 'publish'; topic: string; payload: Buffer };

type Will = { topic: string; payload: Buffer };
export type Client = { name: string; link: Link; process: Process; keepaliveMs: number; will?: Will };

type Session = {
  client: Client;
  /** Undefined for a user name that is not the name of a principal. */
  principal: Principal | undefined;
  will: Will | undefined;
  filters: string[];
  up: Pipe<Up>;
  down: Pipe<Down>;
  /** Notifies the client that the session is over. */
  closeClient(reason: string): void;
  atBroker: boolean;
  /** The client lost its power, and its broker does not notice. */
  dark: boolean;
};

/** `reset`: client and broker notice at once. `hole`: packets vanish until each side times out. `half`: only the client notices at once. */
export type Cut = 'reset' | 'hole' | 'half';

export type Broker = ReturnType<typeof createBroker>;

/** Timeout of a connection attempt without a response. */
const connectLimitMs = 30_000;
const endLimitMs = 500;

export function createBroker(world: { time: Time; random: Random; note(line: string): void }) {
  const { time, random, note } = world;
  const sessions = new Map<string, Session>();
  const state = { up: true, stands: false, duplicate: 0, dieAtPublish: 0, lateWillMs: 0 };
  /** Called with each published message. If a function returns `true`, the broker acknowledges the message and delivers it to no client. */
  const swallow: ((topic: string, payload: Buffer) => boolean)[] = [];

  function connect(client: Client, handlers: ConnectionHandlers): Promise<ConnectResult> {
    const { promise, resolve } = Promise.withResolvers<ConnectResult>();
    const fail = (delayMs: number, reason: string) =>
      time.later(delayMs, () => client.process.soon(() => resolve({ ok: false, refused: false, reason })));
    time.later(client.link.latencyMs * 2, () => {
      if (!client.link.up || (state.up && state.stands)) return fail(connectLimitMs, 'connack timeout');
      if (!client.process.alive()) return;
      if (!state.up) return fail(client.link.latencyMs, 'connection refused');
      admit(client, handlers, resolve);
    });
    return promise;
  }

  function admit(client: Client, handlers: ConnectionHandlers, resolve: (answer: ConnectResult) => void): void {
    const before = sessions.get(client.name);
    if (before !== undefined) {
      before.down.end(() => before.closeClient('taken over'));
      leave(before, true);
    }
    const session = openSession(client, handlers);
    sessions.set(client.name, session.own);
    time.later(client.link.latencyMs, () => client.process.soon(() => resolve({ ok: true, connection: session.connection })));
  }

  function openSession(client: Client, handlers: ConnectionHandlers): { own: Session; connection: Connection } {
    const waiting = new Map<number, (ok: boolean) => void>();
    let open = true;
    let nextId = 1;
    const over = () => {
      open = false;
      for (const done of [...waiting.values()]) done(false);
      waiting.clear();
    };
    const own: Session = {
      client,
      principal: principalOf(client.name),
      will: client.will,
      filters: [],
      atBroker: true,
      dark: false,
      up: createPipe<Up>(world, client.link, (frame) => receive(own, frame)),
      down: createPipe<Down>(world, client.link, (frame) =>
        client.process.soon(() => {
          if (!open) return;
          if (frame.do === 'publish') return handlers.message(frame.topic, frame.payload);
          waiting.get(frame.id)?.(frame.ok);
          waiting.delete(frame.id);
        }),
      ),
      closeClient(reason) {
        client.process.soon(() => {
          if (!open) return;
          over();
          handlers.closed(reason);
        });
      },
    };
    const ask = (frame: (id: number) => Up): Promise<boolean> => {
      if (!open || client.process.point('publish')) return open ? new Promise(() => {}) : Promise.resolve(false);
      const id = nextId++;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      waiting.set(id, resolve);
      own.up.send(frame(id));
      return promise;
    };
    const connection: Connection = {
      subscribe: (filters) => ask((id) => ({ do: 'subscribe', id, filters })),
      publish: (topic, payload, { qos }) => ask((id) => ({ do: 'publish', id, qos, topic, payload })),
      end: () => {
        own.up.send({ do: 'disconnect' });
        over();
        return new Promise((resolve) => time.later(Math.min(endLimitMs, client.link.latencyMs), resolve));
      },
    };
    return { own, connection };
  }

  function receive(session: Session, frame: Up): void {
    if (!session.atBroker || !state.up) return;
    if (frame.do === 'disconnect') return leave(session, false);
    const { principal } = session;
    if (principal === undefined) return;
    if (frame.do === 'subscribe') {
      const granted = frame.filters.filter((topic) => checkAccess(principal, 'subscribe', { topic, qos: 1, retain: false }).allow);
      session.filters = granted;
      return session.down.send({ do: 'answer', id: frame.id, ok: granted.length === frame.filters.length });
    }
    const { topic, qos, payload, id } = frame;
    session.down.send({ do: 'answer', id, ok: true });
    if (diesNow() || swallow.some((takes) => takes(topic, payload))) return;
    if (checkAccess(principal, 'publish', { topic, qos, retain: false }).allow) forward(topic, payload);
  }

  /** Whether the broker is killed at this point, after it acknowledged a message and before it delivered the message. */
  function diesNow(): boolean {
    if (state.dieAtPublish === 0 || --state.dieAtPublish > 0) return false;
    kill({ flush: true });
    return true;
  }

  function forward(topic: string, payload: Buffer): void {
    for (const session of sessions.values()) {
      const { principal } = session;
      if (principal === undefined || !session.filters.some((filter) => matches(filter, topic))) continue;
      if (!checkAccess(principal, 'forward', { topic, qos: 1, retain: false }).allow) continue;
      session.down.send({ do: 'publish', topic, payload });
      if (state.duplicate > 0 && random.next() < state.duplicate) {
        time.later(random.below(2) * random.below(4_000), () => session.down.send({ do: 'publish', topic, payload }));
      }
    }
  }

  function leave(session: Session, withWill: boolean): void {
    if (!session.atBroker) return;
    session.atBroker = false;
    session.up.drop();
    session.down.end(() => {});
    if (sessions.get(session.client.name) === session) sessions.delete(session.client.name);
    const { will } = session;
    if (!withWill || will === undefined) return;
    note(`will of ${session.client.name}`);
    time.later(state.lateWillMs, () => state.up && forward(will.topic, will.payload));
  }

  function of(name: string): Session | undefined {
    return sessions.get(name);
  }

  function kill({ flush }: { flush: boolean }): void {
    note(`broker killed${flush ? '' : ', and what was under way is lost'}`);
    state.up = false;
    state.dieAtPublish = 0;
    for (const session of sessions.values()) {
      session.atBroker = false;
      session.up.drop();
      if (!flush) session.down.drop();
      session.down.end(() => session.closeClient('connection reset'));
    }
    sessions.clear();
  }

  /** Ends a session that sent no packets for one and a half keepalives. */
  function giveUp(session: Session): void {
    leave(session, true);
    session.down.end(() => session.closeClient('connection reset'));
  }

  return {
    connect,
    kill,
    /** Suspends the process of a client. The broker ends the session after its timeout if the process is still suspended. */
    stoppedFor(name: string, forMs: number): void {
      const session = of(name);
      if (session === undefined) return;
      const at = noticedMs(session);
      if (at < forMs) time.later(at, () => giveUp(session));
    },
    /** Publishes the last wills of connected clients, as a faulty broker does. */
    tellWills(): void {
      note('wills of all who are connected');
      for (const { will } of sessions.values()) if (will !== undefined) forward(will.topic, will.payload);
    },
    /**
     * Suspends the broker. A client whose timeout is shorter disconnects, and the broker notices that when it resumes. `outlived` is called
     * for a client whose session survives.
     */
    stop(forMs: number, outlived: (name: string) => void = () => {}): void {
      note('broker stands still');
      state.stands = true;
      for (const session of sessions.values()) {
        const { keepaliveMs, link, name } = session.client;
        time.later(forMs, () => session.atBroker && outlived(name));
        link.stalledUntilMs = Math.max(link.stalledUntilMs, time.now() + forMs);
        if (keepaliveMs * 1.5 >= forMs) continue;
        time.later(keepaliveMs * (1 + random.next() / 2), () => session.closeClient('no answer'));
        time.later(forMs + 10, () => leave(session, true));
      }
    },
    go(): void {
      if (state.stands) note('broker goes on');
      state.stands = false;
    },
    state,
    /** Intercepts messages until the returned function is called. */
    intercept(takes: (topic: string, payload: Buffer) => boolean): () => void {
      swallow.push(takes);
      return () => void swallow.splice(swallow.indexOf(takes), 1);
    },
    start() {
      state.up = true;
    },
    /** Ends the process of a client. Data already written arrives, except after a power cut, which is also noticed late. */
    clientDied(name: string, { power }: { power: boolean }): void {
      const session = of(name);
      if (session === undefined || session.dark) return;
      session.dark = power;
      session.down.drop();
      if (!power) return session.up.end(() => leave(session, true));
      session.up.drop();
      time.later(noticedMs(session), () => leave(session, true));
    },
    cut(name: string, how: Cut): void {
      const session = of(name);
      if (session === undefined) return;
      session.up.drop();
      session.down.drop();
      const { keepaliveMs } = session.client;
      time.later(how === 'hole' ? keepaliveMs * (0.5 + random.next()) : 10, () => session.closeClient('connection lost'));
      time.later(how === 'reset' ? 10 : noticedMs(session), () => leave(session, true));
    },
  };

  /** A broker waits one and a half keepalives from the last packet. */
  function noticedMs({ client }: Session): number {
    return client.keepaliveMs * (1.5 - random.next() * 0.6);
  }
}

/** Matches a topic without splitting it, because this runs for each message, session and filter. */
function matches(filter: string, topic: string): boolean {
  if (!filter.includes('+')) return filter === topic;
  let [f, t] = [0, 0];
  for (; f < filter.length && t < topic.length; f++, t++) {
    if (filter[f] === '+') {
      const end = topic.indexOf('/', t);
      t = (end < 0 ? topic.length : end) - 1;
    } else if (filter[f] !== topic[t]) return false;
  }
  return f === filter.length && t === topic.length;
}
