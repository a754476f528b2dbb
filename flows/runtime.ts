/**
 * The centre: keeps a desk open on the ledger, and everything that outlives a desk (tabs, API, people).
 * When a commit fails the desk is thrown away, central is told directly, and a new desk is made from the ledger (R20).
 */
import type { KeyObject } from 'node:crypto';
import { type Clock, doubledMs, type OwnSite, type RegistryEntry, sealSigned } from '#contracts';
import { type Commands, createCommands } from './commands/commands.ts';
import { type CapacityOptions, type CapacityRounds, createCapacity } from './commands/measure-queue.ts';
import { createDesk, type Desk } from './ingest/ingest.ts';
import type { DeskCounts } from './ingest/options.ts';
import type { Wires } from './node-red/wires.ts';
import type { Lines } from './people/channels/channels.ts';
import { createTakers, type Offers, type Takers } from './people/channels/offered.ts';
import type { TellCentralDirectly } from './people/direct.ts';
import { createOutbox, type Outbox } from './people/outbox.ts';
import { channelFor, channelsOf, type Roster } from './people/roster.ts';
import type { WireMessage } from './records/incidents.ts';
import type { OutboxRow, Outcome } from './records/notices.ts';
import type { Ledger, Op } from './records/ops.ts';
import { createRollCalls, type RollCalls } from './rollcall/rollcall.ts';
import type { OfficeOptions } from './sites/office.ts';
import { ownSiteChange } from './sites/settings-site.ts';
import { createShow, type Show } from './view/live.ts';
import type { CentreView } from './view/view.ts';

const reopening = { firstMs: 1_000, maxMs: 60_000 };
/** This many failures of one message in a row are a failing channel. */
const failingTries = 3;

export type CentreOptions = {
  ledger: Ledger;
  clock: Clock;
  /** The centre's own key: configurations and commands are signed with it. */
  key: KeyObject;
  /** The reflector of the broker, if it has one. */
  reflector?: { port: number; key: Buffer } | undefined;
  /** The site of the settings, if they name one. */
  site: OwnSite | null;
  roster: Roster;
  lines: Lines;
  offers: Pick<Offers, 'take' | 'outcome'>;
  tellDirectly: TellCentralDirectly;
  send(topic: string, payload: Buffer, qos: 0 | 1): void;
  /** Gives the broker the registry with these entries in it. */
  publish(entries: readonly RegistryEntry[]): Promise<void>;
  /** How many links are measured at once. */
  capacity: CapacityOptions['limits'];
  count: CentreCounts;
  log: { warn(fields: object, line: string): void; error(fields: object, line: string): void };
  random(): number;
  randomId(): string;
};

export type CentreCounts = DeskCounts & { notified(channel: string, outcome: string): void };

export type Centre = {
  wires: Wires;
  view: CentreView;
  /** The site table as the centre uses it now. Throws while the ledger is opened anew. */
  sites: Omit<OfficeOptions, 'newToken'>;
  /** Writes rows of others; false while the ledger is opened anew. */
  record(ops: readonly Op[]): Promise<boolean>;
  /** Loads the ledger and opens the first desk; rejects where it cannot be read. */
  open(): Promise<void>;
  take(topic: string, payload: Buffer): void;
  subscribed(): void;
  unsubscribed(): void;
  /** The tabs run. */
  started(): void;
  /** Notifications that wait. */
  waiting(): number;
  /** The centre's time. */
  now(): number;
  close(): Promise<void>;
};

type Held = { desk: Desk; outbox: Outbox };

type State = {
  options: CentreOptions;
  held: Held | undefined;
  subscribed: boolean;
  started: boolean;
  closed: boolean;
  failures: number;
  /** The wait nodes by their id; the head has no name. */
  takers: Takers<WireMessage>;
  rollcalls: RollCalls;
  commands: Commands;
  capacity: CapacityRounds;
  show: Show;
};

export function createCentre(options: CentreOptions): Centre {
  const desk = () => state.held?.desk;
  const ready = () => state.held !== undefined && state.subscribed && state.started;
  const rollcalls = createRollCalls({ ...options, desk, progress: (view) => state.show.rollcall(view) });
  const commands = createCommands({ ...options, desk });
  const capacity = createCapacity({ ...options, commands, desk, limits: options.capacity });
  const state: State = {
    options,
    held: undefined,
    subscribed: false,
    started: false,
    closed: false,
    failures: 0,
    takers: createTakers(),
    rollcalls,
    commands,
    capacity,
    show: createShow({ ...options, desk, ready, rollcalls, commands: capacity }),
  };
  const now = () => state.held?.desk.time() ?? options.clock.now();
  return {
    wires: wiresOf(state, now),
    view: state.show.view,
    sites: sitesOf(state, now),
    record: (ops) => state.held?.desk.record(ops) ?? Promise.resolve(false),
    open: () => open(state),
    take: (topic, payload) => state.held?.desk.take(topic, payload),
    subscribed() {
      state.subscribed = true;
      state.held?.desk.subscribed();
      state.rollcalls.subscribed();
      state.show.all();
    },
    unsubscribed() {
      state.subscribed = false;
      state.held?.desk.unsubscribed();
      state.show.all();
    },
    started() {
      state.started = true;
      state.held?.desk.started();
    },
    waiting: () => state.held?.outbox.waiting() ?? 0,
    now,
    async close() {
      state.closed = true;
      state.show.close();
      state.capacity.close();
      state.rollcalls.drop();
      const held = state.held;
      state.held = undefined;
      held?.desk.close();
      await held?.outbox.stop();
    },
  };
}

async function open(state: State): Promise<void> {
  const { options } = state;
  const { ledger, roster, lines, clock } = options;
  const contents = await ledger.load();
  if (state.closed) return;
  const fatal = (error: Error) => fail(state, held, error);
  const desk = createDesk({
    ...options,
    contents,
    recipients: (to, channel, scope) => {
      const { persons, unknown } = roster.resolve(to, scope);
      if (unknown.length > 0) options.log.warn({ unknown, scope }, 'a tab sends to somebody who is not in sabha.json');
      return persons.map((person) => ({ person: person.id, channel: channelFor(person, channel, lines) }));
    },
    central: () => roster.central().flatMap((person) => channelsOf(person, lines).map((channel) => ({ person: person.id, channel }))),
    offer: (message, node) => offer(state, message, node),
    notify: (rows) => outbox.add(rows),
    changed(change) {
      state.show.changed(change);
      state.rollcalls.changed(change.pcs);
    },
    isRollCall: state.rollcalls.isRunning,
    born: state.rollcalls.born,
    seal: (text: unknown) => sealSigned(text, options.key),
    commands: {
      heard(report) {
        state.commands.heard(report);
        state.capacity.heard(report);
      },
    },
    registered: options.publish,
    onFatal: fatal,
  });
  const outbox = createOutbox({
    clock,
    lines,
    roster,
    random: options.random,
    commit: (ops) => ledger.commit(ops),
    isOver: (incident) => desk.book.incidents.get(incident)?.over !== null,
    onOutcome: (row, outcome) => {
      options.count.notified(row.channel, outcome.result);
      for (const { device, standing } of failing(row, outcome.result)) {
        void desk.tell({ type: 'centre', fault: 'centre.channel_failing', device, standing });
      }
    },
  });
  const held: Held = { desk, outbox };
  state.held = held;
  outbox.add(contents.outbox);
  outbox.run().catch(fatal);
  if (state.subscribed) desk.subscribed();
  if (state.started) desk.started();
  state.rollcalls.remember(contents.rollcall);
  state.commands.remember(contents);
  state.show.all();
  const { table, entry, time } = desk;
  const own = ownSiteChange({ site: options.site, table: table(), entry, meta: contents.meta, now: time() });
  if (own !== null) await desk.changeSites(own.change, own.ops);
}

/** What an outcome says of its channel: tried in vain, it fails; refused, it fails for this person, until one is taken again. */
function failing({ channel, person, tries }: OutboxRow, result: Outcome['result']): { device: string; standing: boolean }[] {
  const forPerson = `${channel} to ${person}`;
  if (result === 'refused') return [{ device: forPerson, standing: true }];
  if (result === 'retry') return tries >= failingTries ? [{ device: channel, standing: true }] : [];
  return [
    { device: channel, standing: false },
    { device: forPerson, standing: false },
  ];
}

/** R20: nothing of this memory is true any more. Central is told past the outbox, and the ledger is opened anew. */
function fail(state: State, held: Held, error: Error & { code?: string }): void {
  if (state.closed || state.held !== held) return;
  const { options } = state;
  state.held = undefined;
  held.desk.close();
  state.rollcalls.drop();
  held.outbox.stop().catch(() => {});
  state.failures += 1;
  options.log.error({ code: error.code }, `the ledger took nothing: ${error.message}`);
  void options.tellDirectly(error.code === 'full' ? 'disk_full' : 'commit_failed', error.message);
  reopen(state);
}

function reopen(state: State): void {
  state.options.clock.after(doubledMs(state.failures - 1, reopening), () => {
    if (state.closed) return;
    open(state).then(
      () => state.options.log.warn({}, 'the desk is open again, from the ledger'),
      (error: Error) => {
        state.failures += 1;
        state.options.log.error({}, `the ledger cannot be read: ${error.message}`);
        reopen(state);
      },
    );
  });
}

/** A wait node that is gone leaves its message to the head (R25); without a head the offer is made again in time (R24). */
function offer(state: State, message: WireMessage, node: string | null): void {
  state.failures = 0;
  const taker = state.takers.of(node ?? '') ?? state.takers.of('');
  taker?.(message);
}

function sitesOf(state: State, now: () => number): Centre['sites'] {
  const desk = (): Desk => {
    if (state.held === undefined) throw new Error('the ledger is opened anew');
    return state.held.desk;
  };
  return {
    table: () => desk().table(),
    records: () => desk().book.pcs,
    wanted: (pc) => desk().wanted(pc),
    entry: (pc) => desk().entry(pc),
    async apply(change, ops) {
      if (!(await desk().changeSites(change, ops))) throw new Error('the ledger did not take the change');
    },
    rollout: () => desk().rollout(),
    async release(by) {
      if (!(await desk().release(by))) throw new Error('the ledger did not take it');
    },
    now,
  };
}

function wiresOf(state: State, now: () => number): Wires {
  return {
    head: (take) => state.takers.take('', take),
    waiting: state.takers.take,
    conclude: (message, how) => state.held?.desk.conclude(message, how),
    channels: () => [...state.options.lines.keys()],
    offered: state.options.offers.take,
    outcome: state.options.offers.outcome,
    now,
  };
}
