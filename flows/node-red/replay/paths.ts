/** The way of each message through the nodes, written down with what came of it: tomorrow it is known why somebody was told, whatever the tabs are by then. */
import { oneLine } from '@sabha/contracts';
import type { WireMessage } from '../../engine/records/incidents.ts';
import { readMessage } from '../acts.ts';
import type { Watch } from '../explain.ts';
import type { Tabs } from '../tabs.ts';
import { hashOf } from '../tabs-diff.ts';
import { type FlowNode, nodeName } from '../tabs-storage.ts';
import type { Wires } from '../wires.ts';

/** Longest path that is kept, in characters. */
const pathLimit = 600;
/** Messages that are on the wires and reached no end; the oldest is forgotten first. */
const underWayAtMost = 1_000;
/** What every message passes and nothing is decided in. */
const silent = new Set(['link in', 'link out', 'junction', 'sabha-conclude']);

/** `wires`: those of the pipeline; the tabs are started on `wires` of the answer instead, and `follow` sees what their nodes receive. */
export function createPaths({ wires, tabs }: { wires: Wires; tabs: Pick<Tabs, 'running'> }) {
  const underWay = new Map<string, FlowNode[]>();
  let known: { of: readonly FlowNode[]; hash: string; nodes: Map<string, FlowNode> } = { of: [], hash: '', nodes: new Map() };
  const current = () => {
    const of = tabs.running();
    if (known.of !== of) known = { of, hash: hashOf(of), nodes: new Map(of.map((node) => [node.id, node])) };
    return known;
  };
  return {
    wires: {
      ...wires,
      conclude(message, how) {
        const key = keyOf(message);
        const passed = underWay.get(key) ?? [];
        underWay.delete(key);
        const { hash, nodes } = current();
        wires.conclude(message, how, { tabs: hash, path: pathText(passed, nodes) });
      },
    } satisfies Wires,
    follow: (watch: Watch) =>
      watch((id, msg) => {
        const node = current().nodes.get(id);
        if (node === undefined || silent.has(node.type)) return;
        const read = readMessage(msg);
        if (!read.ok || read.message.transition.id < 0) return;
        const key = keyOf(read.message);
        underWay.set(key, [...(underWay.get(key) ?? []), node]);
        if (underWay.size > underWayAtMost) underWay.delete([...underWay.keys()][0] ?? '');
      }),
  };
}

/** The key of a message on the wires. */
export function keyOf({ transition: { id, offer } }: WireMessage): string {
  return `${id} ${offer}`;
}

/** Tab by tab, as in "10 Faults: new or worse?, which site? | 35 When: when". */
function pathText(passed: readonly FlowNode[], nodes: ReadonlyMap<string, FlowNode>): string {
  const parts: { tab: string; names: string[] }[] = [];
  for (const node of passed) {
    const tab = nodes.get(node.z ?? '')?.label ?? '';
    if (parts.at(-1)?.tab !== tab) parts.push({ tab, names: [] });
    parts.at(-1)?.names.push(nodeName(node));
  }
  return oneLine(parts.map(({ tab, names }) => `${tab}: ${names.join(', ')}`).join(' | '), pathLimit);
}
