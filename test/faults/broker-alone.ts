/** A broker process with some known PCs and nothing else. */
import { rmSync } from 'node:fs';
import { peakRssMiB, rssMiB } from '../bench/process-figures.ts';
import { brokerFiles } from '../contract/broker-under-test.ts';
import { type Program, startProgram } from '../system/processes.ts';

export type BrokerAlone = {
  port: number;
  program: Program;
  sample(series: string): Promise<number>;
  rssMiB(): number;
  peakRssMiB(): number;
  stop(): Promise<void>;
};

export async function startBrokerAlone({ pcs, env = {} }: { pcs: string[]; env?: Record<string, string> }): Promise<BrokerAlone> {
  const files = brokerFiles();
  files.publish(
    1,
    pcs.map((pc) => ({ pc })),
  );
  const own = { SABHA_DATA: files.folder, SABHA_REGISTRY: files.options.registryFile, SABHA_MQTT_PORT: '0', SABHA_METRICS_PORT: '0' };
  const program = startProgram({ args: ['broker/main.ts'], env: { ...process.env, ...own, ...env } });
  const ready = await program.says('ready');
  return {
    port: Number(ready['port']),
    program,
    async sample(series) {
      const page = await (await fetch(`http://127.0.0.1:${ready['metricsPort']}/metrics`)).text();
      const line = page.split('\n').find((one) => one.startsWith(`${series} `));
      return Number(line?.slice(series.length + 1) ?? 0);
    },
    rssMiB: () => rssMiB(program.pid),
    peakRssMiB: () => peakRssMiB(program.pid),
    async stop() {
      await program.end('SIGTERM');
      rmSync(files.folder, { recursive: true });
    },
  };
}
