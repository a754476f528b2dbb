/** One exporter of the bench in a process of its own: `ours` or `prom-client`, filled with the series of that many PCs, served over HTTP. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { servePages } from '../../dashboards/exporter/server.ts';
import { fleetRows } from './exporter-fleet.ts';
import { oursOf, promClientOf } from './exporter-pages.ts';

const [kind, pcs] = process.argv.slice(2);
const rows = fleetRows(Number(pcs));
const { port } = await servePages(kind === 'ours' ? oursOf(rows) : promClientOf(rows), 0);
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();

/** So long that the loop's own timer has fired. */
const tickMs = 20;

/**
 * On each word of the parent: the longest time for which the loop stood since the last, and the most memory so far. A tick later, because the
 * timer has to fire before it knows how late it is; and said another tick later, because what it is late for the first time after a reset it
 * does not know.
 */
process.on('message', () => {
  setTimeout(() => {
    const figures = { blockMs: delay.max / 1e6, peakRssMiB: process.resourceUsage().maxRSS / 1_024 };
    delay.reset();
    setTimeout(() => process.send?.(figures), tickMs);
  }, tickMs);
});
process.once('disconnect', () => process.exit(0));
process.send?.({ port });
