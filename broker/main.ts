/** The broker as a process: settings from the environment, one log line when it is ready, one when it cannot go on. */
import { join } from 'node:path';
import { pino } from 'pino';
import { environment, realClock, StartError, serveMetrics } from '#contracts';
import { type Broker, createBroker } from './broker.ts';

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
  const { required, port } = environment(env);
  const dataDir = required('SABHA_DATA');
  const started = await createBroker({
    host: env['SABHA_MQTT_HOST'] ?? '127.0.0.1',
    port: port('SABHA_MQTT_PORT', 1883),
    secretsFile: join(dataDir, 'principals.json'),
    registryFile: required('SABHA_REGISTRY'),
    registryKeyFile: join(dataDir, 'registry.pub'),
    tls: env['SABHA_TLS_HOST'] ? { host: env['SABHA_TLS_HOST'], port: port('SABHA_TLS_PORT', 8883) } : undefined,
    dataDir,
    clock: realClock(),
    log,
  });
  const metrics = await serveMetrics(started.registry, port('SABHA_METRICS_PORT', 9101));
  log.info({ port: started.port, tlsPort: started.tlsPort, metricsPort: metrics.port }, 'ready');
  return { ...started, metrics };
}

/** Within 1 s, whatever a client does. */
function stop({ close, metrics }: Awaited<ReturnType<typeof start>>): void {
  setTimeout(() => process.exit(0), closeLimitMs).unref();
  metrics.close();
  void close().then(() => process.exit(0));
}
