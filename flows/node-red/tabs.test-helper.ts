/** Runs the real tabs in a real Node-RED with its editor API, against `Wires` that a test controls. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { realClock } from '@sabha/contracts';
import type { CorrelationNumbers } from '../engine/correlation/numbers.ts';
import type { OfferMessage } from '../engine/records/incidents.ts';
import { createOffers } from '../notify/people/channels/offered.ts';
import type { OfficeState } from '../sites/calendar/when.ts';
import { editorLogin, editorUser, startNodeRed } from './node-red.ts';
import { createPathRecorder } from './path-recorder.ts';
import { openTabs, type TabsOptions } from './tabs.ts';
import type { FlowNode } from './tabs-storage.ts';
import type { Wires } from './wires.ts';

export const tabsDir = fileURLToPath(new URL('./tabs', import.meta.url));
const password = 'open sesame';
export const now = 1_800_000_000_000;

/** The scope of an office that is closed for one more hour. All other offices are open. */
export const asleep = 'bihar/gaya/pc-1';
const always: OfficeState = {
  is: 'open',
  meeting: null,
  digestAt: now,
  backAt: now,
  isNearClosing: false,
  isClosing: false,
  closed: null,
  lookAt: null,
};

export type Conclusion = { message: OfferMessage; how: string };
export type TabsRun = { message: OfferMessage; node?: string };

/** Returns a message as the engine makes it: a critical fault at a fibre site in the plains, just raised. */
export function wireMessage(change: Partial<OfferMessage> = {}, incident: Partial<OfferMessage['incident']> = {}): OfferMessage {
  return {
    topic: 'bihar/patna/pc-1',
    transition: { id: 1, offer: 1, kind: 'raised', at: now },
    incident: {
      id: 1,
      scope: 'bihar/patna/pc-1',
      state: 'bihar',
      site: 'bihar/patna',
      link: 'fibre',
      elevationM: 53,
      severity: 'critical',
      flapping: false,
      acknowledged: false,
      told: [],
      cause: null,
      ...incident,
    },
    fault: 'microphone.missing',
    faults: ['microphone.missing'],
    outage: null,
    severity: 'critical',
    holdMs: 20_000,
    to: [],
    acts: [],
    ...change,
  };
}

/** Returns `Wires` that record conclusions and receive the offers of the test. */
export function heldWires() {
  const heads = new Set<(message: OfferMessage) => void>();
  const waits = new Map<string, (message: OfferMessage) => void>();
  const concluded: Conclusion[] = [];
  const offers = createOffers();
  const correlated: Partial<CorrelationNumbers> = {};
  const wires: Wires = {
    head: (take) => {
      heads.add(take);
      return () => heads.delete(take);
    },
    waiting: (node, take) => {
      waits.set(node, take);
      return () => waits.delete(node);
    },
    waits: () => ({ count: 2, nextAt: now + 90_000 }),
    conclude: (message, how) => concluded.push({ message, how }),
    offered: offers.take,
    outcome: (key, outcome) => void offers.outcome(key, outcome),
    people: () => ({
      roles: ['technician', 'state', 'central'],
      groups: ['vendors'],
      persons: [{ id: 'asha', name: 'Asha Devi', role: 'technician', scope: 'ladakh/leh' }],
    }),
    channels: () => ['console', 'email', 'webhook'],
    moment: (scope) => ({ ...always, ...(scope === asleep && { is: 'night', digestAt: now + 3_600_000 }) }),
    correlate: (numbers) => void Object.assign(correlated, numbers),
    now: () => now,
  };
  return { wires, heads, waits, concluded, offers, correlated };
}

export type Live = Awaited<ReturnType<typeof startLive>>;

/** Disables the lint, so that faulty tabs such as a cut wire can be deployed. */
const lenient = { judge: () => [] };

/** Starts Node-RED on a copy of the tabs. Once per test file, because Node-RED starts once per process. */
export async function startLive(how: Partial<TabsOptions> = lenient) {
  const root = mkdtempSync(join(tmpdir(), 'sabha-tabs-'));
  const dir = join(root, 'tabs');
  const tabs = openTabs({ dir, ...how });
  const held = heldWires();
  const lines: string[] = [];
  const log = (_: object, text: string) => lines.push(text);
  const explainer = createPathRecorder({ wires: held.wires, tabs, clock: realClock() });
  const red = await startNodeRed({
    wires: explainer.wires,
    tabs,
    editor: { port: 0, login: editorLogin(password) },
    tryOut: async (nodes) => ({ ok: true, value: nodes.length }),
    log: { fatal: log, error: log, warn: log, info: () => {}, debug: () => {}, trace: () => {} },
    nodesDirs: [throwingNodes(root)],
  });
  const address = `http://127.0.0.1:${red.editorPort}`;
  const headers = { authorization: `Bearer ${await tokenOf(address)}`, 'content-type': 'application/json' };
  const { events } = createRequire(import.meta.url)('node-red');

  /** Resolves at the next restart of the flows. */
  const started = () => new Promise<void>((resolve) => events.once('flows:started', resolve));

  return {
    ...held,
    red,
    explainer,
    tabs,
    dir,
    address,
    headers,
    lines,
    started,
    /** Deploys like the editor. Resolves when the new flows run. */
    async deploy(nodes: FlowNode[]): Promise<number> {
      const runs = started();
      const body = JSON.stringify(nodes);
      const answer = await fetch(`${address}/flows`, { method: 'POST', headers: { ...headers, 'node-red-deployment-type': 'full' }, body });
      if (answer.ok) await runs;
      return answer.status;
    },
    /** Offers each message to the *incident* node or to a wait node. Returns the conclusion of each; undefined without one. */
    async offer(runs: TabsRun[]): Promise<(Conclusion | undefined)[]> {
      held.concluded.length = 0;
      for (const [id, { message, node }] of runs.entries()) {
        const numbered = { ...message, transition: { ...message.transition, id } };
        for (const take of node === undefined ? held.heads : [held.waits.get(node)]) take?.(numbered);
      }
      // Node-RED moves a message by one node per turn of the event loop. A message without a conclusion after 400 turns has none.
      for (let turn = 0; turn < 400 && held.concluded.length < runs.length; turn++) await setImmediate();
      return runs.map((_, id) => held.concluded.find((one) => one.message.transition.id === id));
    },
    async stop(): Promise<void> {
      await red.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function tokenOf(address: string): Promise<string> {
  const body = JSON.stringify({
    client_id: 'node-red-editor',
    grant_type: 'password',
    scope: '*',
    username: editorUser,
    password,
  });
  const answer = await fetch(`${address}/auth/token`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return (await answer.json()).access_token;
}

/** Creates a folder with the node `test-throws`, which throws on a message whose topic is the name of its tab. */
function throwingNodes(root: string): string {
  const dir = join(root, 'test-nodes');
  mkdirSync(dir);
  const nodes = { 'test-throws': 'throws.cjs' };
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ name: 'test-nodes', version: '1.0.0', 'node-red': { nodes } }));
  writeFileSync(join(dir, 'throws.html'), '<script type="text/html" data-template-name="test-throws"></script>');
  writeFileSync(
    join(dir, 'throws.cjs'),
    `module.exports = (RED) => RED.nodes.registerType('test-throws', function (config) {
      RED.nodes.createNode(this, config);
      this.on('input', (msg, send, done) => { if (msg.topic === config.z) throw new Error('thrown on purpose'); send(msg); done(); });
    });`,
  );
  return dir;
}
