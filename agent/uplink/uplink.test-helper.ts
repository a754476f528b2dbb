/** Fake server and connection for tests of the uplink. It decodes each sent message as `flows` does. */
import type { KeyObject } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import {
  type Ack,
  agentFilters,
  decode,
  type EventMessage,
  encode,
  eventHash,
  type Inventory,
  type LastBoot,
  links,
  type MessageOf,
  type PowerCut,
  parseTopic,
  pcTopic,
  type Signed,
  scopeTopic,
} from '@sabha/contracts';
import { handClock, seeded } from '../checks/agent.test-helper.ts';
import { createCheckTable } from '../checks/check-table.ts';
import type { ConnectionHandlers, ConnectOptions, Transport } from './mqtt.ts';
import { openSpoolDisk } from './spool/database.ts';
import { openSpool } from './spool/spool.ts';
import { createUplink } from './uplink.ts';

export const pc = 'up/lucknow/room-1';

type Up = 'presence' | 'state' | 'beat' | 'inventory' | 'event' | 'backlog';
/** Message that the fake server received, with its send time by `clock.up()`. */
export type Sent = { leaf: Up; at: number; message: MessageOf<Up> };

/** Creates a transport that accepts or refuses connections and records messages. */
export function wire(clock: { up(): number }) {
  const sent: Sent[] = [];
  const connects: (ConnectOptions & { at: number })[] = [];
  const state = { answer: 'admit' as 'admit' | 'refuse' | 'unreachable', puback: true, ended: 0, granted: [] as string[] };
  let handlers: ConnectionHandlers | undefined;
  const transport: Transport = {
    connect: async (options, given) => {
      connects.push({ ...options, at: clock.up() });
      if (state.answer !== 'admit') return { ok: false, refused: state.answer === 'refuse', reason: state.answer };
      handlers = given;
      return {
        ok: true,
        connection: {
          subscribe: async (filters) => {
            state.granted = filters;
            return true;
          },
          publish: (topic, payload) => {
            const to = parseTopic(topic);
            if (to?.kind !== 'pc' || to.pc !== pc) throw new Error(`not a topic of this PC: ${topic}`);
            const leaf = to.leaf as Up;
            const read = decode(leaf, payload);
            if (!read.ok) throw new Error(`flows could not read ${leaf}: ${read.detail}`);
            sent.push({ leaf, at: clock.up(), message: read.value });
            return state.puback ? Promise.resolve(true) : new Promise(() => undefined);
          },
          end: async () => {
            state.ended += 1;
          },
        },
      };
    },
  };
  return {
    transport,
    connects,
    state,
    down: (leaf: 'ack' | 'config' | 'cmd', payload: Buffer) => handlers?.message(pcTopic(pc, leaf), payload),
    hello: (scope: string, message: MessageOf<'hello'>) => handlers?.message(scopeTopic(scope, 'hello'), encode('hello', message)),
    cut: () => {
      const lost = handlers;
      handlers = undefined;
      lost?.closed('cut');
    },
    /** Removes and returns the messages of one kind (topic leaf) that were sent since the last call. */
    take: <L extends Up>(leaf: L): (Sent & { message: MessageOf<L> })[] => {
      const found = sent.filter((one) => one.leaf === leaf);
      for (const one of found) sent.splice(sent.indexOf(one), 1);
      return found as (Sent & { message: MessageOf<L> })[];
    },
  };
}

/** Creates an uplink with its spool and check table, on a manual clock. */
export function setUp({ link = 'fibre', key = null }: { link?: keyof typeof links; key?: KeyObject | null } = {}) {
  const clock = handClock();
  const random = seeded(7);
  const spool = openSpool({ disk: openSpoolDisk(new DatabaseSync(':memory:')), clock, random, boot: 'boot-1', limitBytes: 4_000_000 });
  const table = createCheckTable(clock);
  const net = wire(clock);
  const logs: string[] = [];
  const seen = {
    link,
    configs: [] as Signed[],
    commands: [] as Signed[],
    words: [] as unknown[],
    fresh: 0,
    probed: Promise.resolve(),
    previous: undefined as LastBoot | undefined,
    gone: undefined as PowerCut | undefined,
    inventory: undefined as Inventory | undefined,
  };
  const note = (_: object, line: string) => logs.push(line);
  const made = createUplink({
    pc,
    boot: 'boot-1',
    version: '0.1.0',
    token: 'secret',
    centreKey: key,
    transport: net.transport,
    clock,
    random,
    spool,
    table,
    limits: () => links[seen.link],
    configVersion: () => seen.configs.length,
    onConfig: (config) => seen.configs.push(config) < 2,
    onCommand: (command) => void seen.commands.push(command),
    onMeasure: (word) => void seen.words.push(word),
    previous: () => seen.previous,
    gone: () => seen.gone,
    onPreviousAcknowledged: () => {
      seen.previous = undefined;
    },
    inventory: () => seen.inventory,
    fresh: () => {
      seen.fresh += 1;
      return seen.probed;
    },
    log: { info: note, warn: note },
  });
  const session = () => Number(decodeWill(net.connects.at(-1)).session);
  const ack = (upTo: number, more: Partial<Ack> = {}) =>
    net.down('ack', encode('ack', { spool: spool.id(), upTo, at: clock.now(), ...more }));
  const event = (kind: string, body: Record<string, unknown> = {}): EventMessage => {
    const done = spool.append(kind, body);
    if (!done.ok) throw new Error(done.reason);
    made.appended();
    return done.event;
  };
  const status = (device: string, status: 'ok' | 'unknown') => {
    table.merge({ component: device, everyMs: 3_600_000, checks: [{ component: device, device: '', status, fault: null, reason: null }] });
    made.stateChanged();
  };
  return { clock, spool, table, net, logs, seen, uplink: made, session, ack, event, status, markOf: eventHash, filters: agentFilters(pc) };
}

export function decodeWill(options: ConnectOptions | undefined) {
  const read = decode('presence', options?.will.payload ?? Buffer.from(''));
  if (!read.ok) throw new Error(read.detail);
  return read.value;
}
