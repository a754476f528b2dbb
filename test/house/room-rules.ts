/** What the table of rooms asks of the files: each has a room, each room a size, each arrow between rooms leads down. */
import { importsOf } from './imports.ts';
import { looseLimit, type Part, parts, type Room, roomLimits } from './rooms.ts';
import { codeLinesOf, isCode, isTest, linesOf, type Rule, type SourceFile, tooMany } from './source.ts';

/** Why two rooms know each other: the file that imports, and what. */
export type Arrow = { from: Room; to: Room; file: string; target: string };
/** What a part looks like from outside. `loose`: code files at its root. */
export type Shape = {
  part: string;
  floors: number;
  rooms: number;
  arrows: number;
  rings: number;
  loose: number;
  lines: number;
  limit: number;
};

const allRooms = parts.flatMap((part) => part.rooms);
const byDepth = allRooms.toSorted((a, b) => b.path.length - a.path.length);

export const roomRules: readonly Rule[] = [
  {
    name: 'each file of code has a room, and each folder that holds code is one; at the top stand the start and what sets up the tests',
    find: (files) =>
      product(files)
        .filter(({ path }) => !['start.ts', 'vitest.config.ts'].includes(path) && !hasRoom(path))
        .map(({ path }) => `${path}: has no room in the table`),
  },
  {
    name: 'a file imports its own room or lower floors',
    find: (files) =>
      arrowsOf(files)
        .filter(({ from, to }) => to.floor >= from.floor)
        .map(lineOf),
  },
  { name: 'no rings of rooms', find: (files) => ringsOf(arrowsOf(files)).map((ring) => ring.join(' -> ')) },
  {
    name: `at most ${looseLimit} code files lie loose at the root of a part`,
    find: (files) => parts.flatMap(({ path }) => tooMany(looseIn(path, files), looseLimit, `loose files in ${path}`)),
  },
  {
    name: `a room has at most ${roomLimits.files} code files and ${roomLimits.lines} lines`,
    find: (files) => allRooms.flatMap((room) => sizeFaults(room, filesIn(room, files))),
  },
  {
    name: 'a room has a file to open first, named like it or by the table, and where other rooms come in, one does by it',
    find: (files) => {
      const doors = new Set(arrowsOf(files).map(({ target }) => target));
      return allRooms.flatMap((room) => entryFaults(room, filesIn(room, files), doors));
    },
  },
  {
    name: 'each part keeps below its ceiling of lines of TypeScript and JavaScript, blank lines and comments not counted',
    find: (files) => parts.flatMap((part) => tooMany(codeIn(part, files), part.lines, `lines of code in ${part.path}`)),
  },
];

/** The figures of each part: what the rules judge, for people to see. */
export function shapes(files: readonly SourceFile[]): Shape[] {
  const arrows = arrowsOf(files);
  return parts.map((part) => {
    const own = arrows.filter(({ from }) => part.rooms.includes(from));
    return {
      part: part.path,
      floors: Math.max(...part.rooms.map(({ floor }) => floor)),
      rooms: part.rooms.length,
      arrows: new Set(own.map(({ from, to }) => `${from.path} ${to.path}`)).size,
      rings: ringsOf(own).length,
      loose: looseIn(part.path, files),
      lines: codeIn(part, files),
      limit: part.lines,
    };
  });
}

/** The file that one opens first in a room; null for a shelf. */
export function entryOf({ path, enter }: Room): string | null {
  return enter === undefined ? `${nameOf(path)}.ts` : enter;
}

/** Every import that leads from one room of a part into another of it. */
function arrowsOf(files: readonly SourceFile[]): Arrow[] {
  return product(files).flatMap((file) => {
    const from = roomOf(file.path);
    return importsOf(file).flatMap((target) => {
      const to = roomOf(target);
      return from && to && from !== to && partOf(from) === partOf(to) ? [{ from, to, file: file.path, target }] : [];
    });
  });
}

/** Each ring once, as the way around it. */
function ringsOf(arrows: readonly Arrow[]): string[][] {
  const next = new Map<string, Set<string>>();
  for (const { from, to } of arrows) next.set(from.path, (next.get(from.path) ?? new Set()).add(to.path));
  const done = new Set<string>();
  const found: string[][] = [];
  const visit = (path: string, way: string[]) => {
    if (way.includes(path)) found.push([...way.slice(way.indexOf(path)), path]);
    if (done.has(path) || way.includes(path)) return;
    for (const target of next.get(path) ?? []) visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of next.keys()) visit(path, []);
  return found;
}

function sizeFaults(room: Room, files: readonly SourceFile[]): string[] {
  const lines = files.reduce((sum, { text }) => sum + linesOf(text), 0);
  return [
    ...tooMany(files.length, roomLimits.files, `code files in ${room.path}`),
    ...tooMany(lines, roomLimits.lines, `lines in ${room.path}`),
  ];
}

function entryFaults(room: Room, files: readonly SourceFile[], doors: ReadonlySet<string>): string[] {
  const entry = entryOf(room);
  const paths = files.map(({ path }) => path);
  if (entry === null || paths.length === 0) return [];
  if (!paths.includes(`${room.path}/${entry}`)) return [`${room.path}: has no ${entry}`];
  return doors.has(`${room.path}/${entry}`) || !paths.some((path) => doors.has(path)) ? [] : [`${room.path}: nobody comes in by ${entry}`];
}

function codeIn(part: Part, files: readonly SourceFile[]): number {
  return product(files)
    .filter(({ path }) => part.rooms.some((room) => room === roomOf(path)))
    .reduce((sum, { text }) => sum + codeLinesOf(text), 0);
}

function filesIn(room: Room, files: readonly SourceFile[]): SourceFile[] {
  return product(files).filter(({ path }) => roomOf(path) === room);
}

function looseIn(part: string, files: readonly SourceFile[]): number {
  return product(files).filter(({ path }) => folderOf(path) === part).length;
}

function product(files: readonly SourceFile[]): SourceFile[] {
  return files.filter(({ path }) => isCode(path) && !isTest(path));
}

function roomOf(path: string): Room | undefined {
  return byDepth.find((room) => path.startsWith(`${room.path}/`));
}

function hasRoom(path: string): boolean {
  const folder = folderOf(path);
  return allRooms.some((room) => room.path === folder || room.with?.some((name) => `${room.path}/${name}` === folder));
}

function partOf(room: Room): Part | undefined {
  return parts.find((part) => part.rooms.includes(room));
}

function lineOf({ from, to, file, target }: Arrow): string {
  return `${file}: imports ${target}, from floor ${from.floor} to floor ${to.floor}`;
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
