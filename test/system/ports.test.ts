/** S12: scans every port of all parts as a local user. None serves the editor, and none listens beyond loopback. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { reportFigure } from '../figures.ts';
import { createSite, isUp, type Site, startCentre } from './centre-under-test.ts';
import { livingWith } from './processes.ts';

let site: Site;
beforeEach(async () => {
  site = await createSite();
});
afterEach(() => site.remove());

const doors = ['/flows', '/library/local/functions/x', '/settings', '/nodes', '/auth/login', '/red/red.js', '/context/global'];

test('S12 the server opens only the ports of its settings, on loopback; no port serves the editor, and the agent opens none', {
  tags: ['long'],
}, async () => {
  const centre = startCentre(site);
  await isUp(centre);
  // Other processes in the list are programs that a probe runs for a moment.
  const parts = livingWith(site.folder).flatMap(({ pid, command }) => {
    const part = /(?:(\w+)\/main|\b(start))\.ts\b/.exec(command);
    // While a part starts a program, it appears twice for a moment, and the second process may already have ended.
    const open = part === null ? undefined : socketsOf(pid);
    return open === undefined ? [] : [{ part: part?.[1] ?? 'start', open }];
  });
  expect(parts.map(({ part }) => part)).toEqual(expect.arrayContaining(['broker', 'flows', 'dashboards', 'agent']));
  // Removes the duplicate sockets of a second process of the same part.
  const rows = parts.flatMap(({ part, open: all }) => all.map((one) => ({ part, ...one })));
  const open = [...new Map(rows.map((row) => [`${row.part} ${row.port} ${row.udp}`, row])).values()];
  const { mqtt, api, brokerMetrics, flowsMetrics, exporter, reflector } = site.ports;
  expect(
    open
      .filter(({ udp }) => !udp)
      .map(({ port }) => port)
      .toSorted((a, b) => a - b),
  ).toEqual([mqtt, api, brokerMetrics, flowsMetrics, exporter].toSorted((a, b) => a - b));
  expect(open.filter(({ udp }) => udp).map(({ part, port }) => [part, port])).toEqual([['broker', reflector]]);
  expect(open.filter(({ isLoopback }) => !isLoopback)).toEqual([]);
  expect(parts.filter(({ part }) => part === 'agent').flatMap((one) => one.open)).toEqual([]);
  let asked = 0;
  for (const { port } of open.filter(({ udp, port }) => !udp && port !== mqtt)) {
    for (const path of doors) {
      const answers = await Promise.all(
        ['GET', 'POST'].map((method) => fetch(`http://127.0.0.1:${port}${path}`, { method, redirect: 'manual' })),
      );
      expect(
        answers.map(({ status }) => [400, 403, 404, 405, 415].includes(status)),
        `${port}${path}: ${answers.map(({ status }) => status)}`,
      ).toEqual([true, true]);
      asked += 2;
    }
  }
  await centre.stop();
  reportFigure(
    'S12',
    `${open.length} ports of ${parts.length} processes, all on loopback, 0 of the agent; ${asked} questions for the editor, 0 answered`,
  );
});

type Open = { port: number; isLoopback: boolean; udp: boolean };

/** Returns the sockets on which a process listens (TCP) or receives (UDP); undefined if it has ended. */
function socketsOf(pid: number): Open[] | undefined {
  const files = entriesOf(`/proc/${pid}/fd`);
  if (files === undefined) return undefined;
  const own = new Set(
    files.flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return []; // The descriptor was closed after it was listed.
      }
    }),
  );
  const rows = (table: string) =>
    // Reads the tables of this process, because all processes share one network namespace.
    readFileSync(`/proc/net/${table}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/));
  return ['tcp', 'tcp6', 'udp', 'udp6'].flatMap((table) => {
    const listening = table.startsWith('tcp') ? '0A' : '07';
    return rows(table).flatMap(([, local = '', , state, , , , , , inode = '']) => {
      if (state !== listening || !own.has(inode)) return [];
      const [address = '', port = ''] = local.split(':');
      const isLoopback = address === '0100007F' || address === '00000000000000000000000001000000';
      return [{ port: Number.parseInt(port, 16), isLoopback, udp: table.startsWith('udp') }];
    });
  });
}

function entriesOf(folder: string): string[] | undefined {
  try {
    return readdirSync(folder);
  } catch {
    return undefined;
  }
}
