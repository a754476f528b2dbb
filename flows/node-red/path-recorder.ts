/**
 * Records the path of each message through the nodes. The path is stored with the conclusion and explains a notification later, whatever
 * the tabs are then. In a dry run a message of an assumed fault passes through the running tabs. Its conclusion is withheld from the
 * ledger, so that nobody is notified.
 */
import { type Cancel, type Clock, createMutex, oneLine } from '@sabha/contracts';
import type { OfferMessage, TabPath } from '../engine/records/incidents.ts';
import { readMessage, toMs } from './rules.ts';
import type { Tabs } from './tabs.ts';
import { type FlowNode, hashOf, nodeName } from './tabs-storage.ts';
import type { Wires } from './wires.ts';

/** A node that the message passed. `afterMs` = time since the fault. */
export type PassedNode = { tab: string; node: string; type: string; afterMs: number };
/** A notification of a *deliver* or *offer* node, with recipients as the tab names them. */
export type PlannedNotification = { to: string[]; channel: string; severity: OfferMessage['severity']; afterMs: number };
/** `how`: the conclusion; null if the message reached none. */
export type TabsPath = { nodes: PassedNode[]; notifications: PlannedNotification[]; how: string | null };

/** Calls `seen` for every message that a node receives, until it is cancelled. */
export type WatchNodes = (seen: (node: string, msg: unknown) => void) => Cancel;

type RunningPath = { way: TabsPath; afterMs: number; done(): void };

/** Time limit for a dry run, in case the message reaches no conclusion. */
const explainLimitMs = 3_000;
/** The fault of a dry run is dated back by this time, so that every wait is over. Whole days keep the time of day. */
const backdatedMs = 28 * 86_400_000;

const pathLimit = 600;
/** Limit of messages in progress whose path is recorded. The oldest is dropped first. */
const underWayAtMost = 1_000;
/** Node types that decide nothing, so they are left out of a path. */
const silent = new Set(['link in', 'link out', 'junction', 'sabha-conclude']);

/**
 * Creates the recorder between Node-RED and the pipeline, whose `wires` are given. Node-RED must start on the returned `wires`, and
 * `follow` observes its nodes.
 */
export function createPathRecorder({ wires, tabs, clock }: { wires: Wires; tabs: Pick<Tabs, 'running'>; clock: Pick<Clock, 'after'> }) {
  const passing = createProgressRecorder(tabs);
  const heads = new Set<(message: OfferMessage) => void>();
  const running = new Map<number, RunningPath>();
  const oneByOne = createMutex();
  let explanationCount = 0;
  return {
    wires: {
      ...wires,
      head(take) {
        heads.add(take);
        const cancel = wires.head(take);
        return () => {
          heads.delete(take);
          cancel();
        };
      },
      conclude(message, how) {
        const { id } = message.transition;
        if (id >= 0) return wires.conclude(message, how, passing.end(message));
        const own = running.get(id);
        // A conclusion after the time limit is ignored.
        if (own === undefined) return;
        own.way.how = how;
        own.done();
      },
    } satisfies Wires,

    follow: passing.follow,

    /** Does a dry run. Guarantee: nothing is written, nobody is notified, no timer is set. */
    explain: (message: OfferMessage, watch: WatchNodes): Promise<TabsPath> =>
      oneByOne(async () => {
        explanationCount -= 1;
        const id = explanationCount;
        const way: TabsPath = { nodes: [], notifications: [], how: null };
        const { promise, resolve } = Promise.withResolvers<void>();
        const own: RunningPath = { way, afterMs: 0, done: resolve };
        const nodes = new Map(tabs.running().map((node) => [node.id, node]));
        running.set(id, own);
        const cancelWatch = watch((node, msg) => note(own, { node: nodes.get(node), nodes, id }, msg));
        const cancelLimit = clock.after(explainLimitMs, resolve);
        // The id is negative, which the ledger never uses. The time is old, so that every wait is over.
        const at = message.transition.at - backdatedMs;
        for (const take of heads) take({ ...message, transition: { ...message.transition, id, at } });
        await promise;
        cancelLimit();
        cancelWatch();
        running.delete(id);
        return way;
      }),
  };
}

type NodePlace = { node: FlowNode | undefined; nodes: ReadonlyMap<string, FlowNode>; id: number };

function note(own: RunningPath, { node, nodes, id }: NodePlace, msg: unknown): void {
  const read = readMessage(msg);
  if (node === undefined || !read.ok || read.message.transition.id !== id) return;
  const { message } = read;
  if (node.type === 'sabha-wait') {
    const forMs = node['durationType'] === 'msg' ? message.holdMs : toMs(node['duration'], String(node['durationType']));
    own.afterMs = Math.max(own.afterMs, forMs ?? 0);
  }
  const { afterMs, way } = own;
  way.nodes.push({ tab: nodes.get(node.z ?? '')?.label ?? '', node: nodeName(node), type: node.type, afterMs });
  if (node.type !== 'sabha-deliver' && node.type !== 'sabha-offer') return;
  way.notifications.push({ to: [...message.to], channel: String(node['channel']), severity: message.severity, afterMs });
}

/** Keeps the nodes that each message in progress has passed so far. */
function createProgressRecorder(tabs: Pick<Tabs, 'running'>) {
  const underWay = new Map<string, FlowNode[]>();
  let known: { of: readonly FlowNode[]; hash: string; nodes: Map<string, FlowNode> } = { of: [], hash: '', nodes: new Map() };
  const current = () => {
    const of = tabs.running();
    if (known.of !== of) known = { of, hash: hashOf(of), nodes: new Map(of.map((node) => [node.id, node])) };
    return known;
  };
  return {
    follow: (watch: WatchNodes) =>
      watch((id, msg) => {
        const node = current().nodes.get(id);
        if (node === undefined || silent.has(node.type)) return;
        const read = readMessage(msg);
        if (!read.ok || read.message.transition.id < 0) return;
        const key = keyOf(read.message);
        underWay.set(key, [...(underWay.get(key) ?? []), node]);
        if (underWay.size > underWayAtMost) underWay.delete([...underWay.keys()][0] ?? '');
      }),
    /** Returns the path of a concluded message and forgets it. */
    end(message: OfferMessage): TabPath {
      const key = keyOf(message);
      const passed = underWay.get(key) ?? [];
      underWay.delete(key);
      const { hash, nodes } = current();
      return { tabs: hash, path: pathText(passed, nodes) };
    },
  };
}

export function keyOf({ transition: { id, offer } }: OfferMessage): string {
  return `${id} ${offer}`;
}

/** Formats the path tab by tab, as in "10 Faults: new or worse?, which site? | 35 When: when". */
function pathText(passed: readonly FlowNode[], nodes: ReadonlyMap<string, FlowNode>): string {
  const parts: { tab: string; names: string[] }[] = [];
  for (const node of passed) {
    const tab = nodes.get(node.z ?? '')?.label ?? '';
    if (parts.at(-1)?.tab !== tab) parts.push({ tab, names: [] });
    parts.at(-1)?.names.push(nodeName(node));
  }
  return oneLine(parts.map(({ tab, names }) => `${tab}: ${names.join(', ')}`).join(' | '), pathLimit);
}
