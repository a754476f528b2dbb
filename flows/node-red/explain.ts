/** What the tabs would do with a message: it goes over the wires that run, and its end is kept from the ledger, so that nobody is told. */
import { type Cancel, type Clock, mutex } from '@sabha/contracts';
import type { WireMessage } from '../engine/records/incidents.ts';
import { readMessage, toMs } from './acts.ts';
import type { Tabs } from './tabs.ts';
import { type FlowNode, nodeName } from './tabs-storage.ts';
import type { Wires } from './wires.ts';

/** A node that the message passed; `afterMs`: how long after the fault it does. */
export type PassedNode = { tab: string; node: string; type: string; afterMs: number };
/** Whom a deliver node would tell, by the words of the tab. */
export type WouldTell = { to: string[]; channel: string; severity: WireMessage['severity']; afterMs: number };
/** `how`: the conclusion, null where the message reached none. */
export type Way = { nodes: PassedNode[]; tells: WouldTell[]; how: string | null };

/** Sees every message that a node receives, until it is cancelled. */
export type Watch = (seen: (node: string, msg: unknown) => void) => Cancel;

type Running = { way: Way; afterMs: number; done(): void };

/** A message that has not ended after so long never will. */
const wayLimitMs = 3_000;
/** Long enough that every wait is over, and the same time of day. */
const agoMs = 28 * 86_400_000;

/** `wires`: those of the pipeline; the tabs are started on `wires` of the answer instead. */
export function createExplainer({ wires, tabs, clock }: { wires: Wires; tabs: Tabs; clock: Pick<Clock, 'after'> }) {
  const heads = new Set<(message: WireMessage) => void>();
  const running = new Map<number, Running>();
  const oneByOne = mutex();
  let asked = 0;
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
      conclude(message, how, way?) {
        const { id } = message.transition;
        if (id >= 0) return wires.conclude(message, how, way);
        const own = running.get(id);
        // One that comes too late for whoever asked is nobody's.
        if (own === undefined) return;
        own.way.how = how;
        own.done();
      },
    } satisfies Wires,

    /** Guarantee: nothing is written, nobody is told, no timer is set. */
    explain: (message: WireMessage, watch: Watch): Promise<Way> =>
      oneByOne(async () => {
        asked -= 1;
        const id = asked;
        const way: Way = { nodes: [], tells: [], how: null };
        const { promise, resolve } = Promise.withResolvers<void>();
        const own: Running = { way, afterMs: 0, done: resolve };
        const nodes = new Map(tabs.running().map((node) => [node.id, node]));
        running.set(id, own);
        const cancelWatch = watch((node, msg) => note(own, { node: nodes.get(node), nodes, id }, msg));
        const cancelLimit = clock.after(wayLimitMs, resolve);
        // Its own number, below those of the ledger; so long ago that each wait sends it on at once.
        const at = message.transition.at - agoMs;
        for (const take of heads) take({ ...message, transition: { ...message.transition, id, at } });
        await promise;
        cancelLimit();
        cancelWatch();
        running.delete(id);
        return way;
      }),
  };
}

type Place = { node: FlowNode | undefined; nodes: ReadonlyMap<string, FlowNode>; id: number };

function note(own: Running, { node, nodes, id }: Place, msg: unknown): void {
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
  way.tells.push({ to: [...message.to], channel: String(node['channel']), severity: message.severity, afterMs });
}
