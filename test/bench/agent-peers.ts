/**
 * The programs with which the bench `agent` compares the agent. Each does its ordinary work: it is queried or sends values at its default
 * interval.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePorts } from '../system/processes.ts';

/** A running process. `firstMs` is the time from its start to its first output. */
export type Standing = { pid: number; firstMs: number; stop(): Promise<void> };
/** `everyMs` and `use`: the interval and the query, for a peer that is queried. */
type Peer = { package: string; program: string; start(folder: string): Promise<Standing> };

/** The default intervals of Prometheus and Zabbix, in milliseconds. */
const scrapeEveryMs = 15_000;
const itemsEveryMs = 60_000;
const patienceMs = 30_000;
const lookEveryMs = 5;
const items = ['agent.ping', 'system.cpu.load', 'vm.memory.size[available]', 'vfs.fs.size[/,pfree]', 'net.if.in[lo]'];

export const peers: Record<string, Peer> = {
  node_exporter: { package: 'prometheus-node-exporter', program: 'prometheus-node-exporter', start: startExporter },
  collectd: { package: 'collectd-core', program: 'collectd', start: startCollectd },
  'zabbix-agent2': { package: 'zabbix-agent2', program: 'zabbix_agent2', start: startZabbix },
};

export function versionOfPackage(name: string): string {
  return spawnSync('dpkg-query', ['-W', '-f', '$' + '{Version}', name], { encoding: 'utf8' }).stdout?.trim() || 'unknown';
}

async function startExporter(): Promise<Standing> {
  const [port = 0] = await freePorts(1);
  const scrape = () =>
    new Promise<boolean>((resolve) => {
      const asked = get({ port, host: '127.0.0.1', path: '/metrics' }, (page) => {
        page.resume().once('end', () => resolve(page.statusCode === 200));
      });
      asked.once('error', () => resolve(false));
    });
  return standing('prometheus-node-exporter', [`--web.listen-address=127.0.0.1:${port}`], { use: scrape, everyMs: scrapeEveryMs });
}

/** collectd sends every value at once, to a socket in this process. A separate server would add its own cost. */
async function startCollectd(folder: string): Promise<Standing> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  let isHeard = false;
  socket.once('message', () => {
    isHeard = true;
  });
  const file = join(folder, 'collectd.conf');
  const plugins = ['cpu', 'memory', 'interface', 'load', 'df', 'network'].map((name) => `LoadPlugin ${name}`);
  const server = `<Plugin network>\n  Server "127.0.0.1" "${socket.address().port}"\n</Plugin>`;
  const own = [`BaseDir "${folder}"`, `PIDFile "${join(folder, 'collectd.pid')}"`, 'TypesDB "/usr/share/collectd/types.db"', 'Interval 10'];
  writeFileSync(file, `${[...own, ...plugins, server].join('\n')}\n`);
  const stood = await standing('collectd', ['-f', '-C', file], { use: async () => isHeard });
  return {
    ...stood,
    async stop() {
      await stood.stop();
      socket.close();
    },
  };
}

async function startZabbix(folder: string): Promise<Standing> {
  const [port = 0] = await freePorts(1);
  const file = join(folder, 'zabbix.conf');
  const own = ['Server=127.0.0.1', 'ListenIP=127.0.0.1', `ListenPort=${port}`, 'LogType=console', 'Hostname=bench'];
  writeFileSync(file, `${[...own, `PidFile=${join(folder, 'zabbix.pid')}`, `PluginSocket=${join(folder, 'zabbix.sock')}`].join('\n')}\n`);
  const use = async () => {
    for (const item of items) if (!(await askZabbix(port, item))) return false;
    return true;
  };
  return standing('zabbix_agent2', ['--foreground', '-c', file], { use, everyMs: itemsEveryMs });
}

/** Sends a passive check of Zabbix: a header, the length, the name of the item. */
async function askZabbix(port: number, item: string): Promise<boolean> {
  const head = Buffer.alloc(13);
  head.write('ZBXD\x01');
  head.writeUInt32LE(item.length, 5);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host: '127.0.0.1', port });
  let bytes = 0;
  socket.on('data', (piece) => {
    bytes += piece.length;
  });
  socket.on('error', () => undefined).once('close', () => resolve(bytes > head.length));
  socket.end(Buffer.concat([head, Buffer.from(item)]));
  return promise;
}

/** Starts a program. Resolves when `use` first succeeds, and repeats `use` at the interval. */
async function standing(
  program: string,
  args: string[],
  { use, everyMs }: { use(): Promise<boolean>; everyMs?: number },
): Promise<Standing> {
  const startedAt = performance.now();
  // The program has a separate process group, because zabbix ends its whole group.
  const child = spawn(program, args, { stdio: 'ignore', detached: true });
  const ended = once(child, 'exit');
  const stop = async () => {
    clearInterval(timer);
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
  };
  const timer = everyMs === undefined ? undefined : setInterval(() => void use(), everyMs);
  while (!(await use())) {
    if (child.exitCode !== null || performance.now() - startedAt > patienceMs) {
      await stop();
      throw new Error(`${program} says nothing (exit code ${child.exitCode})`);
    }
    await delay(lookEveryMs);
  }
  return { pid: child.pid ?? 0, firstMs: performance.now() - startedAt, stop };
}
