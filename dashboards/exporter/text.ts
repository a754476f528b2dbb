/** The text format of Prometheus, identical to the output of prom-client. */
import type { Series } from '@sabha/contracts';

/** Returns the text of the labels, with escaped values. It is made once per PC, not at each scrape. */
export function formatLabels(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')}"`)
    .join(',');
}

export function seriesHeader({ name, help, type }: Series): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}
