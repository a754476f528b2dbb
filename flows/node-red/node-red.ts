/** Runs Node-RED in this process, on a bare http server that listens only for the editor. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type CommunityNodes, StartError } from '@sabha/contracts';
import type { Watch } from './explain.ts';
import { redStorage } from './red-storage.ts';
import { type EditorLogin, type FlowLog, redSettings, type TryOut } from './settings.ts';
import type { Tabs } from './tabs.ts';
import type { FlowNode } from './tabs-storage.ts';
import type { Wires } from './wires.ts';

/** What Node-RED asks of the tabs. */
export type RedTabs = Pick<Tabs, 'load' | 'save' | 'running' | 'lint'>;

/** What Node-RED is started with. */
export type RedOptions = {
  wires: Wires;
  tabs: RedTabs;
  /** Port 0 takes a free one. Absent: no editor, no admin API, no port. */
  editor?: { port: number; login: EditorLogin };
  log: FlowLog;
  /** More folders of nodes beside our own. */
  nodesDirs?: string[];
  community?: CommunityNodes;
  timeoutMs?: number;
  tryOut?: TryOut;
};

/** A Node-RED that runs. */
export type Red = {
  /** Port of the editor; null without one. */
  editorPort: number | null;
  /** What the editor's Deploy does, for an operator without it; rejects with one line where it is refused. */
  deploy(nodes: readonly FlowNode[], who: string): Promise<void>;
  /** Sees each message that a node of the tabs receives. */
  watch: Watch;
  stop(): Promise<void>;
};

/**
 * Starts Node-RED on the tabs. Once per process: Node-RED cannot be started again.
 * What the flow lint finds is logged and does not stop the start, since a broken path has the default route (R24).
 * Guarantee: resolves only when all tabs run; rejects with one line otherwise (a `StartError` where it is the editor), and leaves nothing running.
 */
export async function startRed(options: RedOptions): Promise<Red> {
  const { tabs, editor, log } = options;
  const red: Runtime = createRequire(import.meta.url)('node-red');
  const server = createServer(onlyLocal((request, response) => red.httpAdmin(request, response)));
  const stop = async () => {
    await red.stop();
    server.closeAllConnections();
    if (server.listening) await new Promise((done) => server.close(done));
  };
  if (editor !== undefined) await listen(server, editor.port);
  try {
    red.init(server, settingsOf(options));
    await runs(red, options.timeoutMs ?? runLimitMs);
  } catch (error) {
    await stop();
    throw error;
  }
  for (const line of tabs.lint(tabs.running())) log.warn({}, `tabs: ${line}`);
  const deploy = async (nodes: readonly FlowNode[], username: string) => {
    await red.runtime.flows.setFlows({ user: { username }, deploymentType: 'full', flows: { flows: structuredClone(nodes) } });
  };
  let watchers = 0;
  const watch: Watch = (seen) => {
    watchers += 1;
    const hook = `onReceive.sabha${watchers}`;
    red.hooks.add(hook, ({ destination, msg }) => seen(destination.id, msg));
    return () => red.hooks.remove(hook);
  };
  return { deploy, watch, editorPort: editor === undefined ? null : (server.address() as AddressInfo).port, stop };
}

type RuntimeEvent = { id: string; payload?: { error?: string; types?: string[] } };

type Events = {
  on(event: string, listener: (event: RuntimeEvent) => void): void;
  removeListener(event: string, listener: (event: RuntimeEvent) => void): void;
};

/** The little of Node-RED that we use, typed. */
type Runtime = {
  init(server: Server, settings: object): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  events: Events;
  httpAdmin: RequestListener;
  hooks: {
    add(hook: string, listener: (event: { destination: { id: string }; msg: unknown }) => void): void;
    remove(hook: string): void;
  };
  runtime: { flows: { setFlows(order: { user: { username: string }; deploymentType: 'full'; flows: object }): Promise<unknown> } };
};

/** A limit, not a wait: a machine that starts everything at once is slow, and without its tabs the centre would run until its next start. */
const runLimitMs = 60_000;
const noCommunity: CommunityNodes = { packages: [], credentials: {} };

function settingsOf({ wires, tabs, editor, log, tryOut, nodesDirs = [], community = noCommunity }: RedOptions): object {
  const { packages, credentials } = community;
  const storage = redStorage({ tabs, credentials });
  const ownNodes = fileURLToPath(new URL('./nodes', import.meta.url));
  return redSettings({ wires, storage, nodesDirs: [ownNodes, ...nodesDirs], packages, login: editor?.login, log, tryOut });
}

/** `start()` resolves before the flows run, and with an unknown type of node they never do: only the events tell. */
async function runs(red: Runtime, timeoutMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onEvent = ({ id, payload }: RuntimeEvent) => {
    if (id !== 'runtime-state' || payload?.error === undefined) return;
    reject(new Error(`the tabs cannot run: ${payload.error.replace('-', ' ')} ${payload.types?.join(', ') ?? ''}`.trim()));
  };
  const timer = setTimeout(() => reject(new Error(`the tabs did not run within ${timeoutMs / 1000} s`)), timeoutMs);
  red.events.on('flows:started', resolve as () => void);
  red.events.on('runtime-event', onEvent);
  try {
    await Promise.all([red.start(), promise]);
  } finally {
    clearTimeout(timer);
    red.events.removeListener('flows:started', resolve as () => void);
    red.events.removeListener('runtime-event', onEvent);
  }
}

async function listen(server: Server, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', (error: NodeJS.ErrnoException) =>
    reject(new StartError(error.code === 'EADDRINUSE' ? `editor: port ${port} is in use` : `editor: ${error.message}`)),
  );
  server.listen(port, '127.0.0.1', resolve);
  await promise;
}

/** Refuses what a foreign page sends to the loopback address under a name of its own. */
function onlyLocal(listener: RequestListener): RequestListener {
  return (request, response) => {
    if (isLocal(request)) return listener(request, response);
    response.writeHead(403, { 'content-type': 'text/plain' }).end('foreign Host or Origin\n');
  };
}

function isLocal({ headers }: IncomingMessage): boolean {
  const local = (host: string) => /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host);
  return local(headers.host ?? '') && (headers.origin === undefined || local(headers.origin.replace(/^https?:\/\//, '')));
}
