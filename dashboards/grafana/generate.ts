/** The dashboards as files: made from code, committed, compared by the check of generated files. */
import { nation } from './nation.ts';

export const dashboardFiles: { file: string; make(): string }[] = [
  { file: 'dashboards/grafana/nation.json', make: () => `${JSON.stringify(nation(), null, 2)}\n` },
];
