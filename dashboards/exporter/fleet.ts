/** What the exporter holds in memory: the last snapshot of the API and the last beat of each PC. A scrape reads this and nothing else. */
import { type Beat, type LinkClass, links, type PcPath } from '#contracts';
import type { FleetSnapshot } from './snapshot.ts';

/** What is judged is not shown longer than this after the last good answer of the API. */
const snapshotLimitMs = 15_000;
const beatsOfPatience = 3;

export type Numbers = Beat['n'];
export type Fleet = {
  takeSnapshot(snapshot: FleetSnapshot): void;
  takeBeat(pc: PcPath, numbers: Numbers): void;
  view(): FleetView;
};
export type FleetView = {
  /** The last snapshot, however old: the table of PCs. */
  known: FleetSnapshot;
  /** True while the snapshot is young enough to say what is so now. */
  isJudged: boolean;
  /** True while, besides, `flows` hears the PCs: only then does it judge who is silent (R18). */
  isHeard: boolean;
  /** The numbers of a PC's last beat; undefined where that is older than three beats of its link class. */
  numbersOf(pc: PcPath, link: LinkClass): Numbers | undefined;
};

/** `up` is a clock that never jumps, milliseconds. */
export function createFleet(up: () => number): Fleet {
  const beats = new Map<PcPath, { at: number; numbers: Numbers }>();
  let known: FleetSnapshot = { subscribed: false, sites: [], pcs: [], incidents: [] };
  let answeredAt = Number.NEGATIVE_INFINITY;
  return {
    takeSnapshot(snapshot) {
      known = snapshot;
      answeredAt = up();
      const paths = new Set(snapshot.pcs.map(({ pc }) => pc));
      for (const pc of beats.keys()) if (!paths.has(pc)) beats.delete(pc);
    },
    takeBeat: (pc, numbers) => void beats.set(pc, { at: up(), numbers }),
    view() {
      const now = up();
      const isJudged = now - answeredAt <= snapshotLimitMs;
      return {
        known,
        isJudged,
        isHeard: isJudged && known.subscribed,
        numbersOf(pc, link) {
          const beat = beats.get(pc);
          return beat && now - beat.at <= beatsOfPatience * links[link].beatMs ? beat.numbers : undefined;
        },
      };
    },
  };
}
