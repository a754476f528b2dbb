/** Entry point of the broker: reads the environment, and logs one line when it is ready and one for a fatal error. */
import { join } from 'node:path';
import { oneLine, readEnvironment, realClock, runPart, StartError, serveMetrics, supervisorOf } from '@sabha/contracts';
import { pino } from 'pino';
import { createBroker } from './broker.ts';
import { defaultLimits, type Limits, noRateLimits, openFilesLimit } from './protection/limits.ts';

const log = pino({ base: { part: 'broker' } });
const { env } = process;
const { required, port, number } = readEnvironment(env);

// The process ends within 1 s, whatever a client does.
await runPart({ log, name: 'the broker', stopLimitMs: 900, start, supervisor: supervisorOf(env) });

async function start() {
  const dataDir = required('SABHA_DATA');
  // The broker needs no write access to its input files.
  const inputDir = env['SABHA_TOLD'] ?? dataDir;
  const started = await createBroker({
    host: env['SABHA_MQTT_HOST'] ?? '127.0.0.1',
    port: port('SABHA_MQTT_PORT', 1883),
    secretsFile: join(inputDir, 'principals.json'),
    registryFile: required('SABHA_REGISTRY'),
    registryKeyFile: join(inputDir, 'registry.pub'),
    certificateFile: join(inputDir, 'server.pem'),
    tls: env['SABHA_TLS_HOST'] ? { host: env['SABHA_TLS_HOST'], port: port('SABHA_TLS_PORT', 8883) } : undefined,
    reflector: env['SABHA_REFLECTOR_PORT']
      ? { host: env['SABHA_REFLECTOR_HOST'] ?? '127.0.0.1', port: port('SABHA_REFLECTOR_PORT', 8620) }
      : undefined,
    dataDir,
    clock: realClock(),
    demoClock: realClock(number('SABHA_SPEED', 1)),
    log,
    limits: { ...rateLimitsFor(env['SABHA_PACE'] ?? 'on'), strangers: unauthenticatedLimit(openFilesLimit()) },
  });
  const metrics = await serveMetrics(started.series, port('SABHA_METRICS_PORT', 9101), started.unready);
  log.info({ port: started.port, tlsPort: started.tlsPort, reflectorPort: started.reflectorPort, metricsPort: metrics.port }, 'ready');
  return () => {
    metrics.close();
    return started.close();
  };
}

/** Limits unauthenticated connections to a quarter of the file descriptors. The others are for admitted clients. */
function unauthenticatedLimit(openFiles: number): number {
  const strangers = Math.min(defaultLimits.strangers, Math.floor(openFiles / 4));
  if (strangers < defaultLimits.strangers) log.warn({ openFiles }, 'few connections are possible: LimitNOFILE should be 65536');
  return strangers;
}

/** Returns the rate limits. `off` is for benchmarks, in which a few clients send as much as a nation. */
function rateLimitsFor(pace: string): Partial<Limits> {
  if (pace !== 'on' && pace !== 'off') throw new StartError(`SABHA_PACE: neither on nor off: ${oneLine(pace, 40)}`);
  if (pace === 'off') log.warn({}, 'no PC is rate limited');
  return pace === 'off' ? noRateLimits : {};
}
