/** The exporter as a process: settings from the environment, one log line when it is ready, one when it cannot go on. */
import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { oneLine, realClock } from '#contracts';
import { startExporter } from './exporter/exporter.ts';
import { StartError } from './exporter/metrics.ts';

const log = pino({ base: { part: 'dashboards' } });

process.on('uncaughtException', (error) => {
  if (error instanceof StartError) log.fatal(error.message);
  else log.fatal({ err: error }, 'the exporter cannot go on');
  process.exit(1);
});
// It keeps nothing, so there is nothing to wait for.
for (const signal of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.once(signal, () => process.exit(0));

const { env } = process;
const exporter = await startExporter({
  mqtt: { host: env['SABHA_MQTT_HOST'] ?? '127.0.0.1', port: port('SABHA_MQTT_PORT', 1883), token: token() },
  api: address('SABHA_API', 'http://127.0.0.1:1880'),
  metricsPort: port('SABHA_METRICS_PORT', 9103),
  clock: realClock(),
  random: Math.random,
  log,
});
log.info({ metricsPort: exporter.port }, 'ready');

function token(): string {
  const file = env['SABHA_TOKEN_FILE'];
  if (!file) throw new StartError('SABHA_TOKEN_FILE is not set');
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new StartError(`${file}: cannot be read: ${(error as NodeJS.ErrnoException).code}`);
  }
  if (text === '') throw new StartError(`${file}: holds no token`);
  return text;
}

function address(name: string, fallback: string): string {
  const text = env[name] ?? fallback;
  if (!URL.canParse(text) || new URL(text).protocol !== 'http:') throw new StartError(`${name}: not an http address: ${oneLine(text, 80)}`);
  return text;
}

function port(name: string, fallback: number): number {
  const text = env[name] ?? String(fallback);
  if (!/^\d+$/.test(text) || Number(text) > 65_535) throw new StartError(`${name}: not a port: ${oneLine(text, 40)}`);
  return Number(text);
}
