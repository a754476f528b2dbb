import { agentBench } from './agent.ts';
import { alertsBench } from './alerts.ts';
import { capacityBench } from './capacity.ts';
import { exporterBench } from './exporter.ts';
import { grownBench } from './grown.ts';
import { hostileBench } from './hostile.ts';
import { ingestBench } from './ingest.ts';
import type { Bench } from './model.ts';
import { noiseBench } from './noise.ts';
import { qualityBench } from './quality.ts';
import { rollcallBench } from './rollcall.ts';
import { stormBench } from './storm.ts';
import { verdictsBench } from './verdicts.ts';
import { wallBench } from './wall.ts';
import { yearsBench } from './years.ts';

export const benches: readonly Bench[] = [
  agentBench,
  alertsBench,
  capacityBench,
  exporterBench,
  grownBench,
  hostileBench,
  ingestBench,
  noiseBench,
  qualityBench,
  rollcallBench,
  stormBench,
  verdictsBench,
  wallBench,
  yearsBench,
];
