/** The tables of the reference pages, each made from the schema or table that the code uses. */
import { globSync, readFileSync } from 'node:fs';
import { allSeries, faultIds, faults } from '@sabha/contracts';
import { verbs } from '../../flows/api/cli/verbs.ts';
import { probeTable } from '../check/probe-rows.ts';

type Schema = {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  items?: Schema;
};

const root = new URL('../../', import.meta.url);

/** Every table by its page and name. A page marks the place with `<!-- generated: NAME -->` and `<!-- /generated -->`. */
const tables: Record<string, Record<string, () => string>> = {
  'docs/reference/faults.md': { faults: faultTable },
  'docs/reference/checks.md': { checks: probeTable },
  'docs/reference/metrics.md': { series: seriesTable },
  'docs/reference/cli.md': { commands: commandTable },
  'docs/reference/sabha-json.md': { settings: settingsTable },
};

/** The rows of the list of generated files. */
export const referencePages = [
  ...Object.entries(tables).map(([file, named]) => ({
    file,
    make: () => Object.entries(named).reduce((page, [name, make]) => filled(page, `generated: ${name}`, '/generated', make()), read(file)),
  })),
  ...['docs/development/protocol-rules.md', 'docs/development/testing.md'].map((file) => ({ file, make: () => withTests(read(file)) })),
];

function faultTable(): string {
  const rows = faultIds.map((id) => {
    const { severity, holdMs, title, action } = faults[id];
    return [`\`${id}\``, severity, `${holdMs / 1_000} s`, title.en, action.en];
  });
  return table(['fault', 'severity', 'hold', 'title', 'first step'], rows);
}

function seriesTable(): string {
  const rows = allSeries.map(({ name, type, labels, help }) => [`\`${name}\``, type, labels.join(', '), help]);
  return table(['series', 'type', 'labels', 'meaning'], rows);
}

function commandTable(): string {
  const rows = Object.entries(verbs).map(([name, { usage, does }]) => [
    `\`${`sabha ${name} ${usage}`.trim().replaceAll('|', '\\|')}\``,
    does.en,
  ]);
  return table(['command', 'effect'], rows);
}

function settingsTable(): string {
  const schema: Schema = JSON.parse(read('broker/contracts/sabha.schema.json'));
  return table(['setting', 'type', 'default', 'meaning'], settingRows(schema, ''));
}

function settingRows({ properties = {} }: Schema, prefix: string): string[][] {
  return Object.entries(properties).flatMap(([key, one]) => {
    const name = `${prefix}${key}`;
    const type = one.enum ? one.enum.join(', ') : (one.type ?? '');
    const own = [`\`${name}\``, type, one.default === undefined ? '' : `\`${JSON.stringify(one.default)}\``, one.description ?? ''];
    return [own, ...settingRows(one, `${name}.`), ...settingRows(one.items ?? {}, `${name}[].`)];
  });
}

/** The tests whose titles begin with the code of a rule, as a list of files at each `<!-- tests CODE -->` of a page. */
function withTests(page: string): string {
  const titles =
    /\b(?:test|it|describe)\b[\w.]*(?:\([^\n]*?\))?\(\s*['"`]((?:[RFS]\d{1,2}[a-z]?(?:, | and | ))+)|^\s*\](?: as const)?\)\(\s*['"`]((?:[RFS]\d{1,2}[a-z]?(?:, | and | ))+)/gm;
  const files = globSync('{agent,broker,flows,dashboards,test}/**/*.{test,ts}', { cwd: root }).toSorted();
  const proofs = files.flatMap((file) =>
    [...read(file).matchAll(titles)]
      .flatMap(([, one, other]) => (one ?? other ?? '').match(/[RFS]\d{1,2}[a-z]?/g) ?? [])
      .map((code) => ({ code, file })),
  );
  const codes = [...page.matchAll(/<!-- tests (\w+) -->/g)].map(([, code = '']) => code);
  return codes.reduce((text, code) => {
    const own = [...new Set(proofs.filter((proof) => proof.code === code).map(({ file }) => file))];
    if (own.length === 0) throw new Error(`no test has a title that begins with ${code}`);
    return filled(text, `tests ${code}`, '/tests', own.map((file) => `- [${file}](../../${file})`).join('\n'));
  }, page);
}

function filled(page: string, begin: string, end: string, text: string): string {
  const from = page.indexOf(`<!-- ${begin} -->`);
  const to = page.indexOf(`<!-- ${end} -->`, from);
  if (from < 0 || to < 0) throw new Error(`a page has no place for ${begin}`);
  return `${page.slice(0, from)}<!-- ${begin} -->\n\n${text}\n\n${page.slice(to)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function read(file: string): string {
  return readFileSync(new URL(file, root), 'utf8');
}
