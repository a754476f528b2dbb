/**
 * MQTT for thousands of PCs in one process: mqtt-packet on a socket and a simulated line, without the memory of a client library. It
 * behaves like the agent's own transport.
 */
import { connect, type Socket } from 'node:net';
import type { Cancel, Clock } from '@sabha/contracts';
import { generate, type Packet, parser } from 'mqtt-packet';
import type { Connection, ConnectionHandlers, ConnectOptions, ConnectResult, Transport } from '../../agent/uplink/mqtt.ts';
import type { Line } from './line.ts';

export type LeanTransport = Transport & {
  /** Cuts the power of the PC: it sends nothing more, and the broker does not notice. */
  vanish(): void;
  /** Ends the agent: the operating system closes its connection. */
  drop(): void;
};

const connectLimitMs = 30_000;
const noRouteMs = 3_000;
const refusals = new Set([2, 4, 5]);
/** Protocol version 4 is MQTT 3.1.1. */
const protocolVersion = 4;

type Wire = {
  socket: Socket;
  line: Line;
  handlers: ConnectionHandlers;
  /** `over`: closed for the agent; later packets are ignored. */
  phase: 'connecting' | 'up' | 'over';
  answers: Map<number, (answer: Packet | undefined) => void>;
  lastId: number;
  heard: boolean;
  timer: Cancel;
  settle: (answer: ConnectResult) => void;
};

export type LeanOptions = {
  host: string;
  port: number;
  clock: Clock;
  /** Factor of the clock, which also shortens keepalives. */
  speed: number;
  line: Line;
};

/** Creates MQTT 3.1.1 over one socket and a simulated line. It never reconnects by itself. */
export function createLeanTransport({ host, port, clock, speed, line }: LeanOptions): LeanTransport {
  let current: Wire | undefined;
  return {
    connect(options, handlers) {
      const { promise, resolve } = Promise.withResolvers<ConnectResult>();
      if (!line.isUp()) {
        clock.after(noRouteMs, () => resolve({ ok: false, refused: false, reason: 'no route to the centre' }));
        return promise;
      }
      current = open({ socket: connect({ host, port, noDelay: true }), line, handlers, settle: resolve }, options, { clock, speed });
      return promise;
    },
    vanish() {
      if (!current) return;
      leave(current);
      current.socket.unref();
    },
    drop() {
      if (!current) return;
      leave(current);
      current.socket.destroy();
    },
  };
}

type Opened = Pick<Wire, 'socket' | 'line' | 'handlers' | 'settle'>;

function open(
  given: Opened,
  { name, password, keepaliveMs, will }: ConnectOptions,
  { clock, speed }: Pick<LeanOptions, 'clock' | 'speed'>,
): Wire {
  const wire: Wire = { ...given, phase: 'connecting', answers: new Map(), lastId: 0, heard: false, timer: () => undefined };
  const { socket, line } = wire;
  const reader = parser({ protocolVersion });
  reader.on('packet', (packet: Packet) => onPacket(wire, packet));
  reader.on('error', (error: Error) => end(wire, error.message));
  socket.on('data', (bytes: Buffer) => line.pass('down', bytes.length, () => wire.phase !== 'over' && reader.parse(bytes)));
  socket.on('close', () => line.pass('down', 0, () => end(wire, 'connection closed')));
  socket.on('error', (error) => end(wire, error.message));
  const keepalive = Math.max(1, Math.round(keepaliveMs / 1_000 / speed));
  send(wire, {
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion,
    clean: true,
    clientId: name,
    username: name,
    password: Buffer.from(password ?? ''),
    keepalive,
    will: { ...will, qos: 1, retain: false },
  });
  wire.timer = clock.after(connectLimitMs, () => end(wire, 'no CONNACK'));
  const settle = wire.settle;
  wire.settle = (answer) => {
    wire.timer();
    if (answer.ok) watch(wire, clock, keepaliveMs);
    settle(answer);
  };
  return wire;
}

/** Pings if nothing arrived for most of a keepalive, and closes the connection if the ping gets no response. */
function watch(wire: Wire, clock: Clock, keepaliveMs: number): void {
  let pinged = false;
  const look = () => {
    if (!wire.heard && pinged) return end(wire, 'keepalive timeout');
    pinged = !wire.heard;
    if (pinged) send(wire, { cmd: 'pingreq' });
    wire.heard = false;
    wire.timer = clock.after(keepaliveMs * 0.7, look);
  };
  look();
}

function onPacket(wire: Wire, packet: Packet): void {
  wire.heard = true;
  if (packet.cmd === 'connack') {
    const code = packet.returnCode ?? 0;
    if (code === 0) {
      wire.phase = 'up';
      return wire.settle({ ok: true, connection: connectionOf(wire) });
    }
    wire.settle({ ok: false, refused: refusals.has(code), reason: `refused: ${code}` });
    leave(wire);
    wire.socket.destroy();
  } else if (packet.cmd === 'publish') {
    if (packet.qos > 0) send(wire, { cmd: 'puback', messageId: packet.messageId ?? 0 });
    const { payload } = packet;
    wire.handlers.message(packet.topic, typeof payload === 'string' ? Buffer.from(payload) : payload);
  } else if (packet.cmd === 'puback' || packet.cmd === 'suback') {
    const id = packet.messageId ?? 0;
    const answer = wire.answers.get(id);
    wire.answers.delete(id);
    answer?.(packet);
  }
}

function connectionOf(wire: Wire): Connection {
  return {
    async subscribe(filters) {
      const subscriptions = filters.map((topic) => ({ topic, qos: 1 as const }));
      const answer = await ask(wire, (messageId) => ({ cmd: 'subscribe', messageId, subscriptions }));
      return answer?.cmd === 'suback' && answer.granted.every((code) => Number(code) < 128);
    },
    async publish(topic, payload, { qos }) {
      const packet = { cmd: 'publish' as const, topic, payload, qos, dup: false, retain: false };
      if (qos === 0) return send(wire, packet);
      return (await ask(wire, (messageId) => ({ ...packet, messageId }))) !== undefined;
    },
    async end() {
      if (wire.phase === 'over') return;
      send(wire, { cmd: 'disconnect' });
      leave(wire);
      wire.line.pass('up', 0, () => wire.socket.end());
    },
  };
}

/** Sends a packet. Resolves with its response, or with undefined if the connection ends first. */
function ask(wire: Wire, packet: (messageId: number) => Packet): Promise<Packet | undefined> {
  return new Promise((resolve) => {
    if (wire.phase === 'over') return resolve(undefined);
    wire.lastId = (wire.lastId % 65_535) + 1;
    wire.answers.set(wire.lastId, resolve);
    send(wire, packet(wire.lastId));
  });
}

function send(wire: Wire, packet: Packet): boolean {
  if (wire.phase === 'over') return false;
  const bytes = generate(packet, { protocolVersion });
  wire.line.pass('up', bytes.length, () => wire.socket.writable && wire.socket.write(bytes));
  return true;
}

/** Ends the connection for the agent. Requests without a response resolve with undefined. */
function leave(wire: Wire): void {
  wire.phase = 'over';
  wire.timer();
  for (const answer of wire.answers.values()) answer(undefined);
  wire.answers.clear();
}

function end(wire: Wire, reason: string): void {
  if (wire.phase === 'over') return;
  const wasUp = wire.phase === 'up';
  leave(wire);
  // On a cut line the broker notices the end only through its keepalive.
  wire.line.pass('up', 0, () => wire.socket.destroy());
  if (wasUp) wire.handlers.closed(reason);
  else wire.settle({ ok: false, refused: false, reason });
}
