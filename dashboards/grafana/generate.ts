/** The dashboards as files: made from code, committed, compared by the check of generated files. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { highAltitude } from './high-altitude.ts';
import { nation } from './nation.ts';
import { network } from './network.ts';

/** Each committed dashboard, and how it is made. */
export const dashboardFiles = [file('nation', nation), file('network', network), file('high-altitude', highAltitude)];

function file(name: string, make: () => Dashboard): { file: string; make(): string } {
  return { file: `dashboards/grafana/${name}.json`, make: () => `${JSON.stringify(make(), null, 2)}\n` };
}
