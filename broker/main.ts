/** The broker as a process: settings from the environment, one log line when it is ready, one when it cannot go on. */
import { join } from 'node:path';
import { pino } from 'pino';
import { realClock } from '#contracts';
import { type Broker, createBroker } from './broker.ts';
import { serveMetrics } from './metrics.ts';
import { StartError } from './startup.ts';

const closeLimitMs = 900;
const log = pino({ base: { part: 'broker' } });

process.on('uncaughtException', (error) => {
  if (error instanceof StartError) log.fatal(error.message);
  else log.fatal({ err: error }, 'the broker cannot go on');
  process.exit(1);
});

const broker = await start(process.env);
for (const signal of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.once(signal, () => stop(broker));

async function start(env: NodeJS.ProcessEnv): Promise<Broker & { metrics: { close(): void } }> {
  const dataDir = required(env, 'SABHA_DATA');
  const started = await createBroker({
    host: env['SABHA_MQTT_HOST'] ?? '127.0.0.1',
    port: port(env, 'SABHA_MQTT_PORT', 1883),
    secretsFile: join(dataDir, 'principals.json'),
    registryFile: required(env, 'SABHA_REGISTRY'),
    registryKeyFile: join(dataDir, 'registry.pub'),
    dataDir,
    clock: realClock(),
    log,
  });
  const metrics = await serveMetrics(started.registry, port(env, 'SABHA_METRICS_PORT', 9101));
  log.info({ port: started.port, metricsPort: metrics.port }, 'ready');
  return { ...started, metrics };
}

/** Within 1 s, whatever a client does. */
function stop({ close, metrics }: Awaited<ReturnType<typeof start>>): void {
  setTimeout(() => process.exit(0), closeLimitMs).unref();
  metrics.close();
  void close().then(() => process.exit(0));
}

function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (!value) throw new StartError(`${name} is not set`);
  return value;
}

function port(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = env[name] ?? String(fallback);
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) throw new StartError(`${name}: not a port: ${text.slice(0, 40)}`);
  return value;
}
