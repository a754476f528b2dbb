/** What the HTTP API of `flows` answers; the exporter and the wall read it. Times are milliseconds since 1970 by the centre's clock. */

import type { Words } from './faults.ts';
import type { Check, Presence, Severity, TransitionKind } from './states.ts';

export type PcView = {
  pc: string;
  site: string;
  state: string;
  room: Words;
  presence: Presence;
  heardAt: number | null;
  agent: string | null;
  checks: (Check & { since: number })[];
  /** Id of the open incident of this room. */
  incident: number | null;
};

export type SiteView = { site: string; state: string; name: Words; link: string; pcs: string[]; worst: Severity | 'ok' | 'unknown' };

export type FaultView = {
  fault: string;
  device: string;
  name: string | null;
  severity: Severity;
  since: number;
  hidden: boolean;
  unknownSince: number | null;
};

export type NoteView = { at: number; by: string; text: string };

export type IncidentView = {
  id: number;
  /** Path of the PC, or a scope of the centre's own (`centre`, `centre/unheard`). */
  scope: string;
  room: Words;
  site: Words;
  severity: Severity;
  openedAt: number;
  overAt: number | null;
  over: 'cleared' | 'closed' | null;
  closedBecause: string | null;
  flapping: boolean;
  acknowledged: { by: string; at: number } | null;
  faults: FaultView[];
  told: { person: string; channel: string; at: number }[];
  notes: NoteView[];
  history: { kind: TransitionKind; at: number; conclusion: string | null }[];
};

/** One frame of `/api/stream`, and the answer of `/api/snapshot`. */
export type Snapshot = { at: number; subscribed: boolean; sites: SiteView[]; pcs: PcView[]; incidents: IncidentView[] };
export type StreamFrame = { at: number; subscribed: boolean; pcs?: PcView[]; sites?: SiteView[]; incidents?: IncidentView[] };
