/** What the API asks of `flows`. */
import type { Cancel, IncidentView, Snapshot, StreamFrame } from '#contracts';

export type DeskView = {
  /** True once the ledger is loaded, the broker is subscribed and the tabs run. */
  ready(): boolean;
  snapshot(): Snapshot;
  /** Also those that are over, within the last day. */
  incident(id: number): IncidentView | undefined;
  /** Resolves when it is committed; `missing` where there is no such incident, `over` where it is over. */
  acknowledge(id: number, by: string): Promise<'done' | 'missing' | 'over'>;
  note(id: number, by: string, text: string): Promise<'done' | 'missing' | 'over'>;
  /** Called after each commit that changed something, at most every 250 ms, with what changed. */
  onChange(listener: (frame: StreamFrame) => void): Cancel;
};
