/** Node-RED's storage module over the tabs in use. */
import type { Tabs } from './tabs.ts';
import type { FlowNode } from './tabs-storage.ts';

/** Where Node-RED reads and writes. */
export type RedStorage = ReturnType<typeof redStorage>;

/** The little of Node-RED's inner runtime that is asked here. */
type Inner = { nodes: { getType(type: string): unknown } };
type User = { username?: string } | undefined;

/**
 * Settings and sessions live in memory, credentials come from the settings, a library is refused: nothing but the tabs is ever written.
 * Guarantee: a Deploy that is refused rejects with one line before anything is written, so that the old tabs run on.
 */
export function redStorage({ tabs, credentials = {} }: { tabs: Pick<Tabs, 'load' | 'save'>; credentials?: object }) {
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
