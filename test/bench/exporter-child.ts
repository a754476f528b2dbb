/**
 * One exporter of the bench in a separate process. Arguments: `ours` or `prom-client`, and the number of PCs whose series it serves over
 * HTTP.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { servePages } from '../../dashboards/exporter/server.ts';
import { fleetRows } from './exporter-fleet.ts';
import { oursOf, promClientOf } from './exporter-pages.ts';

const [kind, pcs] = process.argv.slice(2);
const rows = fleetRows(Number(pcs));
const { port } = await servePages(kind === 'ours' ? oursOf(rows) : promClientOf(rows), 0);
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();

/** Wait in milliseconds, long enough for the timer of the event loop monitor to fire. */
const tickMs = 20;

/**
 * On each message: reports the longest block of the event loop since the last message, and the peak memory. Waits a tick, so that the
 * monitor's timer has fired. Waits another tick after the reset, because the monitor does not count the first delay.
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
