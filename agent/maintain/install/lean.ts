/** What of the packages nobody in the agent uses is left out of the packed one, and what costs memory by the way in which it is loaded. */
import crypto from 'node:crypto';
import dgram from 'node:dgram';
import dns from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import type { Plugin } from 'esbuild';

/** MQTT over web sockets, through a proxy, in a browser and with the aliases of MQTT 5; a log that is written by a thread of its own. */
const unused = ['ws', 'socks', 'worker-timers', 'lru-cache', 'thread-stream'];
/** Of systeminformation the inventory asks system, osinfo, cpu and memory. */
const unasked = 'battery|graphics|filesystem|network|wifi|processes|users|internet|docker|virtualbox|printer|usb|audio|bluetooth';
/** What the centre alone says, by who asks for it: a language that the agent does not speak, and the faults that no PC reports. */
const centres: Readonly<Record<string, string>> = { './mr.ts': '/domain/words/words.ts', './faults/centre.ts': '/domain/faults.ts' };
/** Node's own streams do what the package copies for other systems. */
const copies: Record<string, string> = { 'readable-stream': 'node:stream' };
/** Loaded when something of them is first used: the seat in the session, which has no network, never does. Of node:http an ES module would load undici too. */
const costly: Readonly<Record<string, object>> = {
  'node:http': http,
  'node:https': https,
  'node:tls': tls,
  'node:crypto': crypto,
  'node:dgram': dgram,
  'node:dns/promises': dns,
};

const named = (names: readonly string[]) => new RegExp(`^(?:${names.join('|')})$`);

/** The plugin of the packer. */
export const lean: Plugin = {
  name: 'lean',
  setup(build) {
    build.onResolve({ filter: named(unused) }, ({ path }) => ({ path, namespace: 'unused' }));
    build.onResolve({ filter: new RegExp(`^\\./(?:${unasked})$`) }, ({ path, importer }) =>
      importer.includes('/systeminformation/lib/') ? { path, namespace: 'unused' } : undefined,
    );
    build.onResolve({ filter: /\.ts$/ }, ({ path, importer }) => {
      const by = centres[path];
      return by !== undefined && importer.endsWith(by) ? { path, namespace: 'unused' } : undefined;
    });
    build.onResolve({ filter: named(Object.keys(copies)) }, ({ path }) => ({ path, namespace: 'builtin' }));
    build.onResolve({ filter: named(Object.keys(costly)) }, ({ path }) => ({ path, namespace: 'costly' }));
    build.onLoad({ filter: /./, namespace: 'unused' }, () => ({ contents: 'module.exports = {};' }));
    build.onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(copies[path])});`,
    }));
    build.onLoad({ filter: /./, namespace: 'costly' }, ({ path }) => ({ contents: whenUsed(path) }));
  },
};

/** A module that has all names of this one of Node's, and asks it for what is behind a name when that is used. */
function whenUsed(path: string): string {
  const names = Object.keys(costly[path] ?? {});
  return `let loaded;
const all = () => (loaded ??= process.getBuiltinModule(${JSON.stringify(path)}));
for (const name of ${JSON.stringify(names)}) Object.defineProperty(module.exports, name, { enumerable: true, get: () => all()[name] });`;
}
