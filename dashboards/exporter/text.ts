/** The text form of Prometheus, letter for letter as prom-client writes it. */
import type { Series } from '@sabha/contracts';

/** What stands between the braces, values escaped. Made once for each PC, not at each scrape. */
export function labelText(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')}"`)
    .join(',');
}

/** The two lines before the samples of a series. */
export function headText({ name, help, type }: Series): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}
