/**
 * The real tabs (flows/node-red/tabs) in a real Node-RED, and the ways in which an edit can break them. All simulations of this process share it, one after another.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OfferMessage } from '../../flows/engine/records/incidents.ts';
import { startNodeRed } from '../../flows/node-red/node-red.ts';
import { openTabs } from '../../flows/node-red/tabs.ts';
import type { Wires } from '../../flows/node-red/wires.ts';
import { edit, throwing } from '../system/tabs-scene.ts';
import type { Process, Time } from './time.ts';

/**
 * `cut`: a wire before *conclude* is missing. `no-waits`: the wait nodes are missing. `throws`: a node throws, and the catch node notifies
 * central.
 */
export type Broken = 'cut' | 'no-waits' | 'throws' | null;

/** Runs the tabs for a process. Calls `broken` for each message. Returns a function that stops them, as a deploy does. */
export function startTabs({ wires, process, time, broken }: TabsOptions): () => void {
  const run: Run = { wires, process, broken };
  const cancels: (() => void)[] = [];
  let over = false;
  time.wait(
    prepared(broken()).then((tabs) => {
      const give = (take: Take) => (message: OfferMessage) =>
        void process.clock.after(turnMs, () => {
          tabs.current = run;
          tabs.underWay.set(keyOf(message), run);
          take(message);
          time.wait(ended(tabs, keyOf(message)));
        });
      if (over || !process.alive()) return;
      cancels.push(wires.head(give((message) => tabs.head?.(message))));
      // The server does not know a removed wait node, so its message goes to the head.
      if (broken() !== 'no-waits') for (const [node, take] of tabs.waits) cancels.push(wires.waiting(node, give(take)));
    }),
  );
  return () => {
    over = true;
    for (const cancel of cancels) cancel();
  };
}

type TabsOptions = { wires: Wires; process: Process; time: Time; broken(): Broken };
type Run = { wires: Wires; process: Process; broken(): Broken };
type Take = (message: OfferMessage) => void;
type Tabs = {
  head: Take | undefined;
  waits: Map<string, Take>;
  /** The run of the tabs to which each message on the wires belongs. */
  underWay: Map<string, Run>;
  current: Run | undefined;
  throws: boolean;
  dir: string;
};

const turnMs = 2;
/**
 * Node-RED moves a message one node in each turn, about forty turns in all. A message still on the wires after this many turns never ends.
 */
const turnsAtMost = 150;
/** Time limit for the start of Node-RED, in milliseconds of real time; the rest of a run uses virtual time. */
const startLimitMs = 300_000;
const source = fileURLToPath(new URL('../../flows/node-red/tabs', import.meta.url));
let started: Promise<Tabs> | undefined;

/** Prepares the tabs. Node-RED cannot start twice in a process, so a real deploy applies another edit. */
async function prepared(broken: Broken): Promise<Tabs> {
  started ??= start();
  const tabs = await started;
  const throws = broken === 'throws';
  if (tabs.throws !== throws) await deploy(tabs.dir, throws);
  tabs.throws = throws;
  return tabs;
}

const thrower = 'who-technician';

async function start(): Promise<Tabs> {
  const dir = join(mkdtempSync(join(tmpdir(), 'sabha-tabs-')), 'tabs');
  copyTabs(dir);
  globalThis.process.once('exit', () => rmSync(dirname(dir), { recursive: true, force: true }));
  const tabs: Tabs = { head: undefined, waits: new Map(), underWay: new Map(), current: undefined, throws: false, dir };
  const quiet = () => {};
  const log = { fatal: quiet, error: quiet, warn: quiet, info: quiet, debug: quiet, trace: quiet };
  await startNodeRed({ wires: wiresOf(tabs), tabs: openTabs({ dir }), log, timeoutMs: startLimitMs });
  return tabs;
}

function wiresOf(tabs: Tabs): Wires {
  return {
    head(take) {
      tabs.head = take;
      return () => {};
    },
    waiting(node, take) {
      tabs.waits.set(node, take);
      return () => {};
    },
    waits: () => ({ count: 0, nextAt: null }),
    conclude(message, how) {
      const run = tabs.underWay.get(keyOf(message));
      tabs.underWay.delete(keyOf(message));
      if (run?.process.alive() && run.broken() !== 'cut') run.wires.conclude(message, how);
    },
    people: () => ({ roles: [], groups: [], persons: [] }),
    channels: () => tabs.current?.wires.channels() ?? ['console', 'email'],
    offered: () => () => {},
    outcome: () => {},
    moment: (scope, rules) => tabs.current?.wires.moment(scope, rules) ?? alwaysOpen,
    correlate: () => {},
    now: () => tabs.current?.wires.now() ?? 0,
  };
}

const alwaysOpen: ReturnType<Wires['moment']> = {
  is: 'open',
  meeting: null,
  digestAt: 0,
  backAt: 0,
  isNearClosing: false,
  isClosing: false,
  closed: null,
  lookAt: null,
};

/** Resolves when the message has left the wires, or never will. */
async function ended({ underWay }: Tabs, key: string): Promise<void> {
  for (let turn = 0; turn < turnsAtMost && underWay.has(key); turn += 1) await new Promise((done) => setImmediate(done));
  underWay.delete(key);
}

function copyTabs(dir: string): void {
  cpSync(source, dir, { recursive: true, filter: (path) => !path.endsWith('.ts') });
}

/** Edits the files of the tabs, as a person may, and deploys them. */
async function deploy(dir: string, throws: boolean): Promise<void> {
  copyTabs(dir);
  if (throws) edit(dir, (nodes) => nodes.map((node) => (node.id === thrower ? throwing(node) : node)));
  const red = createRequire(import.meta.url)('node-red');
  const runs = new Promise<void>((done) => red.events.once('flows:started', done));
  await red.runtime.flows.setFlows({ deploymentType: 'reload' });
  await runs;
}

function keyOf({ transition }: OfferMessage): string {
  return `${transition.id} ${transition.offer}`;
}
