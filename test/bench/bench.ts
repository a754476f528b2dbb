/**
 * `npm run bench -- <name> [--json] [--quick]`: measures Sabha and the compared programs in turns, in one run. Exits with 1 if a target is
 * missed.
 */
import { benches } from './index.ts';
import { type Bench, CannotRun, machine, type Report, type Row } from './model.ts';

const args = process.argv.slice(2);
const bench = chosen(args);
if (typeof bench === 'string') cannot(bench);
const say = (line: string) => process.stderr.write(`${line}\n`);
const { versions, rows } = await bench.run({ quick: args.includes('--quick'), say }).catch((error) => {
  if (error instanceof CannotRun) cannot(`bench: ${error.message}`);
  throw error;
});
const report: Report = { bench: bench.name, machine: machine(), versions: { node: process.versions.node, ...versions }, rows };
process.stdout.write(args.includes('--json') ? `${JSON.stringify(report)}\n` : table(report));
process.exit(rows.some(({ met }) => met === false) ? 1 : 0);

function cannot(line: string): never {
  process.stderr.write(`${line}\n`);
  process.exit(2);
}

/** Returns the bench, or one line that says why the name or an option is wrong. */
function chosen(given: string[]): Bench | string {
  const names = given.filter((word) => !word.startsWith('--'));
  const unknown = given.find((word) => word.startsWith('--') && !['--json', '--quick'].includes(word));
  if (unknown !== undefined) return `bench: ${unknown} is not known; --json and --quick are`;
  const found = benches.find(({ name }) => name === names[0]);
  if (found !== undefined && names.length === 1) return found;
  return `bench: name one of ${benches.map(({ name }) => name).join(', ')}${names.length === 0 ? '' : `, not "${names.join(' ')}"`}`;
}

function table({ bench: name, machine: on, versions: of, rows: all }: Report): string {
  const pairs = (object: object) =>
    Object.entries(object)
      .map((pair) => pair.join(' '))
      .join(', ');
  const lines = all.map((one) => [one.metric, `${one.ours} ${one.unit}`, against(one), target(one)]);
  const widths = [0, 1, 2].map((at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  const text = lines.map((line) =>
    line
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${[`${name}: ${pairs(on)}; ${pairs(of)}`, ...text].join('\n')}\n`;
}

function against({ peer, theirs, ratio, unit }: Row): string {
  return peer === null ? '' : `${peer} ${theirs} ${unit} (${ratio}x)`;
}

function target({ target: wanted, met }: Row): string {
  return wanted === null ? '' : `${wanted} ${met ? 'met' : 'MISSED'}`;
}
