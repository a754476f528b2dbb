/** Where messages travel. Each topic is an inverse pair: what a builder makes, `parseTopic` reads back. */

const root = 'sabha/v1';
const idPattern = /^[a-z0-9-]{1,32}$/;

/** The whole path of a PC, `state/site/pc`: its identity everywhere (keys, labels, ledger rows). */
export type PcPath = string;
/** A subtree that one word addresses: `all`, `<state>/all` or `<state>/<site>/all`. */
export type Scope = string;

/** Every leaf that a PC sends. */
export const upLeaves = ['presence', 'state', 'beat', 'inventory', 'event', 'backlog'] as const;
/** Every leaf that a PC is sent. */
export const downLeaves = ['ack', 'cmd', 'config'] as const;
const leaves: readonly string[] = [...upLeaves, ...downLeaves];
/** Every word to a scope. */
export const scopeWords = ['hello', 'cmd'] as const;
export type UpLeaf = (typeof upLeaves)[number];
/** Every leaf of a PC, either way. */
export type Leaf = UpLeaf | (typeof downLeaves)[number];
export type ScopeWord = (typeof scopeWords)[number];

/** What a topic addresses: one leaf of one PC, a word to a scope, or a word of `flows` to itself. */
export type Topic = { kind: 'pc'; pc: PcPath; leaf: Leaf } | { kind: 'scope'; scope: Scope; word: ScopeWord } | { kind: 'hearing' };

/** True for an id of a state, site or PC: `[a-z0-9-]{1,32}`, and not the reserved word `all`. */
export function isId(text: string): boolean {
  return idPattern.test(text) && text !== 'all';
}

/** True for a whole path `state/site/pc` of three valid ids. */
export function isPcPath(text: string): boolean {
  const parts = text.split('/');
  return parts.length === 3 && parts.every(isId);
}

/** The site of a PC: `state/site`. */
export function siteOf(pc: PcPath): string {
  return pc.slice(0, pc.lastIndexOf('/'));
}

/** The state of a PC or of a site: its first level. */
export function stateOf(path: string): string {
  return path.slice(0, path.indexOf('/'));
}

/** The path written where a slash is not allowed (client id, user name, certificate subject): `state.site.pc`. */
export function nameOf(pc: PcPath): string {
  return pc.replaceAll('/', '.');
}

/** The inverse of `nameOf`; undefined for anything that is not the name of a PC. */
export function pathOfName(name: string): PcPath | undefined {
  const path = name.replaceAll('.', '/');
  return isPcPath(path) && !name.includes('/') ? path : undefined;
}

/** The topic of one leaf of one PC. */
export function pcTopic(pc: PcPath, leaf: Leaf): string {
  return `${root}/${pc}/${leaf}`;
}

/** The topic of a word to a whole scope: `hello` asks for births, `cmd` carries a command. */
export function scopeTopic(scope: Scope, word: ScopeWord): string {
  return `${root}/${scope}/${word}`;
}

/** Where `flows` asks the whole fleet for births (R17). */
export const helloTopicAll = scopeTopic('all', 'hello');

/** Where `flows` speaks to itself, to know that it hears (R18a). No PC writes or reads it. */
export const hearingTopic = `${root}/centre/hearing`;

/** The three scopes that a PC belongs to, widest first. */
export function scopesOf(pc: PcPath): [Scope, Scope, Scope] {
  return ['all', `${stateOf(pc)}/all`, `${siteOf(pc)}/all`];
}

/** All that an agent subscribes: its own ack, cmd and config, and the two words on three scopes. Nothing else is admitted. */
export function agentFilters(pc: PcPath): string[] {
  const own = downLeaves.map((leaf) => pcTopic(pc, leaf));
  return [...own, ...scopesOf(pc).flatMap((scope) => scopeWords.map((word) => scopeTopic(scope, word)))];
}

/** All that `flows` subscribes: every leaf that a PC sends. */
export const flowsFilters: readonly string[] = upLeaves.map((leaf) => `${root}/+/+/+/${leaf}`);

/** All that the exporter subscribes: the beats, which carry the numbers. */
export const exporterFilters: readonly string[] = [`${root}/+/+/+/beat`];

/** Reads a topic back into what it addresses; undefined for any other topic. */
export function parseTopic(topic: string): Topic | undefined {
  if (topic === hearingTopic) return { kind: 'hearing' };
  if (!topic.startsWith(`${root}/`)) return undefined;
  const parts = topic.slice(root.length + 1).split('/');
  const last = parts.pop() ?? '';
  const path = parts.join('/');
  if (isPcPath(path) && leaves.includes(last)) return { kind: 'pc', pc: path, leaf: last as Leaf };
  const isScope = parts.length <= 3 && parts.at(-1) === 'all' && parts.slice(0, -1).every(isId);
  if (isScope && (scopeWords as readonly string[]).includes(last)) return { kind: 'scope', scope: path, word: last as ScopeWord };
  return undefined;
}

/** True for a leaf that a PC sends. */
export function isUpLeaf(leaf: string): leaf is UpLeaf {
  return (upLeaves as readonly string[]).includes(leaf);
}
