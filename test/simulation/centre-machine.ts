/** The server machine: `flows` without Node-RED and sockets, on a ledger that survives the process, with a disk that can be full. */
import { DatabaseSync } from 'node:sqlite';
import {
  canaryTopic,
  createRetryDelays,
  decode,
  flowsFilters,
  parseTopic,
  readSettings,
  type SettingsSite,
  type Severity,
} from '@sabha/contracts';
import type { Connection } from '../../agent/uplink/mqtt.ts';
import type { Ledger, Op } from '../../flows/engine/records/ops.ts';
import type { TreeNode } from '../../flows/engine/records/sites.ts';
import { createOffers } from '../../flows/notify/people/channels/offered.ts';
import { createDirect } from '../../flows/notify/people/direct/direct.ts';
import { createRoster } from '../../flows/notify/people/roster.ts';
import { createRuntime, type Runtime } from '../../flows/runtime.ts';
import { openInThread } from '../../flows/storage/ledger/ledger.ts';
import { openStore } from '../../flows/storage/ledger/store.ts';
import { centreKey } from '../centre-key.ts';
import type { Random } from '../random.ts';
import type { Broker, Cut } from './broker.ts';
import { createDates } from './dates.ts';
import { createLink } from './network.ts';
import { createOpenScopes } from './open-scopes.ts';
import { createPost, people } from './people.ts';
import { type Broken, startTabs } from './tabs.ts';
import { createMachine, type Process, type Time } from './time.ts';

/** One message at the server. `session` if the message names one; `lost` for a last will, `born` for a birth. */
export type Arrival = { at: number; session: number | null; lost: boolean; born: boolean };

export type CentreOptions = {
  world: { time: Time; random: Random; broker: Broker; note(line: string): void };
  site: SettingsSite;
  nodes: TreeNode[];
  fractions?: boolean;
};

export type CentreMachine = ReturnType<typeof createCentreMachine>;

const keepaliveMs = 30_000;
const tabsStartMs = 2_000;
const commitMs = 4;
/** A process that is suspended for this many milliseconds notices it, however soon its next tick was due (R18a, canary). */
const noticedStillMs = 6_500;

export function settingsSite(link: string, pcs: string[]): SettingsSite {
  const site = { state: 'ladakh', id: 'leh', profile: { link }, pcs: pcs.map((id) => ({ id, room: { en: `Room ${id}` } })) };
  const read = readSettings(JSON.stringify({ site }));
  if (!read.ok || read.value.site === null) throw new Error('no such site');
  return read.value.site;
}

export function createCentreMachine({ world, site, nodes, fractions = false }: CentreOptions) {
  const { time, random, broker, note } = world;
  const machine = createMachine(time, { fractions });
  const link = createLink(2);
  const post = createPost(world);
  const roster = createRoster(people, (path) => running?.centre.sites.table().groupsOf(path) ?? []);
  let db = newLedger(nodes);
  let running: { process: Process; centre: Runtime; tabs: (() => void) | undefined } | undefined;
  const seen = {
    arrivals: new Map<string, Arrival[]>(),
    dates: createDates(),
    /** Checks that the ledger has at most one open incident for each scope. */
    open: createOpenScopes(),
    /** Times of each SUBACK, each lost session and each end of a receive gap. */
    subscribed: [] as { at: number; up: boolean }[],
    kills: 0,
    /** Number of clock steps. */
    steps: 0,
    snoozed: [] as { incident: number; severity: Severity }[],
    failedCommits: 0,
  };
  const state = { broken: null as Broken, hangsUntil: 0 };
  let stoodFrom: number | undefined;
  let wrongByMs = 0;
  let keptUntil = 0;

  function start(): void {
    if (running?.process.alive()) return;
    note('flows starts');
    const process = machine.start();
    process.onKill(() => {
      seen.kills += 1;
      stoodFrom = undefined;
      mark(false);
      note('flows dies');
      broker.clientDied('flows', { power: false });
    });
    const session = openSession(process, {
      message: (topic, payload) => {
        arrived(topic, payload);
        centre.take(topic, payload);
      },
      subscribed: () => centre.subscribed(),
      lost: () => centre.unsubscribed(),
    });
    const centre = centreOf(process, session.send);
    running = { process, centre, tabs: undefined };
    const own = running;
    void centre.openFirstPipeline().then(() => {
      if (!process.alive()) return;
      session.open();
      process.clock.after(tabsStartMs * random.next(), () => {
        own.tabs = startTabs({ wires: centre.wires, process, time, broken: () => state.broken });
        centre.started();
      });
    });
  }

  const told = new Map<string, number>();
  const before = { at: (reason: string) => told.get(reason), note: (reason: string, at: number) => void told.set(reason, at) };

  function centreOf(process: Process, send: (topic: string, payload: Buffer) => void): Runtime {
    const channels = post.channels(process);
    const { clock } = process;
    return createRuntime({
      ledger: slowLedger(process, openInThread(db)),
      clock,
      key: centreKey,
      site,
      roster,
      channels,
      offers: createOffers(),
      tellDirectly: createDirect({ clock, channels, roster, before, onFailure: () => {} }),
      send,
      publish: async () => {},
      capacity: { atOncePerState: 2, atOnce: 10 },
      count: { message() {}, receipt() {}, commit() {}, concluded() {}, notified() {} },
      log: { warn: (_, line) => note(`flows: ${line}`), error: (_, line) => note(`flows: ${line}`) },
      random: () => random.next(),
      randomId: () => `h${random.below(2 ** 30)}`,
    });
  }

  /**
   * Wraps the ledger so that commits are slow and ordered. The process may die before the commit is on disk, or after it and before the
   * result.
   */
  function slowLedger(process: Process, inner: Ledger): Ledger {
    let lastMs = 0;
    const commit = (ops: Op[]) =>
      new Promise<Awaited<ReturnType<Ledger['commit']>>>((resolve, reject) => {
        const givenMs = time.now();
        const aheadMs = (running?.centre.now() ?? 0) - givenMs;
        lastMs = Math.max(lastMs, state.hangsUntil, time.now() + random.next() * commitMs);
        time.at(lastMs, () => {
          if (process.point('before a commit of the ledger')) return;
          const answer = (task: () => void) => {
            if (!process.point('after a commit of the ledger')) time.later(random.next() * commitMs, () => process.soon(task));
          };
          inner.commit(ops).then(
            (receipt) => {
              keptUntil = givenMs;
              seen.dates.took(ops, givenMs, (at) => at - aheadMs);
              seen.open.took(ops);
              answer(() => resolve(receipt));
            },
            (error: Error) => {
              seen.failedCommits += 1;
              answer(() => reject(error));
            },
          );
        });
      });
    const load = async () => {
      const contents = await inner.load();
      remembered();
      return contents;
    };
    return { ...inner, load, commit };
  }

  /** Opens a clean session that always reconnects, like broker/contracts/kit/session.ts. */
  function openSession(process: Process, on: { message(topic: string, payload: Buffer): void; subscribed(): void; lost(): void }) {
    let connection: Connection | undefined;
    const retries = createRetryDelays(process.clock.up, random.next);
    const again = () => void process.clock.after(retries.lost().waitMs, () => void open());
    async function open(): Promise<void> {
      const answer = await broker.connect(
        { name: 'flows', link, process, keepaliveMs },
        {
          message: on.message,
          closed: () => {
            connection = undefined;
            mark(false);
            note('flows loses the broker');
            on.lost();
            again();
          },
        },
      );
      if (!process.alive()) return;
      if (!answer.ok) return again();
      connection = answer.connection;
      if (!(await connection.subscribe([...flowsFilters, canaryTopic])) || !process.alive()) return;
      retries.up();
      mark(true);
      note('flows is subscribed');
      on.subscribed();
    }
    return {
      open: () => void open(),
      send: (topic: string, payload: Buffer) => void connection?.publish(topic, payload, { qos: 1 }),
    };
  }

  /**
   * Restores the memory from the ledger. Arrivals after the last commit are forgotten, and every PC gets its whole silence limit again: R20
   * (one transaction per batch), R18a.
   */
  function remembered(): void {
    for (const [pc, list] of seen.arrivals) {
      const kept = list.filter(({ at }) => at <= keptUntil);
      seen.arrivals.set(pc, kept);
    }
    gapOver();
  }

  function gapOver(): void {
    if (seen.subscribed.at(-1)?.up) mark(true);
  }

  function mark(up: boolean): void {
    if ((seen.subscribed.at(-1)?.up ?? false) !== up || up) seen.subscribed.push({ at: time.now(), up });
  }

  function arrived(topic: string, payload: Buffer): void {
    const parsed = parseTopic(topic);
    if (parsed?.kind !== 'pc') return;
    const list = seen.arrivals.get(parsed.pc) ?? [];
    seen.arrivals.set(parsed.pc, list);
    list.push({ at: time.now(), ...sessionIn(parsed.leaf, payload) });
  }

  return {
    machine,
    link,
    post,
    /** The roster. In this simulation it survives `flows`, as its rows in the ledger do in reality. */
    roster,
    seen,
    state,
    start,
    centre: () => (running?.process.alive() ? running.centre : undefined),
    process: () => running?.process,
    kill: () => running?.process.kill(),
    /** Suspends `flows`, as by SIGSTOP. The broker notices only after the keepalive. */
    stop(forMs: number): void {
      if (!running?.process.alive()) return;
      note('flows stands still');
      running.process.stop();
      broker.stoppedFor('flows', forMs);
      stoodFrom ??= time.now();
    },
    go(): void {
      if (stoodFrom === undefined) return;
      note('flows goes on');
      running?.process.go();
      if (time.now() - stoodFrom > noticedStillMs) gapOver();
      stoodFrom = undefined;
    },
    /** Steps the clock of the server by so many milliseconds. */
    step(byMs: number): void {
      if (byMs === wrongByMs) return;
      seen.steps += 1;
      note(`clock of the centre is put by ${byMs - wrongByMs} ms`);
      machine.jump(byMs - wrongByMs);
      wrongByMs = byMs;
    },
    /** Ends a receive gap during which the session stayed open and no message arrived. */
    gapOver,
    /** Does what a Deploy of the editor does: removes the nodes and adds them again. */
    deploy(broken: Broken): void {
      note(`tabs are edited: ${broken ?? 'whole'}`);
      state.broken = broken;
      const own = running;
      if (!own?.process.alive() || own.tabs === undefined) return;
      own.tabs();
      own.tabs = startTabs({ wires: own.centre.wires, process: own.process, time, broken: () => state.broken });
    },
    cut(how: Cut): void {
      note(`link of flows cut (${how})`);
      link.up = false;
      broker.cut('flows', how);
    },
    /** Makes the disk hang for so many milliseconds: it neither completes nor refuses a write. */
    hang(forMs: number): void {
      state.hangsUntil = time.now() + forMs;
    },
    fill: () => db.exec('PRAGMA max_page_count = 1'),
    free: () => db.exec('PRAGMA max_page_count = 1073741823'),
    db: () => db,
    restoreLedger(image: Uint8Array): void {
      seen.open.forget();
      db = new DatabaseSync(':memory:');
      db.deserialize(image);
    },
  };
}

function newLedger(nodes: TreeNode[]): DatabaseSync {
  const db = new DatabaseSync(':memory:');
  openStore(db).commit([nodes.map((node) => ({ op: 'node', node }))]);
  return db;
}

function sessionIn(leaf: string, payload: Buffer): Omit<Arrival, 'at'> {
  const read = leaf === 'presence' || leaf === 'state' || leaf === 'beat' ? decode(leaf, payload) : undefined;
  if (!read?.ok) return { session: null, lost: false, born: false };
  const kind = 'kind' in read.value ? read.value.kind : undefined;
  return { session: read.value.session, lost: kind === 'lost', born: kind === 'birth' };
}
