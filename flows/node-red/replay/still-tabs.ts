/** A set of tabs in a Node-RED that nobody hears: messages go in, and what the nodes decide comes out. */
import { setImmediate } from 'node:timers/promises';
import type { WireMessage } from '../../engine/records/incidents.ts';
import { type RedOptions, startRed } from '../node-red.ts';
import { isOurs } from '../tabs.ts';
import type { FlowNode } from '../tabs-storage.ts';
import { keyOf } from '../ways.ts';
import type { Wires } from '../wires.ts';
import type { Decided, World } from './run.ts';

/** Node-RED moves a message one node further each turn: what has not ended after so many never will. */
const turnsAtMost = 400;

/** The tabs, which decide. */
export type StillTabs = Pick<World, 'decide'> & { stop(): Promise<void> };

/** Starts the tabs; `asked`: what the nodes may ask while nobody hears them. Rejects with one line where they do not run. */
export async function startStillTabs(nodes: readonly FlowNode[], asked: Pick<Wires, 'channels' | 'moment' | 'now'>): Promise<StillTabs> {
  const waits = new Map<string, (message: WireMessage) => void>();
  const ends = new Map<string, Decided>();
  let head: ((message: WireMessage) => void) | undefined;
  const lines: string[] = [];
  const wires: Wires = {
    ...asked,
    head(take) {
      head = take;
      return () => {};
    },
    waiting(node, take) {
      waits.set(node, take);
      return () => waits.delete(node);
    },
    waits: () => ({ count: 0, nextAt: null }),
    conclude: (message, how) => void ends.set(keyOf(message), { acts: message.acts, severity: message.severity, how }),
    people: () => ({ roles: [], groups: [], persons: [] }),
    offered: () => () => {},
    outcome: () => {},
    correlate: () => {},
  };
  const quiet = () => {};
  const note = (_: object, line: string) => void lines.push(line);
  const log = { fatal: note, error: note, warn: quiet, info: quiet, debug: quiet, trace: quiet };
  const { stop } = await startRed({ wires, tabs: heldTabs(decidingOnly(nodes)), log });
  return {
    stop,
    async decide(message, node) {
      const take = (node === null ? undefined : waits.get(node)) ?? head;
      take?.(message);
      const key = keyOf(message);
      for (let turn = 0; turn < turnsAtMost && !ends.has(key); turn += 1) await setImmediate();
      const end = ends.get(key);
      ends.delete(key);
      return end;
    },
  };
}

/** Without what begins by itself, and without the nodes of others, which stand behind an offer and would send. */
function decidingOnly(nodes: readonly FlowNode[]): FlowNode[] {
  const kept = nodes.filter(({ type }) => isOurs(type) && type !== 'inject');
  const ids = new Set(kept.map(({ id }) => id));
  return kept.map((node) =>
    node.wires === undefined ? node : { ...node, wires: node.wires.map((port) => port.filter((to) => ids.has(to))) },
  );
}

/** Tabs that lie nowhere and are never changed. */
function heldTabs(nodes: FlowNode[]): RedOptions['tabs'] {
  return {
    load: () => structuredClone(nodes),
    save: async () => {
      throw new Error('these tabs are not changed');
    },
    running: () => nodes,
    lint: () => [],
  };
}
