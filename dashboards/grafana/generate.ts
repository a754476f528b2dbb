/** Generates the dashboard files. They are committed, and the check of generated files compares them. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { highAltitude } from './high-altitude.ts';
import { nation } from './nation.ts';
import { network } from './network.ts';

export const dashboardFiles = [file('nation', nation), file('network', network), file('high-altitude', highAltitude)];

function file(name: string, make: () => Dashboard): { file: string; make(): string } {
  return { file: `dashboards/grafana/${name}.json`, make: () => `${JSON.stringify(make(), null, 2)}\n` };
}
