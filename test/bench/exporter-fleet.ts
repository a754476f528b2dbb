/** A fixed fleet of a given size: three PCs for each site, eight checks and eleven numbers for each PC, which makes 40 series. */
import type { BeatKey } from '@sabha/contracts';
import type { FleetSnapshot } from '../../dashboards/exporter/snapshot.ts';

export const seriesPerPc = 40;
const pcsPerSite = 3;
const components = ['microphone', 'camera', 'speaker', 'display', 'network', 'clock', 'pc', 'agent'];

export type FleetRow = { snapshot: FleetSnapshot; beats: { pc: string; n: Partial<Record<BeatKey, number>> }[] };

/** Creates the fleet. Its sites are spread over 36 states, as in the nation. */
export function fleetRows(pcs: number): FleetRow {
  const sites = Array.from({ length: Math.ceil(pcs / pcsPerSite) }, (_, at) => ({
    state: `state-${at % 36}`,
    site: `state-${at % 36}/site-${at}`,
  }));
  const paths = sites.flatMap(({ state, site }) =>
    Array.from({ length: pcsPerSite }, (_, at) => ({ state, site, pc: `${site}/vc-${at}` })),
  );
  const checks = components.map((component) => ({ component, status: 'ok' as const }));
  return {
    snapshot: {
      subscribed: true,
      sites: sites.map((one, at) => ({
        ...one,
        stage: 'live',
        link: 'fibre',
        elevationM: (at * 37) % 4_000,
        readiness: 'ready',
      })),
      pcs: paths.map((one, at) => ({
        ...one,
        presence: 'online',
        readiness: 'ready',
        outage: null,
        heardAt: 1.7e12 + at,
        calledAt: 1.7e12 + at,
        checks,
      })),
      incidents: [],
    },
    beats: paths.map(({ pc }, at) => ({ pc, n: numbers(at) })),
  };
}

function numbers(at: number): Partial<Record<BeatKey, number>> {
  const part = (at % 997) / 997;
  const shares = { load: part, mem: part / 2, disk: 0.31, ac: 1, bat: 0.97 };
  return { up: 86_400 + at, ...shares, temp: 40 + part * 30, rtt: part / 3, off: part - 0.5, rss: 61_000_000 + at, q: at % 5 };
}
