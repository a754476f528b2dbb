/** Inserts tables from code into a page, between two marks. */
import { readFileSync } from 'node:fs';
import { faults } from '@sabha/contracts';

/** Returns the text of docs/operate.md with the current table of server faults. Throws if the page has no marks for it. */
export function operatePage(): string {
  return pageWith('docs/operate.md', { name: 'faults', from: 'broker/contracts/domain/faults/centre.ts', table: centreFaultsTable() });
}

function pageWith(file: string, { name, from, table }: { name: string; from: string; table: string }): string {
  const page = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  const begin = `<!-- ${name}: made by \`npm run generate\` from ${from} -->`;
  const [first, last] = [page.indexOf(begin), page.indexOf(`<!-- /${name} -->`)];
  if (first < 0 || last < first) throw new Error(`${file}: has no place for the table of ${name}`);
  return `${page.slice(0, first)}${begin}\n${table}\n${page.slice(last)}`;
}

function centreFaultsTable(): string {
  const rows = Object.entries(faults)
    .filter(([id]) => id.startsWith('centre.'))
    .map(([id, { severity, title, action }]) => `| \`${id}\` | ${severity} | ${title.en} | ${action.en} |`);
  return ['| fault | severity | says | do |', '|---|---|---|---|', ...rows].join('\n');
}
