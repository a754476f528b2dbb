/** Runs Node-RED in this process, on an HTTP server that listens only for the editor. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CommunityNodes, StartError } from '@sabha/contracts';
import type { WatchNodes } from './path-recorder.ts';
import type { Tabs } from './tabs.ts';
import type { FlowNode } from './tabs-storage.ts';
import type { Wires } from './wires.ts';

export type NodeRedOptions = {
  wires: Wires;
  tabs: Pick<Tabs, 'load' | 'save' | 'running' | 'lint'>;
  /** Port and sign-in of the editor; port 0 selects a free port. Absent: no editor, no admin API, no port. */
  editor?: { port: number; login: EditorLogin };
  log: Record<'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace', (fields: object, text: string) => void>;
  /** Further folders of nodes, each with a `package.json` that names them. */
  nodesDirs?: string[];
  community?: CommunityNodes;
  timeoutMs?: number;
  /** Dry run for the try button in the editor: returns which notifications these tabs would have sent. */
  tryOut?: (nodes: readonly FlowNode[]) => Promise<object>;
};

export type NodeRed = Awaited<ReturnType<typeof startNodeRed>>;

/**
 * Starts Node-RED on the tabs. Once per process, because Node-RED cannot be started again. Findings of the lint are logged and do not stop
 * the start: a broken path ends in the default route. R24 (repeated offers and the default route). Guarantee: resolves only when all tabs
 * run; rejects with one line otherwise (a `StartError` for the editor), and leaves nothing running.
 */
export async function startNodeRed(options: NodeRedOptions) {
  const { tabs, editor, log } = options;
  const red: NodeRedRuntime = createRequire(import.meta.url)('node-red');
  const server = createServer((request, response) => {
    // Protects against DNS rebinding: refuses a request to the loopback address under a foreign host name.
    if (isLocal(request)) return red.httpAdmin(request, response);
    response.writeHead(403, { 'content-type': 'text/plain' }).end('foreign Host or Origin\n');
  });
  const stop = async () => {
    await red.stop();
    server.closeAllConnections();
    if (server.listening) await new Promise((done) => server.close(done));
  };
  if (editor !== undefined) await listen(server, editor.port);
  try {
    red.init(server, settingsOf(options));
    await untilRunning(red, options.timeoutMs ?? runLimitMs);
  } catch (error) {
    await stop();
    throw error;
  }
  for (const line of tabs.lint(tabs.running())) log.warn({}, `tabs: ${line}`);
  let watchers = 0;
  return {
    /** Port of the editor; null without one. */
    editorPort: editor === undefined ? null : (server.address() as AddressInfo).port,
    /** Deploys like the editor. Rejects with one line if the Deploy is refused. */
    async deploy(nodes: readonly FlowNode[], username: string): Promise<void> {
      await red.runtime.flows.setFlows({ user: { username }, deploymentType: 'full', flows: { flows: structuredClone(nodes) } });
    },
    /** Calls `seen` for each message that a node of the tabs receives. */
    watch(seen: Parameters<WatchNodes>[0]) {
      watchers += 1;
      const hook = `onReceive.sabha${watchers}`;
      red.hooks.add(hook, ({ destination, msg }) => seen(destination.id, msg));
      return () => red.hooks.remove(hook);
    },
    stop,
  };
}

type RuntimeEvent = { id: string; payload?: { error?: string; types?: string[] } };

/** The part of Node-RED's API that is used here, typed. */
type NodeRedRuntime = {
  init(server: Server, settings: object): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  events: Record<'on' | 'removeListener', (event: string, listener: (event: RuntimeEvent) => void) => void>;
  httpAdmin: RequestListener;
  hooks: {
    add(hook: string, listener: (event: { destination: { id: string }; msg: unknown }) => void): void;
    remove(hook: string): void;
  };
  runtime: { flows: { setFlows(order: { user: { username: string }; deploymentType: 'full'; flows: object }): Promise<unknown> } };
};

/** Time limit for the start of Node-RED. It is long, because a slow machine starts everything at once, and without tabs no rules run. */
const runLimitMs = 60_000;

/**
 * Returns the settings for a Node-RED without network access. The editor listens on loopback with sign-in only. Nodes find `Wires` as
 * `RED.settings.sabha`.
 */
function settingsOf({ wires, tabs, editor: open, log, tryOut, nodesDirs = [], community }: NodeRedOptions): object {
  const folders = [fileURLToPath(new URL('./nodes', import.meta.url)), ...nodesDirs];
  return {
    sabha: wires,
    sabhaTry: tryOut,
    storageModule: nodeRedStorage({ tabs, credentials: community?.credentials }),
    nodesDir: folders,
    // An allow list, so that nodes of a newer Node-RED stay unloaded until they are listed here.
    nodesIncludes: [
      ...coreNodes.split(' ').map((name) => `${name}.js`),
      ...folders.map((dir) => basename(dir)),
      ...(community?.packages ?? []),
    ],
    credentialSecret: false,
    httpNodeRoot: false,
    ...(open === undefined ? { httpAdminRoot: false } : editor(open.login)),
    functionExternalModules: false,
    externalModules: {
      autoInstall: false,
      palette: { allowInstall: false, allowUpload: false, allowUpdate: false },
      modules: { allowInstall: false },
    },
    telemetry: { enabled: false, updateNotification: false },
    diagnostics: { enabled: false, ui: false },
    runtimeState: { enabled: false, ui: false },
    logging: { sabha: { level: 'info', metrics: false, audit: true, handler: () => toLog(log) } },
  };
}

const coreNodes = '05-junction 10-switch 15-change 20-inject 24-complete 25-catch 25-status 60-link 90-comment 98-unknown';

function editor({ knows, proves }: EditorLogin): object {
  const user = async (username: string) => (knows(username) ? { username, permissions: '*' } : null);
  return {
    httpAdminRoot: '/',
    adminAuth: {
      type: 'credentials',
      // Lifetime of a session of the editor: 12 hours. A lost permission takes effect at once, but a changed password does not end the
      // session.
      sessionExpiryTime: 43_200,
      users: user,
      authenticate: async (name: string, given: string) => ((await proves(name, given)) ? user(name) : null),
    },
    editorTheme: { tours: false, projects: { enabled: false }, page: { title: 'Sabha' }, header: { title: 'Sabha' } },
  };
}

type NodeRedLogLine = { level: number; msg?: unknown; event?: string; timestamp?: number; id?: string; type?: string; name?: string };

/** Log levels of Node-RED, which numbers them from 10 to 60 in steps of 10; audit lines have higher numbers. */
const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

function toLog(log: NodeRedOptions['log']): (line: NodeRedLogLine) => void {
  return ({ level, msg, timestamp: _, ...fields }) => {
    const text = msg instanceof Error ? (msg.stack ?? msg.message) : String(msg ?? fields.event ?? '').trim();
    // Start messages of the runtime do not help an operator. The warning about unencrypted credentials is irrelevant, because tabs contain
    // no credentials.
    const quiet = (level === 40 && fields.id === undefined) || text === 'Using unencrypted credentials';
    if (text !== '') log[quiet ? 'debug' : (levels[level / 10 - 1] ?? 'info')](fields, text);
  };
}

/** The part of Node-RED's inner runtime that is used here. */
type NodeRedNodes = { nodes: { getType(type: string): unknown } };
type User = { username?: string } | undefined;

/**
 * Storage of Node-RED: settings and sessions in memory, credentials from the settings, no library. Only the tabs are written to disk.
 * Guarantee: a refused Deploy rejects with one line before anything is written, so that the old tabs continue to run.
 */
export function nodeRedStorage({ tabs, credentials = {} }: { tabs: Pick<Tabs, 'load' | 'save'>; credentials?: object | undefined }) {
  let settings: unknown = {};
  let sessions: unknown = {};
  let inner: NodeRedNodes | undefined;
  return {
    init: async (_settings?: unknown, runtime?: NodeRedNodes) => {
      inner = runtime;
    },
    // Node-RED calls this after it has loaded all nodes, so the types are known.
    getFlows: async () => tabs.load(inner && ((type) => inner?.nodes.getType(type) !== undefined)),
    saveFlows: (nodes: FlowNode[], user?: User) => tabs.save(nodes, user?.username ?? 'editor'),
    getCredentials: async () => structuredClone(credentials),
    saveCredentials: async () => {
      throw new Error('the tabs hold no credentials; they belong in sabha.json');
    },
    getSettings: async () => settings,
    saveSettings: async (value: unknown) => {
      settings = value;
    },
    getSessions: async () => sessions,
    saveSessions: async (value: unknown) => {
      sessions = value;
    },
    getLibraryEntry: async () => [],
    saveLibraryEntry: async () => {
      throw new Error('the library is not used');
    },
  };
}

/**
 * Waits until the flows run. `start()` of Node-RED resolves earlier. With an unknown node type the flows never run, which only an event
 * reports.
 */
async function untilRunning(red: NodeRedRuntime, timeoutMs: number): Promise<void> {
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
  await once(server.listen(port, '127.0.0.1'), 'listening').catch((error: NodeJS.ErrnoException) => {
    throw new StartError(error.code === 'EADDRINUSE' ? `editor: port ${port} is in use` : `editor: ${error.message}`);
  });
}

function isLocal({ headers }: IncomingMessage): boolean {
  const local = (host: string) => /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host);
  return local(headers.host ?? '') && (headers.origin === undefined || local(headers.origin.replace(/^https?:\/\//, '')));
}

export const editorUser = 'sabha';

/** The sign-in of the editor. Each Deploy records the user name. */
type EditorLogin = ReturnType<typeof editorLogin>;

type EditorAccounts = { mayEdit(name: string): boolean; proves(name: string, password: string): Promise<boolean> };

/**
 * Sign-in to the editor, for the local user with the secret of this machine and for accounts that may change the tabs. An empty `secret`
 * disables the local user.
 */
export function editorLogin(secret: string, accounts?: EditorAccounts) {
  const isOwn = (name: string) => name === editorUser && secret !== '';
  return {
    /** Checked at every request, because an account may lose its permission. */
    knows: (name: string): boolean => isOwn(name) || accounts?.mayEdit(name) === true,
    async proves(name: string, password: string): Promise<boolean> {
      if (isOwn(name) && isEqualSecret(password, secret)) return true;
      return accounts?.mayEdit(name) === true && accounts.proves(name, password);
    },
  };
}

function isEqualSecret(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
