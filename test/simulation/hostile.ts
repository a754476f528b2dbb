/** One admitted PC with bad intent: it sends anything, as fast as the broker permits. */
import { decode, digestOf, encode, pcTopic, upLeaves } from '@sabha/contracts';
import type { Connection } from '../../agent/uplink/mqtt.ts';
import { mutation, samplesOf } from '../faults/mutations.ts';
import type { Random } from '../random.ts';
import type { Broker } from './broker.ts';
import { createLink } from './network.ts';
import { createMachine, type Time } from './time.ts';

export type Hostile = { begin(choice: number): void; end(): void };

/** Messages per second: a quarter of the broker's limit. `test/bench` uses the whole limit. */
const perSecond = 5;
const session = 7;
const samples = upLeaves.map((leaf) => ({ leaf, samples: samplesOf(leaf) }));

/** Creates a hostile PC that connects at `begin` and disconnects at `end`. */
export function createHostile(path: string, world: { time: Time; random: Random; broker: Broker; note(line: string): void }): Hostile {
  const { time, random, broker, note } = world;
  const link = createLink(20);
  let process = createMachine(time).start();
  let connection: Connection | undefined;
  let attack: Attack = attacks[0] as Attack;
  let sent = 0;

  function speak(): void {
    for (let n = 0; n < perSecond; n += 1) {
      sent += 1;
      const { leaf, payload } = attack(sent, random);
      void connection?.publish(pcTopic(path, leaf), payload, { qos: 1 });
    }
    process.clock.after(1_000, speak);
  }

  return {
    begin(choice) {
      process.kill();
      process = createMachine(time).start();
      attack = attacks[choice % attacks.length] as Attack;
      note(`${path} is hostile: ${attack.name}`);
      const own = process;
      void broker
        .connect({ name: path.replaceAll('/', '.'), link, process, keepaliveMs: 60_000 }, { message: () => {}, closed: () => own.kill() })
        .then((answer) => {
          if (!answer.ok || !own.alive()) return;
          connection = answer.connection;
          void connection.publish(pcTopic(path, 'presence'), birth(), { qos: 1 });
          speak();
        });
    },
    end() {
      if (process.alive()) note(`${path} is hostile no more`);
      process.kill();
      broker.clientDied(path.replaceAll('/', '.'), { power: false });
    },
  };
}

type Leaf = (typeof upLeaves)[number];
type Attack = (n: number, random: Random) => { leaf: Leaf; payload: Buffer };

/** Attacks in the order in which `begin` selects them. */
const attacks: Attack[] = [newFaults, nestedEvents, events, anything, newSpools];
export const attackNames = [
  '256 new faults in each state',
  'events of 5,000 nested lists',
  'events without an end',
  'whatever no agent sends',
  'backlogs with a new spool per event',
];

/** Returns a state of 256 unknown faults, different each time. */
function newFaults(n: number): ReturnType<Attack> {
  const checks = Array.from({ length: 256 }, (_, at) => {
    return { component: 'camera', device: `d${at}`, status: 'fault' as const, fault: `x.f${n}-${at}`, reason: null };
  });
  return { leaf: 'state', payload: encode('state', { digest: digestOf(checks), session, rev: n, checks }) };
}

/** Returns an event nested as deeply as a message can hold. */
function nestedEvents(n: number): ReturnType<Attack> {
  const deep = `${'['.repeat(5_000)}1${']'.repeat(5_000)}`;
  return { leaf: 'event', payload: Buffer.from(encode('event', eventOf(n)).toString().replace('"harm"', deep)) };
}

function events(n: number): ReturnType<Attack> {
  return { leaf: 'event', payload: encode('event', eventOf(n)) };
}

function newSpools(n: number): ReturnType<Attack> {
  return {
    leaf: 'backlog',
    payload: encode(
      'backlog',
      Array.from({ length: 500 }, (_, at) => ({ ...eventOf(1), spool: `s${n}-${at}` })),
    ),
  };
}

/** Returns a random change of a message that no agent sends. A message that the broker refuses, or a valid presence, is not an attack. */
function anything(_n: number, random: Random): ReturnType<Attack> {
  const { leaf, samples: of } = random.pick(samples);
  const payload = mutation(random, of);
  const read = decode('presence', payload);
  return payload.length > 66_000 || (leaf === 'presence' && read.ok) ? events(1) : { leaf, payload };
}

function eventOf(seq: number) {
  return { spool: 'hostile', seq, boot: 'b', at: 1, grade: 'event' as const, kind: 'x', body: { x: 'harm' } };
}

function birth(): Buffer {
  const spool = { id: 'hostile', first: 1, last: 0 };
  const said = {
    kind: 'birth' as const,
    boot: 'b',
    session,
    at: 1,
    digest: digestOf([]),
    rev: 1,
    agent: '0.1.0',
    config: 0,
    inventory: '',
    spool,
  };
  return encode('presence', said);
}
