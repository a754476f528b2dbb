/** The first row of every dashboard: status lamps that show which part of the server responds, and so explain grey panels. */
import { DurationSeconds } from '@grafana/grafana-foundation-sdk/units';
import { ownSeries } from '@sabha/contracts';
import type { SizedPanel } from './board.ts';
import { statRow, steps, unit, valueTexts } from './panels.ts';

const { exporterApiUp, exporterBrokerUp, exporterBeatAge } = ownSeries;
const good = steps([0, 'red'], [1, 'green']);

/**
 * Builds the status lamps. Guarantee: a lamp is green only on data of the last scrape, and grey without data. A part that does not respond
 * shows it on its own lamp, whatever else fails.
 */
export function statusPanels(): SizedPanel[] {
  return statRow(3, [
    {
      name: 'Exporter',
      about: 'Whether Prometheus reads both pages of the exporter. All values here come from these pages.',
      expr: 'min(up{job=~"sabha-exporter|sabha-pcs"})',
      look: [good, valueTexts({ 0: ['not read', 'red'], 1: ['read', 'green'] })],
    },
    {
      name: 'flows',
      about: 'Whether flows responds to Prometheus and to the exporter. While it does not, nobody is notified of any fault.',
      expr: `min(${exporterApiUp.name} or up{job="sabha-flows"})`,
      look: [good, valueTexts({ 0: ['no answer', 'red'], 1: ['answers', 'green'] })],
    },
    {
      name: 'Broker',
      about: 'Whether the broker responds to Prometheus, and delivers the messages of the PCs to flows and to the exporter.',
      expr: `min(${exporterBrokerUp.name} or up{job="sabha-broker"})`,
      look: [good, valueTexts({ 0: ['no data', 'red'], 1: ['answers', 'green'] })],
    },
    {
      name: 'Newest beat',
      about: 'Age of the newest beat of all PCs. A PC on the slowest class of link sends one every ten minutes.',
      expr: `min(${exporterBeatAge.name})`,
      look: [unit(DurationSeconds), steps([0, 'green'], [300, 'orange'], [900, 'red'])],
    },
    {
      name: 'Watchdog',
      about: 'Number of firing alert rules, without SabhaWatchdog, which always fires. Grey if Prometheus has not loaded the rules.',
      expr: 'count(ALERTS{alertname=~"Sabha.+",alertstate="firing"}) - 1',
      look: [steps([0, 'green'], [1, 'red']), valueTexts({ 0: ['quiet', 'green'] })],
    },
  ]);
}
