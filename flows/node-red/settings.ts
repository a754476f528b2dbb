/** How Node-RED is allowed to run here: headless, without anything that leaves the process; the editor only on loopback and behind a login. */
import { basename } from 'node:path';
import type { RedStorage } from './red-storage.ts';
import type { FlowNode } from './tabs-storage.ts';
import type { Wires } from './wires.ts';

/** Where the log lines of Node-RED go; a pino logger fits. */
export type FlowLog = Record<'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace', (fields: object, text: string) => void>;

/** What Node-RED reads as its settings. */
export type RedSettings = {
  wires: Wires;
  storage: RedStorage;
  /** Folders with nodes, each with a `package.json` that names them. */
  nodesDirs: string[];
  /** npm packages whose nodes may be used besides. */
  packages: readonly string[];
  /** What the editor's button asks: what these tabs would have told. */
  tryOut?: TryOut | undefined;
  /** Present only where the editor is open. */
  login: EditorLogin | undefined;
  log: FlowLog;
};

/** Tries tabs that are not deployed; what comes of it is for whoever asked. */
export type TryOut = (nodes: readonly FlowNode[]) => Promise<object>;

/** Who may open the editor: each may deploy, and each Deploy bears the name. */
export type EditorLogin = {
  /** Is it still somebody who may? Asked again with every request. */
  knows(name: string): boolean;
  proves(name: string, password: string): Promise<boolean>;
};

/** The settings object that Node-RED is started with. Our nodes find the wires in it as `RED.settings.sabha`. */
export function redSettings(options: RedSettings): object {
  const { wires, storage, nodesDirs, packages, login, log, tryOut } = options;
  return {
    sabha: wires,
    sabhaTry: tryOut,
    storageModule: storage,
    nodesDir: nodesDirs,
    // A list of what is loaded, not of what is left out: what a newer Node-RED brings stays out until it is named here.
    nodesIncludes: [...coreNodes.split(' ').map((name) => `${name}.js`), ...nodesDirs.map((dir) => basename(dir)), ...packages],
    credentialSecret: false,
    httpNodeRoot: false,
    ...(login === undefined ? { httpAdminRoot: false } : editor(login)),
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

const levels: Record<number, keyof FlowLog> = {
  10: 'fatal',
  20: 'error',
  30: 'warn',
  40: 'info',
  50: 'debug',
  60: 'trace',
  98: 'info',
  99: 'debug',
};

function toLog(log: FlowLog): (line: RedLine) => void {
  return ({ level, msg, timestamp: _, ...fields }) => {
    const text = msg instanceof Error ? (msg.stack ?? msg.message) : String(msg ?? fields.event ?? '').trim();
    // What the runtime says of itself at start is of no use to an operator; nor that it does not encrypt the credentials which no tab holds.
    const quiet = (level === 40 && fields.id === undefined) || text === 'Using unencrypted credentials';
    if (text !== '') log[quiet ? 'debug' : (levels[level] ?? 'info')](fields, text);
  };
}
