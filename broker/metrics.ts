import { metricOf, ownSeries } from '@sabha/contracts';
import { Counter, Gauge, Registry } from 'prom-client';
import { type Principal, principalKinds } from './admission/access.ts';

/** Creates the metrics page. Names and help of the series come from `ownSeries`. */
export function createMetrics(sources: { clients(kind: Principal['kind']): number; registryVersion(): number }) {
  const series = new Registry();
  const registers = [series];
  const { brokerClients, brokerMessages, brokerRefused, brokerDropped, brokerSlowed, reflectorPackets, registryVersion } = ownSeries;
  new Gauge({
    ...metricOf(brokerClients),
    registers,
    collect() {
      for (const kind of principalKinds) this.set({ principal: kind }, sources.clients(kind));
    },
  });
  new Gauge({
    ...metricOf(registryVersion),
    registers,
    collect() {
      this.set(sources.registryVersion());
    },
  });
  const messages = new Counter({ ...metricOf(brokerMessages), registers });
  const refused = new Counter({ ...metricOf(brokerRefused), registers });
  const dropped = new Counter({ ...metricOf(brokerDropped), registers });
  const packets = new Counter({ ...metricOf(reflectorPackets), registers });
  const slowed = new Counter({ ...metricOf(brokerSlowed), registers });
  return {
    series,
    countMessage: (leaf: string): void => messages.inc({ leaf }),
    countRefused: (action: string, reason: string): void => refused.inc({ action, reason }),
    countDropped: (principal: Principal['kind'], reason: string): void => dropped.inc({ principal, reason }),
    countSlowed: (): void => slowed.inc(),
    countPacket: (kind: string, result: string): void => packets.inc({ kind, result }),
  };
}
