/** The table of rooms as CONTRIBUTING shows it. */
import { readFileSync } from 'node:fs';
import { entryOf } from './room-rules.ts';
import { parts } from './rooms.ts';

const begin = '<!-- rooms: made by `npm run generate` from test/house/rooms.ts -->';
const end = '<!-- /rooms -->';

/** The text of CONTRIBUTING.md with today's table in it. Throws where the page has no place for one. */
export function contributingPage(): string {
  const page = readFileSync(new URL('../../CONTRIBUTING.md', import.meta.url), 'utf8');
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error('CONTRIBUTING.md: has no place for the table of rooms');
  return `${page.slice(0, from)}${begin}\n${roomsTable()}\n${page.slice(to)}`;
}

function roomsTable(): string {
  const rows = parts.flatMap(({ rooms }) =>
    rooms.map(
      (room) => `| ${room.floor} | \`${room.path}/\` | ${room.about} | ${entryOf(room) === null ? '(a shelf)' : `\`${entryOf(room)}\``} |`,
    ),
  );
  return ['| floor | room | about | open first |', '|---|---|---|---|', ...rows].join('\n');
}
