/**
 * Architecture rules as pure functions over the text of files. `architecture.test.ts` runs them on the repository and on planted
 * violations.
 */
import { posix } from 'node:path';
import { readsEnvironment } from './environment.ts';
import { computed, importsOf } from './imports.ts';
import { cyclesOf, partRules } from './parts.ts';
import { eachFile, isCode, isTest, mayHave, type Rule, type SourceFile, tooMany } from './source.ts';
import { eachNode, parse } from './syntax.ts';

const parts = ['agent', 'broker', 'flows', 'dashboards'];
/** Files that may start programs: the operating system layer of the agent, the start, and the messages to systemd. */
const startsPrograms = /^(agent\/platform\/|broker\/contracts\/kit\/health\.ts$|start\.ts$)/;
const contracts = 'broker/contracts/';
const dependencyLimit = 45;

export const rules: readonly Rule[] = [
  {
    name: 'contracts imports nothing of ours',
    find: eachImport((file, target) => file.startsWith(contracts) && isOurs(target) && !target.startsWith(contracts)),
  },
  {
    name: 'a part imports only itself and @sabha/contracts',
    find: eachImport((file, target) => isOurs(target) && parts.includes(partOf(file)) && !isReachable(file, target)),
  },
  {
    name: 'only packaging imports agent',
    find: eachImport((file, target) => partOf(target) === 'agent' && !['agent', 'packaging'].includes(partOf(file))),
  },
  {
    name: 'start.ts imports only @sabha/contracts and packages',
    find: eachImport((file, target) => file === 'start.ts' && isOurs(target) && target !== '@sabha/contracts'),
  },
  {
    name: 'only agent/platform, start.ts and the word to systemd start programs',
    find: eachImport(
      (file, target) => /^((node:)?(child_process|cluster)|systeminformation)(\/|$)/.test(target) && !startsPrograms.test(file),
    ),
  },
  {
    name: 'only main.ts, cli.ts and start.ts read the environment',
    find: eachFile((file) => (!mayReadEnvironment(file.path) && readsEnvironment(file) ? ['reads the environment'] : [])),
  },
  {
    name: 'product code imports no test and nothing of what only tests use',
    find: eachImport((_file, target) => isTest(target)),
  },
  {
    name: 'what is imported is named there, but by the launcher, which chooses among versions',
    find: eachImport((file, target) => target === computed && file !== 'agent/maintain/update/main.ts'),
  },
  {
    name: 'code is .ts, or .js where a browser or Node-RED loads it as it stands: types, lint and tests see no other',
    find: eachFile(({ path }) => (isOfOurKind(path) ? [] : ['has an ending that nothing checks'])),
  },
  { name: 'no import circles', find: circles },
  {
    name: 'a default export stands only where a tool asks for one',
    find: eachFile((file) => (!mayExportDefault(file.path) && exportsDefault(file) ? ['exports a default'] : [])),
  },
  {
    name: `at most ${dependencyLimit} direct dependencies`,
    find: (files) =>
      tooMany(
        new Set(files.filter(({ path }) => path.endsWith('package.json')).flatMap(dependenciesOf)).size,
        dependencyLimit,
        'dependencies',
      ),
  },
  ...partRules,
];

/** Lists of probes and of channels. */
export const lists = ['agent/probes/probes.ts', 'flows/notify/people/channels/channels.ts'];

/** Returns violations of a list. Each entry is one file with its test beside it and one mention besides its import. */
export function listViolations(index: string, files: readonly SourceFile[]): string[] {
  const folder = `${posix.dirname(index)}/`;
  const within = files.filter((file) => file.path.startsWith(folder) && isCode(file.path));
  const list = within.find((file) => file.path === index);
  if (list === undefined) return [`${index}: is not there`];
  const listed = importsOf(list).filter((target) => target.startsWith(folder));
  const needed = reached(index, within);
  const paths = within.map((file) => file.path);
  return [
    ...paths.filter((path) => !isTest(path) && !needed.has(path)).map((path) => `${path}: is not in the list`),
    ...listed.filter((path) => !paths.includes(path.replace(/\.ts$/, '.test.ts'))).map((path) => `${path}: has no test beside it`),
    ...listed
      .map((path) => ({ path, times: mentions(list, path) }))
      .flatMap(({ path, times }) => (times === 1 ? [] : [`${path}: has ${times} mentions`])),
  ];
}

/** Returns a file and all files among these that it imports, directly or indirectly. */
function reached(path: string, files: readonly SourceFile[], known = new Set<string>()): Set<string> {
  const file = files.find((one) => one.path === path);
  if (file === undefined || known.has(path)) return known;
  known.add(path);
  for (const target of importsOf(file)) reached(target, files, known);
  return known;
}

/** Counts the uses of an import in the list, without types and the import itself. */
function mentions(list: SourceFile, path: string): number {
  const { module, program } = parse(list);
  const from = `./${posix.relative(posix.dirname(list.path), path)}`;
  const entries = module.staticImports.filter(({ moduleRequest }) => moduleRequest.value === from).flatMap((one) => one.entries);
  const names = entries.filter(({ isType }) => !isType).map(({ localName }) => localName.value);
  let times = 0;
  eachNode(program, (node, parent) => {
    if (node.type === 'Identifier' && names.includes(node.name) && !parent.type.startsWith('Import')) times += 1;
  });
  return times;
}

function eachImport(isWrong: (file: string, target: string) => boolean) {
  return eachFile((file) => {
    if (isTest(file.path)) return [];
    const wrong = importsOf(file).filter((target) => isWrong(file.path, target));
    return wrong.map((target) => `imports ${target}`);
  });
}

function partOf(path: string): string {
  return path.split('/')[0] ?? '';
}

/** Returns true for a file of this repository, false for a package. */
function isOurs(target: string): boolean {
  return /^(@sabha\/|[#/]|\.\.|file:|start\.ts$)/.test(target) || [...parts, 'packaging', 'test'].includes(partOf(target));
}

/** The palette has a separate package.json, so it cannot import `@sabha/contracts`. */
function isReachable(file: string, target: string): boolean {
  if (target === '@sabha/contracts') return !file.startsWith('flows/node-red/nodes/');
  return partOf(target) === partOf(file);
}

function mayReadEnvironment(path: string): boolean {
  return isTest(path) || path === 'start.ts' || path === 'vitest.config.ts' || /\/(main|cli)\.ts$/.test(path);
}

function isOfOurKind(path: string): boolean {
  return (
    path.endsWith('.ts') ||
    /^(dashboards\/wall|flows\/node-red\/nodes)\/.*(?<!\.test)\.js$/.test(path) ||
    path.startsWith('test/real/grafana/')
  );
}

function exportsDefault(file: SourceFile): boolean {
  if (!mayHave(file.text, /default/)) return false;
  const names = parse(file).module.staticExports.flatMap(({ entries }) => entries.map(({ exportName }) => exportName));
  return names.some(({ kind, name }) => kind === 'Default' || name === 'default');
}

function mayExportDefault(path: string): boolean {
  return (
    ['vitest.config.ts', 'test/figures-reporter.ts'].includes(path) ||
    /^flows\/node-red\/nodes\/(?:[^/]+\.js|kinds\/[^/]+-node\.ts)$/.test(path)
  );
}

function dependenciesOf({ text }: SourceFile): string[] {
  const { dependencies = {}, devDependencies = {}, optionalDependencies = {} } = JSON.parse(text);
  const named = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
  // Node has one package per platform, which count as one.
  return named.filter((name) => !name.startsWith('@sabha/')).map((name) => name.replace(/^node-(linux|win)-.*/, 'node'));
}

/** Returns each import cycle once, as its path. */
function circles(files: readonly SourceFile[]): string[] {
  const contractsEntry = (target: string) => (target === '@sabha/contracts' ? `${contracts}index.ts` : target);
  return cyclesOf(new Map(files.map((file) => [file.path, importsOf(file).map(contractsEntry)]))).map((way) => way.join(' -> '));
}
