/** Topics of all messages. `parseTopic` is the inverse of the functions that build topics. */

const root = 'sabha/v1';
const idPattern = /^[a-z0-9-]{1,32}$/;

/** Path of a PC, `state/site/pc`: its identity in keys, labels and ledger rows. */
export type PcPath = string;
/** A subtree with scope messages: `all`, `<state>/all` or `<state>/<site>/all`. */
export type Scope = string;

export const upLeaves = ['presence', 'state', 'beat', 'inventory', 'event', 'backlog'] as const;
export const downLeaves = ['ack', 'cmd', 'config'] as const;
const leaves: readonly string[] = [...upLeaves, ...downLeaves];
export const scopeMessages = ['hello', 'cmd'] as const;
export type UpLeaf = (typeof upLeaves)[number];
export type Leaf = UpLeaf | (typeof downLeaves)[number];
export type ScopeMessage = (typeof scopeMessages)[number];

/** Content of a topic: a leaf of a PC, a scope message, or the canary of `flows`. */
export type Topic = { kind: 'pc'; pc: PcPath; leaf: Leaf } | { kind: 'scope'; scope: Scope; word: ScopeMessage } | { kind: 'hearing' };

/** Returns true for an id of a state, site or PC: `[a-z0-9-]{1,32}`, except the reserved `all`. */
export function isId(text: string): boolean {
  return idPattern.test(text) && text !== 'all';
}

export function isPcPath(text: string): boolean {
  const parts = text.split('/');
  return parts.length === 3 && parts.every(isId);
}

export function siteOf(pc: PcPath): string {
  return pc.slice(0, pc.lastIndexOf('/'));
}

/** Returns the state of a PC or a site: its first level. */
export function stateOf(path: string): string {
  return path.slice(0, path.indexOf('/'));
}

/** Returns the path in the form `state.site.pc`, for places without slashes (client id, user name, certificate subject). */
export function nameOf(pc: PcPath): string {
  return pc.replaceAll('/', '.');
}

/** Inverse of `nameOf`: returns the path of a PC; undefined for an invalid name. */
export function pathOfName(name: string): PcPath | undefined {
  const path = name.replaceAll('.', '/');
  return isPcPath(path) && !name.includes('/') ? path : undefined;
}

export function pcTopic(pc: PcPath, leaf: Leaf): string {
  return `${root}/${pc}/${leaf}`;
}

/** Returns the topic of a scope message: `hello` requests births, `cmd` carries a command. */
export function scopeTopic(scope: Scope, word: ScopeMessage): string {
  return `${root}/${scope}/${word}`;
}

/** Topic on which `flows` requests births of all PCs (R17 (hello)). */
export const helloTopicAll = scopeTopic('all', 'hello');

/** Topic of the canary of `flows` (R18a (canary)). No PC publishes or subscribes to it. */
export const canaryTopic = `${root}/centre/hearing`;

/** Returns the three scopes of a PC, widest first. */
export function scopesOf(pc: PcPath): [Scope, Scope, Scope] {
  return ['all', `${stateOf(pc)}/all`, `${siteOf(pc)}/all`];
}

/**
 * Returns all subscriptions of an agent: its own ack, cmd and config, and the two messages of its three scopes. The broker denies any
 * other.
 */
export function agentFilters(pc: PcPath): string[] {
  const own = downLeaves.map((leaf) => pcTopic(pc, leaf));
  return [...own, ...scopesOf(pc).flatMap((scope) => scopeMessages.map((word) => scopeTopic(scope, word)))];
}

/** Subscriptions of `flows`: every leaf that a PC publishes. */
export const flowsFilters: readonly string[] = upLeaves.map((leaf) => `${root}/+/+/+/${leaf}`);

/** Subscriptions of the exporter: the beats with their numbers. */
export const exporterFilters: readonly string[] = [`${root}/+/+/+/beat`];

/** Parses a topic; undefined for any other topic. */
export function parseTopic(topic: string): Topic | undefined {
  if (topic === canaryTopic) return { kind: 'hearing' };
  if (!topic.startsWith(`${root}/`)) return undefined;
  const parts = topic.slice(root.length + 1).split('/');
  const last = parts.pop() ?? '';
  const path = parts.join('/');
  if (isPcPath(path) && leaves.includes(last)) return { kind: 'pc', pc: path, leaf: last as Leaf };
  const isScope = parts.length <= 3 && parts.at(-1) === 'all' && parts.slice(0, -1).every(isId);
  if (isScope && (scopeMessages as readonly string[]).includes(last)) return { kind: 'scope', scope: path, word: last as ScopeMessage };
  return undefined;
}

export function isUpLeaf(leaf: string): leaf is UpLeaf {
  return (upLeaves as readonly string[]).includes(leaf);
}
