/** One exporter of the bench in a separate process: `ours` or `prom-client`, with the series of that many PCs, served over HTTP. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { servePages } from '../../dashboards/exporter/server.ts';
import { fleetRows } from './exporter-fleet.ts';
import { oursOf, promClientOf } from './exporter-pages.ts';

const [kind, pcs] = process.argv.slice(2);
const rows = fleetRows(Number(pcs));
const { port } = await servePages(kind === 'ours' ? oursOf(rows) : promClientOf(rows), 0);
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();

/** Long enough for the event loop's own timer to fire. */
const tickMs = 20;

/**
 * On each message: reports the longest block of the event loop since the last one, and the peak memory. It waits a tick, so that the monitor's timer has fired. It waits another after the reset, because the first delay then is not counted.
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
