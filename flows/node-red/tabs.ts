/**
 * The tabs in use: an operator's own, made from those of the release at the first start. What is deployed passes the lint first and stands in
 * the audit; what cannot run never replaces what does.
 */
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codeOf, makeFolder, oneLine, replaceFile, type TabsStep } from '@sabha/contracts';
import { type LintOptions, lintFlows, stopsOf } from './lint.ts';
import { differences, hashOf } from './tabs-diff.ts';
import { type FlowNode, parseTab, readTabs, type TabsRead, tabFiles, textsOf, writeTabs } from './tabs-storage.ts';

/** The folder with the tabs of this release. */
export const releaseTabs = fileURLToPath(new URL('./tabs', import.meta.url));

/** Where the tabs lie, and who hears of what becomes of them. */
export type TabsOptions = {
  /** Those in use. */
  dir: string;
  /** What is kept beside them. */
  keptDir?: string;
  /** Those of this release. */
  releaseDir?: string;
  lint?: Omit<LintOptions, 'isKnown'>;
  /** The lint itself, for tests of what runs in spite of it. */
  judge?: (nodes: readonly FlowNode[], options: LintOptions) => string[];
  /** Writes the row of the audit; false while the ledger takes nothing. */
  record?: (step: Omit<TabsStep, 'at'>) => Promise<boolean>;
  /** What could not be kept, as on a full disk: the tabs run all the same. */
  warn?: (line: string) => void;
  /** The files were refused and another set runs, or (null) they are in order. */
  refused?: (line: string | null) => void;
};

/** The tabs of one centre. */
export type Tabs = ReturnType<typeof openTabs>;

type State = {
  options: Required<TabsOptions>;
  kept: ReturnType<typeof keptTabs>;
  isKnown: NonNullable<LintOptions['isKnown']>;
  running: readonly FlowNode[];
  refusal: string | null;
  /** The files as they were last read or written. */
  texts: ReadonlyMap<string, string>;
  /** Whose files they are that run from now on. */
  from: 'disk' | 'release';
};

/**
 * Opens the folder, and makes it from the tabs of the release where there is none. Tabs that nobody changed follow the release.
 * Guarantee: a tab that somebody changed is never overwritten but by a Deploy.
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
  const state: State = { options, kept, isKnown: () => true, running: [], refusal: null, texts: new Map(), from: 'disk' };
  const shipped = readTabs(options.releaseDir);
  if (!shipped.ok) throw new Error(`${options.releaseDir}: ${shipped.line}`);
  const release = shipped.nodes;
  keeping(state, () => prepare(state, release));
  return {
    /** What is to run: the files, or where they cannot run the last good set. `isKnown`: is a type of node installed? */
    load(isKnown = state.isKnown): FlowNode[] {
      state.isKnown = isKnown;
      return load(state, release);
    },
    /** Takes a Deploy; rejects with one line where it is refused, and then nothing is changed. */
    save: (nodes: FlowNode[], who: string): Promise<void> => save(state, nodes, who),
    running: (): readonly FlowNode[] => state.running,
    /** The set before the last Deploy. */
    before: (): readonly FlowNode[] | undefined => kept.read('before'),
    /** Those of this release, and those from which the ones in use were made. */
    release: (): Record<'now' | 'base', readonly FlowNode[]> => ({ now: release, base: kept.read('release') ?? release }),
    /** Why the files do not run; null where they do. */
    refusal: (): string | null => state.refusal,
    lint: (nodes: readonly FlowNode[]): string[] => options.judge(nodes, lintOptions(state)),
  };
}

function lintOptions({ options, isKnown }: State): LintOptions {
  return { ...options.lint, isKnown };
}

/**
 * Ends a Deploy that a crash cut short, makes the folder where it is new, and brings tabs that nobody changed to this release.
 * Guarantee: after a kill at any step the next start finds all of the old tabs, or brings all of the new ones.
 */
function prepare(state: State, release: readonly FlowNode[]): void {
  const { kept, options } = state;
  const next = kept.read('next');
  if (next !== undefined) finish(state, next);
  const present = read(options.dir);
  const isNew = textsOf(options.dir).size === 0 && kept.read('running') === undefined;
  const base = kept.read('release');
  const isUntouched = present.ok && base !== undefined && hashOf(present.nodes) === hashOf(base);
  // What stands is half of one release and half of another: nobody's work.
  const isCut = kept.read('coming') !== undefined;
  if (isNew || isUntouched || isCut) follow(state, release);
  else if (base === undefined) kept.write('release', release);
}

function follow(state: State, release: readonly FlowNode[]): void {
  const { kept, options } = state;
  state.from = 'release';
  // A disk that takes nothing beside them may still take the tabs.
  keeping(state, () => kept.write('coming', release));
  writeTabs(options.dir, release);
  try {
    kept.write('release', release);
  } finally {
    // Where it stayed, the next start would take an operator's tabs for half a release.
    kept.drop('coming');
  }
}

/** A disk that takes nothing must not silence the tabs that it still holds. */
function keeping({ options }: State, work: () => void): void {
  try {
    work();
  } catch (error) {
    options.warn(`the tabs cannot be kept beside: ${codeOf(error)}`);
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

function load(state: State, release: FlowNode[]): FlowNode[] {
  const { options, kept } = state;
  const found = read(options.dir);
  state.texts = found.ok ? textsOf(options.dir) : textsOrNone(options.dir);
  const wrong = found.ok ? stopsOf(found.nodes, lintOptions(state))[0] : found.line;
  if (found.ok && wrong === undefined) {
    keeping(state, () => noteRead(state, found.nodes));
    return run(state, found.nodes, null);
  }
  const good = [kept.read('running'), release].find((nodes) => nodes !== undefined && stopsOf(nodes, lintOptions(state)).length === 0);
  return run(state, good ?? release, oneLine(wrong ?? '', 200));
}

function textsOrNone(dir: string): ReadonlyMap<string, string> {
  try {
    return textsOf(dir);
  } catch {
    return new Map();
  }
}

function run(state: State, nodes: FlowNode[], refusal: string | null): FlowNode[] {
  Object.assign(state, { running: nodes, refusal, from: 'disk' });
  state.options.refused(refusal);
  return structuredClone(nodes);
}

/** Files that somebody changed without the editor, or that came with a release. */
function noteRead({ kept, options, from: who }: State, nodes: readonly FlowNode[]): void {
  const was = kept.read('running');
  if (was !== undefined && hashOf(was) === hashOf(nodes)) return;
  kept.rotate(nodes);
  // Nobody waits for it: the files stand as they are.
  if (was !== undefined) void options.record({ who, what: 'tabs changed', about: aboutOf(was, nodes) });
}

async function save(state: State, nodes: FlowNode[], who: string): Promise<void> {
  const { options, kept } = state;
  const split = tabFiles(nodes);
  const lines = split.ok ? options.judge(nodes, lintOptions(state)) : [split.line];
  const wrong = changedOnDisk(state) ?? lines[0];
  if (wrong !== undefined) throw new Error(lines.length > 1 ? `${wrong} (and ${lines.length - 1} more)` : wrong);
  const about = aboutOf(state.running, nodes);
  kept.drop('coming');
  kept.write('next', nodes);
  if (!(await options.record({ who, what: 'tabs deployed', about }))) {
    kept.drop('next');
    throw new Error('the ledger takes nothing now, so this Deploy cannot be written down: try again');
  }
  finish(state, nodes);
  state.texts = textsOf(options.dir);
  run(state, nodes, null);
}

function finish({ options, kept }: State, nodes: readonly FlowNode[]): void {
  writeTabs(options.dir, nodes);
  const running = kept.read('running');
  if (running === undefined || hashOf(running) !== hashOf(nodes)) kept.rotate(nodes);
  kept.drop('next');
}

/** What the editor never saw must not be lost by its Deploy. */
function changedOnDisk({ options, texts }: State): string | undefined {
  const present = textsOrNone(options.dir);
  const file = [...new Set([...texts.keys(), ...present.keys()])].find((name) => texts.get(name) !== present.get(name));
  return file && `${file} was changed on disk since the editor read it: choose "Restart Flows" under Deploy, then load this page again`;
}

/** The rules before and after, and what differs, on as many lines. */
function aboutOf(before: readonly FlowNode[], after: readonly FlowNode[]): string {
  const lines = differences(before, after);
  const more = lines.length > mostLines ? [`  and ${lines.length - mostLines} more`] : [];
  const shown = lines.slice(0, mostLines).map((line) => oneLine(line, 300));
  return [`${hashOf(before)} → ${hashOf(after)}`, ...shown, ...more].join('\n');
}

/** An audit is read by people: a set that is all new is known by its hash. */
const mostLines = 40;

/**
 * `running`: the last good set. `before`: the one before the last Deploy. `next`: a Deploy that is accepted and not written yet.
 * `release`: the tabs of the release from which those in use were made. `coming`: those of another release that are not written yet.
 */
type KeptName = 'running' | 'before' | 'next' | 'release' | 'coming';

/** What is kept beside the tabs in use: whole sets, each one file, so that each is there whole or not at all. */
function keptTabs(dir: string) {
  makeFolder(dir);
  const file = (name: KeptName) => join(dir, `${name}.json`);
  const read = (name: KeptName): FlowNode[] | undefined => {
    try {
      const found = parseTab(readFileSync(file(name), 'utf8'));
      return found.ok ? found.nodes : undefined;
    } catch {
      // Absent, or not readable: it is not kept.
      return undefined;
    }
  };
  const write = (name: KeptName, nodes: readonly FlowNode[]) => replaceFile(file(name), `${JSON.stringify(nodes)}\n`);
  return {
    read,
    write,
    drop: (name: KeptName) => rmSync(file(name), { force: true }),
    /** The set is the good one from now on, and what was that is the one before. */
    rotate(nodes: readonly FlowNode[]): void {
      if (read('running') !== undefined) renameSync(file('running'), file('before'));
      write('running', nodes);
    },
  };
}
