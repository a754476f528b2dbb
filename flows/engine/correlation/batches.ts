/** What many PCs do one after the other is told to central as one step in ten minutes (R19, R27). */
import { isPcPath } from '@sabha/contracts';
import { moveTimes } from '../memory/move-times.ts';
import type { Incident, News, StandingFault } from '../records/incidents.ts';

const everyMs = 10 * 60_000;
const kinds = ['eased', 'worsened'] as const;
type Kind = (typeof kinds)[number];

/** Whose further members wait. That more PCs are unheard is said at once. */
const batched: Record<Kind, readonly string[]> = { eased: ['centre.unheard', 'pc.noisy'], worsened: ['pc.noisy'] };

/** Guarantee: what waits is told with the next step, unless it is no longer so by then; the clear of an incident says it all. */
export function createBatches() {
  const batches = new Map<string, { toldAt: number; faults: readonly StandingFault[] }>();

  return {
    /** What of the news is told now, with what waited. */
    told(incident: Incident, news: readonly News[], now: number): News[] {
      const { scope } = incident;
      if (isPcPath(scope)) return [...news];
      const steps = kinds.flatMap((kind) => {
        const { toldAt, faults } = batches.get(`${scope} ${kind}`) ?? { toldAt: Number.NEGATIVE_INFINITY, faults: [] };
        const said = news.find((one) => one.kind === kind);
        const come = said?.faults ?? [];
        const waiting = stillSo(kind, incident, [...faults, ...come.filter(({ fault }) => batched[kind].includes(fault))]);
        const isDue = now - toldAt >= everyMs && waiting.length > 0;
        batches.set(`${scope} ${kind}`, isDue ? { toldAt: now, faults: [] } : { toldAt, faults: waiting });
        const due = [...come.filter(({ fault }) => !batched[kind].includes(fault)), ...(isDue ? waiting : [])];
        return due.length > 0 ? [{ ...said, kind, faults: due }] : [];
      });
      return [...steps, ...news.filter(({ kind }) => kind !== 'eased' && kind !== 'worsened')];
    },
    /** True where what waits of a scope may be told. */
    isDue: (scope: string, now: number): boolean =>
      kinds.some((kind) => {
        const batch = batches.get(`${scope} ${kind}`);
        return batch !== undefined && batch.faults.length > 0 && now - batch.toldAt >= everyMs;
      }),
    setClock: (byMs: number): void => void moveTimes(batches, byMs),
  };
}

/** What stands again has not eased, and what is gone has not worsened. */
function stillSo(kind: Kind, incident: Incident, faults: readonly StandingFault[]): StandingFault[] {
  if (incident.over !== null) return [];
  const standing = new Set(incident.faults.map(({ key }) => key));
  const last = new Map(faults.map((one) => [one.key, one]));
  return [...last.values()].filter(({ key }) => standing.has(key) === (kind === 'worsened'));
}
