/** THE list of benches. */
import { exporterBench } from './exporter.ts';
import { ingestBench } from './ingest.ts';
import type { Bench } from './model.ts';
import { qualityBench } from './quality.ts';
import { rollcallBench } from './rollcall.ts';
import { stormBench } from './storm.ts';

export const benches: readonly Bench[] = [exporterBench, ingestBench, qualityBench, rollcallBench, stormBench];
