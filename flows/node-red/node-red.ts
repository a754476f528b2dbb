/** Runs Node-RED in this process, on a bare http server that listens only for the editor. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CommunityNodes, StartError } from '@sabha/contracts';
import type { Tabs } from './tabs.ts';
import type { FlowNode } from './tabs-storage.ts';
import type { Watch } from './ways.ts';
import type { Wires } from './wires.ts';

/** What Node-RED is started with. */
export type RedOptions = {
  wires: Wires;
  tabs: Pick<Tabs, 'load' | 'save' | 'running' | 'lint'>;
  /** Port 0 takes a free one. Absent: no editor, no admin API, no port. */
  editor?: { port: number; login: EditorLogin };
  /** A pino logger fits. */
  log: Record<'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace', (fields: object, text: string) => void>;
  /** More folders of nodes beside our own, each with a `package.json` that names them. */
  nodesDirs?: string[];
  community?: CommunityNodes;
  timeoutMs?: number;
  /** For the button of the editor: which messages these tabs, not yet deployed, would have sent. */
  tryOut?: (nodes: readonly FlowNode[]) => Promise<object>;
};

/** A Node-RED that runs. */
export type Red = Awaited<ReturnType<typeof startRed>>;

/**
 * Starts Node-RED on the tabs. Once per process: Node-RED cannot be started again.
 * What the flow lint finds is logged and does not stop the start, since a broken path has the default route (R24).
 * Guarantee: resolves only when all tabs run; rejects with one line otherwise (a `StartError` where it is the editor), and leaves nothing running.
 */
export async function startRed(options: RedOptions) {
  const { tabs, editor, log } = options;
  const red: Runtime = createRequire(import.meta.url)('node-red');
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
    await runs(red, options.timeoutMs ?? runLimitMs);
  } catch (error) {
    await stop();
    throw error;
  }
  for (const line of tabs.lint(tabs.running())) log.warn({}, `tabs: ${line}`);
  let watchers = 0;
  return {
    /** Port of the editor; null without one. */
    editorPort: editor === undefined ? null : (server.address() as AddressInfo).port,
    /** What the editor's Deploy does, for an operator without it; rejects with one line where it is refused. */
    async deploy(nodes: readonly FlowNode[], username: string): Promise<void> {
      await red.runtime.flows.setFlows({ user: { username }, deploymentType: 'full', flows: { flows: structuredClone(nodes) } });
    },
    /** Sees each message that a node of the tabs receives. */
    watch(seen: Parameters<Watch>[0]) {
      watchers += 1;
      const hook = `onReceive.sabha${watchers}`;
      red.hooks.add(hook, ({ destination, msg }) => seen(destination.id, msg));
      return () => red.hooks.remove(hook);
    },
    stop,
  };
}

type RuntimeEvent = { id: string; payload?: { error?: string; types?: string[] } };

/** The little of Node-RED that we use, typed. */
type Runtime = {
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

/** A limit, not a wait: a machine that starts everything at once is slow, and without its tabs the centre would run until its next start. */
const runLimitMs = 60_000;

/** Headless, without anything that leaves the process; the editor only on loopback and behind a login. Our nodes find the wires as `RED.settings.sabha`. */
function settingsOf({ wires, tabs, editor: open, log, tryOut, nodesDirs = [], community }: RedOptions): object {
  const folders = [fileURLToPath(new URL('./nodes', import.meta.url)), ...nodesDirs];
  return {
    sabha: wires,
    sabhaTry: tryOut,
    storageModule: redStorage({ tabs, credentials: community?.credentials }),
    nodesDir: folders,
    // A list of what is loaded, not of what is left out: what a newer Node-RED brings stays out until it is named here.
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
      // A working day: who no longer may is out at once, but a password that is changed ends no session of the editor.
      sessionExpiryTime: 43_200,
      users: user,
      authenticate: async (name: string, given: string) => ((await proves(name, given)) ? user(name) : null),
    },
    editorTheme: { tours: false, projects: { enabled: false }, page: { title: 'Sabha' }, header: { title: 'Sabha' } },
  };
}

type RedLine = { level: number; msg?: unknown; event?: string; timestamp?: number; id?: string; type?: string; name?: string };

/** Log levels of Node-RED, which numbers them from 10 to 60 in steps of 10; audit lines have higher numbers. */
const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

function toLog(log: RedOptions['log']): (line: RedLine) => void {
  return ({ level, msg, timestamp: _, ...fields }) => {
    const text = msg instanceof Error ? (msg.stack ?? msg.message) : String(msg ?? fields.event ?? '').trim();
    // What the runtime says of itself at start is of no use to an operator; nor that it does not encrypt the credentials which no tab holds.
    const quiet = (level === 40 && fields.id === undefined) || text === 'Using unencrypted credentials';
    if (text !== '') log[quiet ? 'debug' : (levels[level / 10 - 1] ?? 'info')](fields, text);
  };
}

/** The little of Node-RED's inner runtime that is asked here. */
type Inner = { nodes: { getType(type: string): unknown } };
type User = { username?: string } | undefined;

/**
 * Settings and sessions live in memory, credentials come from the settings, a library is refused: nothing but the tabs is ever written.
 * Guarantee: a Deploy that is refused rejects with one line before anything is written, so that the old tabs run on.
 */
export function redStorage({ tabs, credentials = {} }: { tabs: Pick<Tabs, 'load' | 'save'>; credentials?: object | undefined }) {
  let settings: unknown = {};
  let sessions: unknown = {};
  let inner: Inner | undefined;
  return {
    init: async (_settings?: unknown, runtime?: Inner) => {
      inner = runtime;
    },
    // Asked once all nodes are loaded, so that the types are known.
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
  await once(server.listen(port, '127.0.0.1'), 'listening').catch((error: NodeJS.ErrnoException) => {
    throw new StartError(error.code === 'EADDRINUSE' ? `editor: port ${port} is in use` : `editor: ${error.message}`);
  });
}

function isLocal({ headers }: IncomingMessage): boolean {
  const local = (host: string) => /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host);
  return local(headers.host ?? '') && (headers.origin === undefined || local(headers.origin.replace(/^https?:\/\//, '')));
}

/** The name of whoever sits at this machine. */
export const editorUser = 'sabha';

/** Who may open the editor: each may deploy, and each Deploy bears the name. */
type EditorLogin = ReturnType<typeof editorLogin>;

type Vouching = { mayEdit(name: string): boolean; proves(name: string, password: string): Promise<boolean> };

/**
 * Sign-in to the editor, for the local user with the secret of this machine and for accounts that may change the tabs. An empty `secret` disables
 * the local user.
 */
export function editorLogin(secret: string, accounts?: Vouching) {
  const isOwn = (name: string) => name === editorUser && secret !== '';
  return {
    /** Asked again with every request: an account may lose its right. */
    knows: (name: string): boolean => isOwn(name) || accounts?.mayEdit(name) === true,
    async proves(name: string, password: string): Promise<boolean> {
      if (isOwn(name) && equal(password, secret)) return true;
      return accounts?.mayEdit(name) === true && accounts.proves(name, password);
    },
  };
}

function equal(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}
