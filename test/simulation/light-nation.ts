/**
 * A nation of any size under virtual time, with the real engine, tabs, hours, roster, texts and outbox. Its PCs run no agents; they are
 * only messages to the engine, so an hour of 736 PCs takes seconds. No message is lost and no process dies; world.ts simulates that.
 */
import { type Check, digestOf, type LinkClass, links, type Person } from '@sabha/contracts';
import { createEngine } from '../../flows/engine/incidents/engine.ts';
import { emptyContents } from '../../flows/engine/memory/memory.ts';
import type { EngineEvent, OfferMessage } from '../../flows/engine/records/incidents.ts';
import type { OutboxRow } from '../../flows/engine/records/notices.ts';
import type { OfficeHours, SiteTable, TreeNode } from '../../flows/engine/records/sites.ts';
import type { Wires } from '../../flows/node-red/wires.ts';
import { createOutbox } from '../../flows/notify/people/outbox.ts';
import { createRoster, recipientsOf } from '../../flows/notify/people/roster.ts';
import { createCalendar } from '../../flows/sites/calendar/calendar.ts';
import { createOfficeStates } from '../../flows/sites/calendar/when.ts';
import { createSiteTable, emptyFacts } from '../../flows/sites/table.ts';
import { randomFrom } from '../random.ts';
import { createPost, type Delivery, people as usualPeople } from './people.ts';
import { startTabs } from './tabs.ts';
import { createMachine, createTime, epochMs, type Time } from './time.ts';

export type LightSite = { path: string; pcs?: number; isp?: string; link?: LinkClass };

export type LightNationOptions = {
  sites: readonly LightSite[];
  people?: readonly Person[];
  hours?: OfficeHours;
  seed?: number;
  /** Interval of the engine's ticks after an event. Timers still run at their exact time. */
  busyTickMs?: number;
};

export type LightNation = {
  time: Time;
  now(): number;
  deliveries: readonly Delivery[];
  /** Rows of the outbox, each with the members of its shared cause. */
  rows: readonly LightRow[];
  /** Returns the PCs below a path. */
  at(path: string): string[];
  /** Cuts the PCs off. The broker publishes each last will after its keepalive. */
  cut(pcs: readonly string[]): void;
  /** Cuts the PCs off. Each one has a new boot when it returns. */
  powerOff(pcs: readonly string[]): void;
  /** Shuts the PCs down with a bye. */
  leave(pcs: readonly string[], reason: string): void;
  comeBack(pcs: readonly string[]): void;
  /** Sets the fault of a device, or clears it with null. `name` is the name of the device. */
  device(pc: string, fault: { component: string; fault: string | null; name?: string }): void;
  apply(event: EngineEvent): void;
  pass(ms: number): Promise<void>;
};

export type LightRow = {
  at: number;
  person: string;
  channel: string;
  kind: string;
  incident: number | null;
  scope: string;
  members: readonly string[];
};

type LightPc = {
  pc: string;
  link: LinkClass;
  isUp: boolean;
  nextBeatAt: number;
  session: number;
  boot: number;
  rev: number;
  checks: Map<string, Check>;
};

const second = 1_000;
const minute = 60 * second;
/** Time for which the engine ticks at the short interval after an event, in milliseconds. It is longer than any wait of a cause. */
const busyMs = 12 * minute;
const calmTickMs = minute;
/** Time in which Node-RED starts and reads the tabs, in milliseconds. */
const startMs = 5 * second;

/** Starts the nation. Resolves when the tabs run and all PCs are online. */
export async function startLightNation(options: LightNationOptions): Promise<LightNation> {
  const core = coreOf(options);
  const { time, process } = core;
  startTabs({ wires: wiresOf(core), process, time, broken: () => null });
  await time.run(time.now() + startMs);
  apply(core, { type: 'started' });
  apply(core, { type: 'subscribed' });
  for (const one of core.pcs.values()) bear(core, one);
  tick(core);
  return {
    time,
    now: core.now,
    deliveries: core.post.deliveries,
    rows: core.rows,
    at: (path) => [...core.pcs.keys()].filter((pc) => path === '' || pc.startsWith(`${path}/`)),
    cut: (pcs) => each(core, pcs, (one) => lose(core, one)),
    powerOff: (pcs) =>
      each(core, pcs, (one) => {
        lose(core, one);
        one.boot += 1;
      }),
    leave: (pcs, reason) => each(core, pcs, (one) => leave(core, one, reason)),
    comeBack: (pcs) => each(core, pcs, (one) => comeBack(core, one)),
    device(pc, { component, fault, name }) {
      each(core, [pc], (one) => {
        const status = fault === null ? ('ok' as const) : ('fault' as const);
        one.checks.set(component, { component, device: '', status, fault, reason: null, ...(name !== undefined && { name }) });
        if (one.isUp) sayState(core, one);
      });
    },
    apply: (event) => apply(core, event),
    pass: (ms) => time.run(time.now() + ms),
  };
}

type Core = ReturnType<typeof coreOf>;

function coreOf({ sites, people = usualPeople, hours, seed = 7, busyTickMs = second }: LightNationOptions) {
  const time = createTime();
  const random = randomFrom(seed);
  const process = createMachine(time).start();
  const table = createSiteTable(nodesOf(sites, hours));
  const post = createPost({ time, random });
  const channels = post.channels(process);
  const roster = createRoster([...people]);
  const now = () => epochMs + time.now();
  const told = recipientsOf({ roster, channels, log: { warn() {} } });
  const engine = createEngine(
    { contents: emptyContents, known: table.known, starts: [], followers: [], place: table.place, ...told },
    now(),
  );
  const outbox = createOutbox({
    clock: process.clock,
    random: random.next,
    channels,
    roster,
    commit: async () => undefined,
    isOver: (incident) => engine.memory.incidents.get(incident)?.over !== null,
    onOutcome: () => {},
  });
  void outbox.run();
  const pcs = new Map(table.known.map(({ pc, link }) => [pc, lightPc(pc, { link, at: now() + random.next() * links[link].beatMs })]));
  const takers = { head: undefined as Take | undefined, waits: new Map<string, Take>() };
  const rows: LightRow[] = [];
  return { time, random, process, table, post, engine, outbox, pcs, now, takers, rows, busyTickMs, busyUntil: now() + busyMs };
}

type Take = (message: OfferMessage) => void;

function lightPc(pc: string, { link, at }: { link: LinkClass; at: number }): LightPc {
  const checks = ['camera', 'microphone', 'speaker'].map((component) => {
    const check: Check = { component, device: '', status: 'ok', fault: null, reason: null };
    return [component, check] as const;
  });
  return { pc, link, isUp: true, nextBeatAt: at, session: 1, boot: 1, rev: 0, checks: new Map(checks) };
}

function nodesOf(sites: readonly LightSite[], hours: OfficeHours | undefined): TreeNode[] {
  const named = (path: string): Omit<TreeNode, 'layer' | 'site'> => ({ path, name: { en: path, hi: path } });
  const nation = { ...named(''), layer: hours === undefined ? {} : { vcHours: hours.vc, closes: hours.closes }, site: null };
  const states = [...new Set(sites.map(({ path }) => path.split('/')[0] ?? ''))];
  return [
    { ...nation, name: { en: 'All offices', hi: 'सभी दफ़्तर' } },
    ...states.map((state) => ({ ...named(state), layer: {}, site: null })),
    ...sites.flatMap(({ path, pcs = 1, isp = '', link = 'fibre' }) => [
      { ...named(path), layer: { link }, site: { ...emptyFacts, isp } },
      ...Array.from({ length: pcs }, (_, at) => ({ ...named(`${path}/pc-${at + 1}`), layer: {}, site: null })),
    ]),
  ];
}

function wiresOf(core: Core): Wires {
  const { takers, engine, now } = core;
  const table = (): SiteTable => core.table;
  const calendar = createCalendar([], table);
  return {
    head(take) {
      takers.head = take;
      return () => {};
    },
    waiting(node, take) {
      takers.waits.set(node, take);
      return () => {};
    },
    waits: () => ({ count: 0, nextAt: null }),
    conclude: (message, how) => {
      const { transition, acts, severity } = message;
      apply(core, { type: 'conclude', transition: transition.id, acts, severity, how });
    },
    people: () => ({ roles: [], groups: [], persons: [] }),
    channels: () => ['console', 'email'],
    offered: () => () => {},
    outcome: () => {},
    moment: createOfficeStates({
      calendar: () => calendar,
      table,
      now,
      members: (scope) => engine.memory.openIncident(scope)?.spread?.members ?? [],
    }),
    correlate: () => {},
    now,
  };
}

/** Applies an event to the engine after all earlier beats, and passes the results to the tabs and the outbox. */
function apply(core: Core, event: EngineEvent): void {
  const { engine, outbox, takers, now } = core;
  beatAll(core);
  if (event.type !== 'tick') core.busyUntil = now() + busyMs;
  engine.apply(event, now());
  for (let taken = engine.take(); taken.ops.length + taken.effects.length > 0; taken = engine.take()) {
    const rows = taken.ops.flatMap((op) => (op.op === 'outbox' ? [op.row] : []));
    core.rows.push(...rows.map((row) => rowOf(core, row)));
    outbox.add(rows);
    for (const effect of taken.effects) {
      if (effect.do !== 'offer') continue;
      const take = (effect.node === null ? undefined : takers.waits.get(effect.node)) ?? takers.head;
      take?.(effect.message);
    }
  }
}

function rowOf({ engine, now }: Core, { person, channel, notice }: OutboxRow): LightRow {
  const { kind, incident, scope } = notice;
  const { members = [] } = (incident === null ? undefined : engine.memory.incidents.get(incident)?.spread) ?? {};
  return { at: now(), person, channel, kind, incident, scope, members };
}

function tick(core: Core): void {
  apply(core, { type: 'tick', provenAt: null });
  core.process.clock.after(untilTickMs(core), () => tick(core));
}

/** Returns the time to the next tick. The ingest of the real server ticks at least every second. */
function untilTickMs({ engine, now, busyTickMs, busyUntil }: Core): number {
  const at = now();
  const due = [...engine.memory.timers.values()].map(({ dueAt }) => dueAt - at).filter((ms) => ms > 0);
  const everyMs = at < busyUntil || engine.memory.live().some(({ state }) => state !== 'waiting') ? busyTickMs : calmTickMs;
  return Math.max(1, Math.min(everyMs, engine.nextClearAt(at) - at, ...due));
}

/** Applies each beat at its own time, so that the order of the last-seen times is exact. */
function beatAll(core: Core): void {
  for (const one of core.pcs.values()) beat(core, one);
}

function beat({ engine, now }: Core, one: LightPc): void {
  const at = now();
  if (!one.isUp || one.nextBeatAt > at) return;
  const { beatMs } = links[one.link];
  const last = one.nextBeatAt + Math.floor((at - one.nextBeatAt) / beatMs) * beatMs;
  engine.applyUnchangedBeat(one.pc, last);
  one.nextBeatAt = last + beatMs;
}

function each(core: Core, pcs: readonly string[], act: (one: LightPc) => void): void {
  for (const pc of pcs) {
    const one = core.pcs.get(pc);
    if (one === undefined) throw new Error(`there is no ${pc}`);
    act(one);
  }
}

function lose(core: Core, one: LightPc): void {
  if (!one.isUp) return;
  const { session, boot } = one;
  beat(core, one);
  one.isUp = false;
  const willMs = links[one.link].keepaliveMs * (1 + core.random.next() * 0.5);
  core.time.later(willMs, () => {
    // After a reconnect, the broker publishes no last will of the earlier session.
    if (!one.isUp && one.session === session) apply(core, { type: 'lost', pc: one.pc, boot: `b${boot}`, session });
  });
}

function leave(core: Core, one: LightPc, reason: string): void {
  if (!one.isUp) return;
  one.isUp = false;
  apply(core, { type: 'bye', pc: one.pc, boot: `b${one.boot}`, session: one.session, reason });
  one.boot += 1;
}

function comeBack(core: Core, one: LightPc): void {
  if (one.isUp) return;
  one.isUp = true;
  one.session += 1;
  one.rev = 0;
  one.nextBeatAt = core.now() + links[one.link].beatMs;
  bear(core, one);
}

function bear(core: Core, one: LightPc): void {
  const { pc, session, boot } = one;
  const said = { digest: digestOf([...one.checks.values()]), rev: 0, spool: 's', config: 0, inventory: '', agent: '1' };
  apply(core, { type: 'birth', pc, boot: `b${boot}`, session, ...said });
  sayState(core, one);
}

function sayState(core: Core, one: LightPc): void {
  const checks = [...one.checks.values()];
  one.rev += 1;
  const { pc, session, rev } = one;
  apply(core, { type: 'state', pc, digest: digestOf(checks), session, rev, base: undefined, checks, gone: [] });
}
