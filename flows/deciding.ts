/** What decides who is told: the tabs, and what stands around them. */
import { realClock } from '@sabha/contracts';
import type { Base } from './base.ts';
import type { WireMessage } from './engine/records/incidents.ts';
import type { Op } from './engine/records/ops.ts';
import type { Say } from './keeping.ts';
import type { Red } from './node-red/node-red.ts';
import { createReplay } from './node-red/replay/replay.ts';
import { openTabs, type Tabs } from './node-red/tabs.ts';
import { createTabsOrders } from './node-red/tabs-orders.ts';
import type { FlowNode } from './node-red/tabs-storage.ts';
import { createWays } from './node-red/ways.ts';
import { channelNames } from './notify/people/channels/channels.ts';
import { namesOf } from './notify/people/roster.ts';
import type { People } from './people.ts';
import type { Runtime } from './runtime.ts';
import { createExplained, createTells } from './view/explained.ts';
import { createReasons } from './view/reasons.ts';

/** An operator's own, beside the ledger. What is refused of them central hears, whatever runs instead. */
export function openTabsOf(
  { settings, log }: Base,
  { roster }: Pick<People, 'roster'>,
  { dir, keptDir, record, say, now }: { dir: string; keptDir: string; record(ops: Op[]): Promise<boolean>; say: Say; now(): number },
): Tabs {
  return openTabs({
    dir,
    keptDir,
    warn: (line) => log.warn({}, line),
    lint: {
      community: settings.communityNodes.packages.length > 0,
      names: { people: () => namesOf(roster), channels: channelNames(settings.channels) },
    },
    record: (step) => record([{ op: 'audit', at: now(), ...step }]),
    refused(line) {
      if (line !== null) log.error({ dir }, `the tabs on disk cannot run, so the last good ones do: ${line}`);
      say('centre.tabs_refused', line);
    },
  });
}

/**
 * What stands around the tabs: the way of each message is written down, and what they would do is told, nobody else hearing of it. `red` is
 * undefined until the tabs run.
 */
export function openDeciding(
  { clock, ledger }: Base,
  { wires: own, sites: { table }, now }: Pick<Runtime, 'wires' | 'sites' | 'now'>,
  { tabs, people, red }: { tabs: Tabs; people: People; red(): Red | undefined },
) {
  const { wires, follow, explain: wayOf } = createWays({ wires: own, tabs, clock });
  const way = async (message: WireMessage) => {
    const watch = red()?.watch;
    return watch && wayOf(message, watch);
  };
  const about = { ...people, table, now };
  const replay = createReplay({ ...about, ledger, tabs, clock: realClock() });
  return {
    wires,
    follow,
    tryOut: (nodes: readonly FlowNode[]) => replay.tryNodes(nodes),
    tells: createTells({ ...about, way }),
    orders: {
      ...createTabsOrders({ tabs, red, steps: ledger.tabsSteps }),
      explain: createExplained({ ...about, way }),
      replay,
      reasons: createReasons(ledger, (id) => people.roster.person(id).name),
    },
  };
}
