/**
 * The tabs in use: an operator's copy, made from the release at the first start. A Deploy must pass the lint and is recorded in the audit.
 * Invalid tabs never replace running ones.
 */
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codeOf, makeFolder, oneLine, replaceFile, type TabsDifferences, type TabsStep, type TabsUndone } from '@sabha/contracts';
import * as v from 'valibot';
import { readDialogNumbers } from '../engine/correlation/numbers.ts';
import { type ReadResult, readCondition, readRecipientRule, readUrgency } from './rules.ts';
import { differences, type FlowNode, hashOf, parseTab, readTabs, type TabsRead, tabFiles, textsOf, writeTabs } from './tabs-storage.ts';

export const releaseTabs = fileURLToPath(new URL('./tabs', import.meta.url));

export type TabsOptions = {
  dir: string;
  /** Folder of the stored copies, such as the last valid tabs. */
  keptDir?: string;
  releaseDir?: string;
  lint?: Omit<LintOptions, 'isKnown'>;
  /** Replaces the lint in tests that need faulty tabs. */
  judge?: (nodes: readonly FlowNode[], options: LintOptions) => string[];
  record?: (step: Omit<TabsStep, 'at'>) => Promise<boolean>;
  /** Reports a copy that could not be stored, as on a full disk. The tabs still run. */
  warn?: (line: string) => void;
  /** Reports why the files were refused and another set of tabs runs, or null if the files run. */
  refused?: (line: string | null) => void;
};

export type Tabs = ReturnType<typeof openTabs>;

type TabsState = {
  options: Required<TabsOptions>;
  kept: ReturnType<typeof keptTabs>;
  lint: LintOptions;
  running: readonly FlowNode[];
  refusal: string | null;
  /** The files as they were last read or written. */
  texts: ReadonlyMap<string, string>;
  /** The origin of the files in the next run, for the audit log. */
  from: 'disk' | 'release';
};

/**
 * Opens the folder, and creates it from the tabs of the release if it is empty. Unchanged tabs follow a new release.
 * Guarantee: a tab that somebody changed is overwritten only by a Deploy.
 */
export function openTabs(given: TabsOptions) {
  const options = {
    keptDir: `${given.dir}-kept`,
    releaseDir: releaseTabs,
    lint: {},
    judge: lintFlows,
    record: async () => true,
    warn: () => {},
    refused: () => {},
    ...given,
  };
  makeFolder(options.dir);
  const kept = keptTabs(options.keptDir);
  const state: TabsState = { options, kept, lint: options.lint, running: [], refusal: null, texts: new Map(), from: 'disk' };
  const shipped = readTabs(options.releaseDir);
  if (!shipped.ok) throw new Error(`${options.releaseDir}: ${shipped.line}`);
  const release = shipped.nodes;
  keepCopy(state, () => prepare(state, release));
  return {
    /** Returns the tabs to run: the files or, if these are invalid, the last valid tabs. `isKnown`: true for an installed node type. */
    load(isKnown?: LintOptions['isKnown']): FlowNode[] {
      if (isKnown !== undefined) state.lint = { ...state.lint, isKnown };
      return load(state, release);
    },
    /** Applies a Deploy. Rejects with one line if it is refused, and then nothing changes. */
    save: (nodes: FlowNode[], who: string): Promise<void> => save(state, nodes, who),
    running: (): readonly FlowNode[] => state.running,
    before: (): readonly FlowNode[] | undefined => kept.read('before'),
    /** `now`: the tabs of this release. `base`: the tabs of the release from which the tabs in use were made. */
    release: (): Record<'now' | 'base', readonly FlowNode[]> => ({ now: release, base: kept.read('release') ?? release }),
    /** The reason why the files do not run; null if they do. */
    refusal: (): string | null => state.refusal,
    lint: (nodes: readonly FlowNode[]): string[] => options.judge(nodes, state.lint),
  };
}

/**
 * Completes a Deploy that a crash interrupted, creates a new folder, and updates unchanged tabs to this release.
 * Guarantee: after a kill at any step, the next start finds all of the old tabs or completes all of the new ones.
 */
function prepare(state: TabsState, release: readonly FlowNode[]): void {
  const { kept, options } = state;
  const next = kept.read('next');
  if (next !== undefined) finish(state, next);
  const present = read(options.dir);
  const isNew = textsOf(options.dir).size === 0 && kept.read('running') === undefined;
  const base = kept.read('release');
  const isUntouched = present.ok && base !== undefined && hashOf(present.nodes) === hashOf(base);
  // An interrupted update leaves files of two releases. None of them is the work of an operator.
  const isCut = kept.read('coming') !== undefined;
  if (isNew || isUntouched || isCut) updateToRelease(state, release);
  else if (base === undefined) kept.write('release', release);
}

function updateToRelease(state: TabsState, release: readonly FlowNode[]): void {
  const { kept, options } = state;
  state.from = 'release';
  // The copy is optional: a disk may refuse it and still accept the tabs.
  keepCopy(state, () => kept.write('coming', release));
  writeTabs(options.dir, release);
  try {
    kept.write('release', release);
  } finally {
    // Otherwise the next start would take an operator's tabs for an interrupted update and overwrite them.
    kept.drop('coming');
  }
}

/** Stores a copy. A failure is reported and does not stop the tabs. */
function keepCopy({ options }: TabsState, work: () => void): void {
  try {
    work();
  } catch (error) {
    options.warn(`the tabs cannot be copied aside: ${codeOf(error)}`);
  }
}

function read(dir: string): TabsRead {
  if (!existsSync(dir)) return { ok: false, line: 'the folder of the tabs is gone' };
  try {
    return readTabs(dir);
  } catch (error) {
    return { ok: false, line: `the tabs cannot be read: ${codeOf(error)}` };
  }
}

function load(state: TabsState, release: FlowNode[]): FlowNode[] {
  const { options, kept } = state;
  const found = read(options.dir);
  state.texts = found.ok ? textsOf(options.dir) : textsOrNone(options.dir);
  const wrong = found.ok ? fatalProblemsOf(found.nodes, state.lint)[0] : found.line;
  if (found.ok && wrong === undefined) {
    keepCopy(state, () => recordRead(state, found.nodes));
    return run(state, found.nodes, null);
  }
  const good = [kept.read('running'), release].find((nodes) => nodes !== undefined && fatalProblemsOf(nodes, state.lint).length === 0);
  return run(state, good ?? release, oneLine(wrong ?? '', 200));
}

function textsOrNone(dir: string): ReadonlyMap<string, string> {
  try {
    return textsOf(dir);
  } catch {
    return new Map();
  }
}

function run(state: TabsState, nodes: FlowNode[], refusal: string | null): FlowNode[] {
  Object.assign(state, { running: nodes, refusal, from: 'disk' });
  state.options.refused(refusal);
  return structuredClone(nodes);
}

/** Records in the audit log that files changed without the editor, or came with a release. */
function recordRead({ kept, options, from: who }: TabsState, nodes: readonly FlowNode[]): void {
  const was = kept.read('running');
  if (was !== undefined && hashOf(was) === hashOf(nodes)) return;
  kept.rotate(nodes);
  // Not awaited, because the files are already in use.
  if (was !== undefined) void options.record({ who, what: 'tabs changed', about: aboutOf(was, nodes) });
}

async function save(state: TabsState, nodes: FlowNode[], who: string): Promise<void> {
  const { options, kept } = state;
  const split = tabFiles(nodes);
  const lines = split.ok ? options.judge(nodes, state.lint) : [split.line];
  const wrong = changedOnDisk(state) ?? lines[0];
  if (wrong !== undefined) throw new Error(lines.length > 1 ? `${wrong} (and ${lines.length - 1} more)` : wrong);
  const about = aboutOf(state.running, nodes);
  kept.drop('coming');
  kept.write('next', nodes);
  if (!(await options.record({ who, what: 'tabs deployed', about }))) {
    kept.drop('next');
    throw new Error('the ledger stores nothing now, so this Deploy cannot be recorded: try again');
  }
  finish(state, nodes);
  state.texts = textsOf(options.dir);
  run(state, nodes, null);
}

function finish({ options, kept }: TabsState, nodes: readonly FlowNode[]): void {
  writeTabs(options.dir, nodes);
  const running = kept.read('running');
  if (running === undefined || hashOf(running) !== hashOf(nodes)) kept.rotate(nodes);
  kept.drop('next');
}

/** Refuses a Deploy that would overwrite changes which the editor has not loaded. */
function changedOnDisk({ options, texts }: TabsState): string | undefined {
  const present = textsOrNone(options.dir);
  const file = [...new Set([...texts.keys(), ...present.keys()])].find((name) => texts.get(name) !== present.get(name));
  return file && `${file} was changed on disk since the editor read it: choose "Restart Flows" under Deploy, then load this page again`;
}

/** Returns the hashes before and after, and one line for each difference. */
function aboutOf(before: readonly FlowNode[], after: readonly FlowNode[]): string {
  const lines = differences(before, after);
  const more = lines.length > mostLines ? [`  and ${lines.length - mostLines} more`] : [];
  const shown = lines.slice(0, mostLines).map((line) => oneLine(line, 300));
  return [`${hashOf(before)} → ${hashOf(after)}`, ...shown, ...more].join('\n');
}

/** Limit of difference lines in one audit row, so that people can read it. Larger changes are identified by their hash. */
const mostLines = 40;

/**
 * Names of the stored copies:
 * - `running`: the last valid tabs
 * - `before`: the tabs before the last Deploy
 * - `next`: an accepted Deploy that is not written yet
 * - `release`: the tabs of the release from which those in use were made
 * - `coming`: a new release that is not written yet
 */
type KeptName = 'running' | 'before' | 'next' | 'release' | 'coming';

/** The stored copies of tabs. Each is one file and is replaced atomically. */
function keptTabs(dir: string) {
  makeFolder(dir);
  const file = (name: KeptName) => join(dir, `${name}.json`);
  const read = (name: KeptName): FlowNode[] | undefined => {
    try {
      const found = parseTab(readFileSync(file(name), 'utf8'));
      return found.ok ? found.nodes : undefined;
    } catch {
      // A missing or unreadable file counts as no copy.
      return undefined;
    }
  };
  const write = (name: KeptName, nodes: readonly FlowNode[]) => replaceFile(file(name), `${JSON.stringify(nodes)}\n`);
  return {
    read,
    write,
    drop: (name: KeptName) => rmSync(file(name), { force: true }),
    /** Stores these tabs as the last valid ones, and the former ones as `before`. */
    rotate(nodes: readonly FlowNode[]): void {
      if (read('running') !== undefined) renameSync(file('running'), file('before'));
      write('running', nodes);
    },
  };
}

/** Options of the operations on tabs. `red` is undefined until the tabs run. */
export type TabsOrdersOptions = {
  tabs: Tabs;
  red(): { deploy(nodes: readonly FlowNode[], by: string): Promise<void> } | undefined;
  steps(): Promise<TabsStep[]>;
};

export type TabsOrders = ReturnType<typeof createTabsOrders>;

/** Creates the operations of the API on tabs: state, differences, history and undo. */
export function createTabsOrders({ tabs, red, steps }: TabsOrdersOptions) {
  return {
    state() {
      const before = tabs.before();
      const { now, base } = tabs.release();
      const running = tabs.running();
      return {
        running: hashOf(running),
        before: before === undefined ? null : hashOf(before),
        release: hashOf(now),
        base: hashOf(base),
        refused: tabs.refusal(),
        wrong: tabs.lint(running),
      };
    },
    differences(): TabsDifferences {
      const { now, base } = tabs.release();
      return { yours: differences(base, tabs.running()), release: differences(base, now) };
    },
    /** Returns the changes of the tabs, newest first. */
    steps,
    async undo(by: string): Promise<{ ok: true; value: TabsUndone } | { ok: false; line: string }> {
      const [before, running] = [tabs.before(), tabs.running()];
      const runtime = red();
      if (before === undefined) return { ok: false, line: 'there is no Deploy to take back' };
      if (runtime === undefined) return { ok: false, line: 'the tabs do not run: the log of flows says why' };
      try {
        await runtime.deploy(before, by);
      } catch (error) {
        return { ok: false, line: oneLine((error as Error).message, 240) };
      }
      return { ok: true, value: { from: hashOf(running), to: hashOf(before), lines: differences(running, before) } };
    },
  };
}

export type LintOptions = {
  /** Allows community nodes behind an *offer* node. */
  community?: boolean;
  /** Returns whether a node type is installed. */
  isKnown?: (type: string) => boolean;
  /** Valid recipients and channels; absent = not checked. */
  names?: { people(): readonly string[]; channels: readonly string[] };
};

/** Returns one line for each fault of these tabs; empty if there is none. Faults that prevent a run come first. */
export function lintFlows(nodes: readonly FlowNode[], options: LintOptions = {}): string[] {
  const graph = graphOf(nodes, options);
  return [
    ...fatalProblems(nodes, graph),
    ...nodes.flatMap((node) => checkNode(node, graph)),
    ...checkPaths(nodes, graph),
    ...checkCatches(nodes, graph),
  ];
}

/** Returns the faults that prevent a run, such as a missing node, one line each. */
export function fatalProblemsOf(nodes: readonly FlowNode[], options: LintOptions = {}): string[] {
  return fatalProblems(nodes, graphOf(nodes, options));
}

/** Safe node types of the core. Nodes that store messages, access the network or run custom code are excluded. */
const core = ['tab', 'group', 'comment', 'junction', 'inject', 'catch', 'complete', 'status', 'switch', 'change', 'link in', 'link out'];
const own = ['incident', 'who', 'urgency', 'which', 'correlate', 'wait', 'when', 'deliver', 'offer', 'outcome', 'conclude'];
const allowed = new Set([...core, ...own.map((name) => `sabha-${name}`)]);

/** Returns true for node types of the alert policy. Other types are allowed only behind an *offer* node. */
export function isKnownType(type: string): boolean {
  return allowed.has(type);
}

/** Types that begin a path: the *incident* node, the waits (their second output, after a restart), and the catches. */
const sources = new Set(['sabha-incident', 'sabha-wait', 'sabha-when', 'catch']);

/** Types that end a path: *conclude* for a transition; *outcome* for an offered message, or for a caught error of one. */
const endTypes = new Set(['sabha-conclude', 'sabha-outcome']);

type Graph = ReturnType<typeof graphOf>;

function graphOf(nodes: readonly FlowNode[], options: LintOptions) {
  const links = new Map<string, Set<string>>();
  const join = (from: string, to: string) => links.set(from, (links.get(from) ?? new Set()).add(to));
  for (const node of nodes) {
    // Node-RED accepts a link if one of its two nodes names it.
    if (node.type === 'link out') for (const to of listOf(node['links'])) join(node.id, to);
    if (node.type === 'link in') for (const from of listOf(node['links'])) join(from, node.id);
  }
  const offTabs = new Set(nodes.filter((node) => node.type === 'tab' && node['disabled'] === true).map((node) => node.id));
  return { byId: new Map(nodes.map((node) => [node.id, node])), ids: nodes.map((node) => node.id), links, offTabs, options };
}

function fatalProblems(nodes: readonly FlowNode[], graph: Graph): string[] {
  if (nodes.length === 0) return ['there is no tab'];
  return [...nodes.flatMap((node) => nodeProblems(node, graph).map((what) => `${title(node)}: ${what}`)), ...checkHeads(nodes)];
}

function nodeProblems(node: FlowNode, graph: Graph): string[] {
  const { community, isKnown } = graph.options;
  const found: string[] = [];
  if (graph.ids.indexOf(node.id) !== graph.ids.lastIndexOf(node.id)) found.push('its id appears twice');
  if (!allowed.has(node.type)) {
    if (!community) found.push(`nodes of type "${node.type}" are not used on the tabs`);
    else if (isKnown?.(node.type) === false) found.push(`nodes of type "${node.type}" are not installed`);
  }
  for (const to of targetsByOutput(node, graph).flat())
    if (!graph.byId.has(to)) found.push(`a wire leads to "${to}", which does not exist`);
  return found;
}

function checkNode(node: FlowNode, graph: Graph): string[] {
  const found: string[] = [];
  const say = (what: string) => found.push(`${title(node)}: ${what}`);
  if (node.type !== 'tab' && !(Number.isFinite(node['x']) && Number.isFinite(node['y']))) say('it has no place (x, y)');
  if (node.type !== 'tab' && graph.byId.get(node.z ?? '')?.type !== 'tab') say('it is on no tab');
  const numbers = node.type === 'sabha-correlate' ? readDialogNumbers(node) : undefined;
  if (numbers?.ok === false) say(numbers.line);
  found.push(...checkSecrets(node, title(node)));
  return found;
}

const dialogs: Record<string, (node: FlowNode) => ReadResult<unknown>> = {
  'sabha-who': readRecipientRule,
  'sabha-urgency': readUrgency,
  'sabha-which': readCondition,
};

/** Checks the dialog and the names of recipients and channels of a node. Nodes behind an *offer* node are not checked. */
function checkNames(node: FlowNode, { byId, options: { names } }: Graph): string[] {
  const read = dialogs[node.type]?.(node);
  if (read?.ok === false) return [read.line];
  const chosenNames = recipientsIn(node);
  if (chosenNames === 'unreadable') return ['its recipients are not a list of names'];
  if (names === undefined) return [];
  const offered = [...byId.values()].filter(({ type }) => type === 'sabha-offer').map(({ channel }) => String(channel));
  const channel = node.type === 'sabha-deliver' ? [String(node['channel'])] : [];
  const unknown = chosenNames.filter((name) => !names.people().includes(name));
  return [
    ...unknown.map((name) => `"${name}" is not a role, group or person of sabha.json or the roster`),
    ...channel.filter((name) => ![...names.channels, ...offered].includes(name)).map((name) => `there is no channel "${name}"`),
  ];
}

function checkHeads(nodes: readonly FlowNode[]): string[] {
  const count = nodes.filter((node) => node.type === 'sabha-incident' && node['d'] !== true).length;
  const numbers = nodes.filter((node) => node.type === 'sabha-correlate' && node['d'] !== true).length;
  return [
    ...(count === 1 ? [] : [`the tabs have ${count} heads (sabha-incident); they need one`]),
    ...(numbers > 1 ? [`the tabs have ${numbers} nodes with the numbers of causes (sabha-correlate); one holds them all`] : []),
  ];
}

function checkPaths(nodes: readonly FlowNode[], graph: Graph): string[] {
  const carries = reachedFrom(nodes, graph, (type) => type !== 'catch' && sources.has(type));
  const isEnd = (id: string) => {
    const node = graph.byId.get(id);
    return node !== undefined && endTypes.has(node.type) && isOn(node, graph);
  };
  return [...reachedFrom(nodes, graph, (type) => sources.has(type))].flatMap((id) => {
    const node = graph.byId.get(id);
    if (node === undefined) return [];
    const found = [...checkOnPath(node, graph), ...checkNames(node, graph)];
    if (found.length === 0 && ![...walk([id], graph)].some(isEnd)) found.push('no path from it ends in conclude');
    if (node.type === 'sabha-outcome' && carries.has(id)) found.push('it ends what an offer gave out, and no transition');
    return found.map((what) => `${title(node)}: ${what}`);
  });
}

/** Checks a node that transitions pass through. */
function checkOnPath(node: FlowNode, graph: Graph): string[] {
  if (endTypes.has(node.type)) return [];
  if (graph.options.community && !allowed.has(node.type))
    return [`nodes of type "${node.type}" carry no transition: they belong behind an offer`];
  const ports = targetsByOutput(node, graph);
  const found = ports.length === 0 ? ['it leads nowhere'] : ports.flatMap((port, at) => checkPort(port, `output ${at + 1}`, graph));
  return node.type === 'switch' ? [...found, ...checkSwitch(node)] : found;
}

function checkPort(port: readonly string[], name: string, graph: Graph): string[] {
  const off = port.map((to) => graph.byId.get(to)).filter((target) => target !== undefined && !isOn(target, graph));
  return [
    ...(port.length === 0 ? [`${name} leads nowhere`] : []),
    ...(port.length > 1 ? [`${name} forks to ${port.join(' and ')}`] : []),
    ...off.map((target) => `${name} leads to ${target?.id}, which is switched off`),
  ];
}

/** Checks that a switch on a path sends each message to exactly one output. */
function checkSwitch(node: FlowNode): string[] {
  const rules = Array.isArray(node['rules']) ? node['rules'] : [];
  const found: string[] = [];
  if (rules.at(-1)?.t !== 'else') found.push('its last rule is not "otherwise", so a message that matches none is lost');
  if (node['checkall'] !== 'false') found.push('it does not stop after the first match, so a message may leave twice');
  if (rules.length !== (node.wires?.length ?? 0)) found.push('it has not one output for each rule');
  return found;
}

/** Checks that each tab on the way from the *incident* node has a catch for all of its nodes. */
function checkCatches(nodes: readonly FlowNode[], graph: Graph): string[] {
  const onWay = reachedFrom(nodes, graph, (type) => type === 'sabha-incident');
  const tabs = new Set([...onWay].flatMap((id) => graph.byId.get(id)?.z ?? []));
  const isCatch = (node: FlowNode) =>
    node.type === 'catch' && isOn(node, graph) && !Array.isArray(node['scope']) && node['scope'] !== 'group';
  const caught = new Set(nodes.filter(isCatch).map((node) => node.z));
  const bare = [...tabs].filter((tab) => !caught.has(tab));
  return bare.map((tab) => `tab "${graph.byId.get(tab)?.label ?? tab}": it has no catch for all of its nodes`);
}

function checkSecrets(node: FlowNode, where: string): string[] {
  const found: string[] = [];
  const look = (value: unknown, key: string): void => {
    if (typeof value === 'object' && value !== null) for (const [inner, one] of Object.entries(value)) look(one, inner);
    if (typeof value !== 'string' || value === '' || /^\$\{\w+\}$/.test(value)) return;
    const named = /passw|secret|token|credential|api.?key/i.test(key);
    if (named || /:\/\/[^/\s]*:[^/\s]*@|-----BEGIN|\bBearer \S/.test(value))
      found.push(`${where}: "${key}" looks like a secret, which does not belong on a tab`);
  };
  look(node, 'node');
  return found;
}

/**
 * Returns the targets by output. A link out has one output. The second output of an *offer* node carries no transition, so it is omitted.
 */
function targetsByOutput(node: FlowNode, graph: Graph): string[][] {
  if (node.type === 'link out') return [[...(graph.links.get(node.id) ?? [])]];
  if (node.type === 'sabha-offer') return (node.wires ?? []).slice(0, 1);
  return node.wires ?? [];
}

function reachedFrom(nodes: readonly FlowNode[], graph: Graph, isStart: (type: string) => boolean): Set<string> {
  const starts = nodes.filter(({ type }) => isStart(type)).map(({ id }) => id);
  return walk(starts, graph);
}

/** Returns the ids of these nodes and of all nodes that they lead to. */
function walk(from: string[], graph: Graph): Set<string> {
  const seen = new Set(from);
  for (const id of seen) {
    const node = graph.byId.get(id);
    if (node !== undefined && isOn(node, graph)) for (const to of targetsByOutput(node, graph).flat()) seen.add(to);
  }
  return seen;
}

function isOn(node: FlowNode, graph: Graph): boolean {
  return node['d'] !== true && !graph.offTabs.has(node.z ?? '');
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function title(node: FlowNode): string {
  return `${node.id} (${node.name || node.label || node.type})`;
}

/** Returns the roles, groups and persons that a node writes to `msg.to` or compares with it; `unreadable` without a valid list. */
export function recipientsIn(node: FlowNode): string[] | 'unreadable' {
  const found = v.safeParse(v.array(names), node.type === 'change' ? changedRecipients(node['rules']) : chosenRecipients(node));
  return found.success ? found.output.flat() : 'unreadable';
}

/** A list of names, or its JSON. */
const names = v.union([v.array(v.string()), v.pipe(v.string(), v.parseJson(), v.array(v.string()))]);

/** Returns the recipient lists in the dialog of a *which* or *who* node. */
function chosenRecipients(node: FlowNode): unknown[] {
  if (node.type === 'sabha-which' && node['about'] === 'told') return [node['list']];
  return node.type === 'sabha-who' && node['mode'] !== 'told' && node['mode'] !== 'also' ? [node['to']] : [];
}

function changedRecipients(rules: unknown): unknown[] {
  if (!Array.isArray(rules)) return [];
  return rules.flatMap((rule) => (rule?.t === 'set' && rule.p === 'to' && rule.tot === 'json' ? [rule.to] : []));
}
