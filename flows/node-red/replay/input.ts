/** What goes into the thread of a replay and what comes out. */

import type { Incident } from '../../engine/records/incidents.ts';
import type { Meeting } from '../../engine/records/meetings.ts';
import type { Sent } from '../../engine/records/past.ts';
import type { Place } from '../../engine/records/place.ts';
import type { Member } from '../../engine/records/roster.ts';
import type { TreeNode } from '../../engine/records/sites.ts';
import type { FlowNode } from '../tabs-storage.ts';
import type { Played } from './run.ts';

/** The centre as it is now, and what happened in it as pages of the ledger. */
export type ReplayInput = {
  pages: readonly string[];
  nodes: readonly FlowNode[];
  until: number;
  people: readonly Member[];
  /** The channels that are open, and by person those that reach them. */
  channels: string[];
  reach: Readonly<Record<string, readonly string[]>>;
  places: readonly TreeNode[];
  meetings: readonly Meeting[];
};

/** An incident as a report names it. */
export type About = Pick<Incident, 'id' | 'scope' | 'openedAt'> & { fault: string; place: Place };

/** What was played, what was really sent, and of which incidents; or one line that says why nothing was. */
export type ReplayOutput = { ok: true; played: Played; sent: Sent[]; about: About[] } | { ok: false; line: string };
