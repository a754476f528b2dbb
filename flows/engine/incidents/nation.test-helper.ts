/** Simulated nations of PCs for the tests of group incidents. */
import { type CorrelationNumbers, defaultNumbers } from '../correlation/numbers.ts';
import type { KnownPc } from '../records/incidents.ts';
import type { MaintenanceDate } from '../records/sites.ts';
import { contentsAfter, createStage, type EngineStage, ok, second } from './stage.test-helper.ts';

type NationPlan = {
  sites: number;
  pcs?: number;
  state?: (site: number) => string;
  isp?: (site: number) => string;
  alerts?: boolean;
  numbers?: CorrelationNumbers;
  maintenance?: (now: number) => readonly MaintenanceDate[];
};

/** Creates sites with PCs that are all online and without faults. */
export function nation({
  sites,
  pcs = 3,
  state = () => 'bihar',
  isp,
  alerts = true,
  numbers = defaultNumbers,
  maintenance = () => [],
}: NationPlan): {
  stage: EngineStage;
  known: KnownPc[];
  of(site: number): string[];
} {
  const of = (site: number) => Array.from({ length: pcs }, (_, at) => `${state(site)}/site-${site}/pc-${at + 1}`);
  const known = Array.from({ length: sites }, (_, site) =>
    of(site).map((pc) => ({ pc, link: 'fibre' as const, elevationM: 50, alerts, ...(isp && { isp: isp(site) }) })),
  ).flat();
  const stage = createStage({ known, numbers, maintenance });
  stage.subscribe();
  for (const { pc } of known) {
    stage.birth(pc);
    stage.state([ok('camera')], pc);
  }
  return { stage, known, of };
}

/** Lets time pass while these PCs send beats. */
export function live(stage: EngineStage, ms: number, pcs: readonly string[]): void {
  for (let left = ms; left > 0; left -= 30 * second) {
    stage.pass(Math.min(left, 30 * second), 10 * second);
    for (const pc of pcs) stage.beat(pc);
  }
}

/** Returns the outbox rows in order, each as `kind scope`. */
export const told = (stage: EngineStage): string[] => stage.outbox().map(({ notice }) => `${notice.kind} ${notice.scope}`);

/** Starts the next `flows` on the ledger of this one. */
export function restarted(stage: EngineStage, known: KnownPc[]): EngineStage {
  const next = createStage({ contents: contentsAfter([...history(stage)]), known, at: stage.now() });
  earlier.set(next, history(stage));
  next.subscribe();
  next.apply({ type: 'started' });
  return next;
}

const earlier = new WeakMap<EngineStage, EngineStage['ops']>();
const history = (stage: EngineStage): EngineStage['ops'] => [...(earlier.get(stage) ?? []), ...stage.ops];
