/** What of the packages nobody in the agent uses is left out of the packed one, and what costs memory by the way in which it is loaded. */
import type { Plugin } from 'esbuild';

/** MQTT over web sockets, through a proxy, in a browser and with the aliases of MQTT 5; a log that is written by a thread of its own. */
const unused = ['ws', 'socks', 'worker-timers', 'lru-cache', 'thread-stream'];
/** Of systeminformation the inventory asks system, osinfo, cpu and memory. */
const unasked = 'battery|graphics|filesystem|network|wifi|processes|users|internet|docker|virtualbox|printer|usb|audio|bluetooth';
/** Node's own streams do what the package copies for other systems. */
const copies: Record<string, string> = { 'readable-stream': 'node:stream' };
/** As an ES module each getter of it is asked once, and one of them loads undici: 6 MiB. */
const costly = ['node:http'];

const named = (names: readonly string[]) => new RegExp(`^(?:${names.join('|')})$`);

/** The plugin of the packer. */
export const lean: Plugin = {
  name: 'lean',
  setup(build) {
    build.onResolve({ filter: named(unused) }, ({ path }) => ({ path, namespace: 'unused' }));
    build.onResolve({ filter: new RegExp(`^\\./(?:${unasked})$`) }, ({ path, importer }) =>
      importer.includes('/systeminformation/lib/') ? { path, namespace: 'unused' } : undefined,
    );
    build.onResolve({ filter: named([...Object.keys(copies), ...costly]) }, ({ path }) => ({ path, namespace: 'builtin' }));
    build.onLoad({ filter: /./, namespace: 'unused' }, () => ({ contents: 'module.exports = {};' }));
    build.onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(copies[path] ?? path)});`,
    }));
  },
};
