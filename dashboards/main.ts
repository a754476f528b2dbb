/** Entry point of the exporter: reads the environment, and logs one line when ready and one for a fatal error. */

import { loadText, oneLine, readEnvironment, realClock, runPart, StartError, supervisorOf } from '@sabha/contracts';
import { pino } from 'pino';
import { startExporter } from './exporter/exporter.ts';

const log = pino({ base: { part: 'dashboards' } });
const { env } = process;
const { required, port, number } = readEnvironment(env);

await runPart({ log, name: 'the exporter', stopLimitMs: 900, start, supervisor: supervisorOf(env) });

async function start() {
  const exporter = await startExporter({
    mqtt: { host: env['SABHA_MQTT_HOST'] ?? '127.0.0.1', port: port('SABHA_MQTT_PORT', 1883), token: token(required('SABHA_TOKEN_FILE')) },
    api: address('SABHA_API', 'http://127.0.0.1:1880'),
    apiToken: env['SABHA_API_TOKEN_FILE'] && token(env['SABHA_API_TOKEN_FILE']),
    metricsPort: port('SABHA_METRICS_PORT', 9103),
    clock: realClock(number('SABHA_SPEED', 1), number('SABHA_EPOCH', Date.now())),
    random: Math.random,
    log,
  });
  log.info({ metricsPort: exporter.port }, 'ready');
  // The exporter stores nothing, so it has nothing to flush.
  return () => {};
}

function token(file: string): string {
  const text = loadText(file).trim();
  // A character that is not allowed in an HTTP header would cause an error that logs the token.
  if (!/^[ -~]+$/.test(text)) throw new StartError(`${file}: holds no token`);
  return text;
}

function address(name: string, fallback: string): string {
  const text = env[name] ?? fallback;
  if (!URL.canParse(text) || new URL(text).protocol !== 'http:') throw new StartError(`${name}: not an http address: ${oneLine(text, 80)}`);
  return text;
}
