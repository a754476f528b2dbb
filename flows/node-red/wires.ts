/** What the nodes on the tabs may ask of `flows`: to take what is offered, and to conclude it. */
import type { Cancel } from '@sabha/contracts';
import type { Numbers } from '../engine/correlation/numbers.ts';
import type { PassedWay, WireMessage } from '../engine/records/incidents.ts';
import type { Outcome, People } from '../engine/records/notices.ts';
import type { OfferedMessage } from '../notify/people/channels/offered.ts';
import type { Moment, WhenRules } from '../sites/calendar/when.ts';

/** What waits for one node; `nextAt` null where nothing does. */
export type Waits = { count: number; nextAt: number | null };

/** Everything that a node may ask of `flows`. */
export type Wires = {
  /** The head of the wires takes every offer. The newest head wins; none is fine, an offer then waits to be made again. */
  head(take: (message: WireMessage) => void): Cancel;
  /** A wait node takes the messages whose timer it set, when they are due. */
  waiting(node: string, take: (message: WireMessage) => void): Cancel;
  /** How many messages wait for a wait node, and when the next is due. */
  waits(node: string): Waits;
  /** Writes acts and conclusion in one transaction. A second conclusion of the same offer changes nothing. */
  conclude(message: WireMessage, how: string, way?: PassedWay): void;
  /** Whom a tab may tell, for the list of the who node. */
  people(): People;
  /** Names of the channels that exist, for the deliver node's list. */
  channels(): string[];
  /** An offer node takes what its channel is to send; an outcome node says what became of it. */
  offered(channel: string, give: (message: OfferedMessage) => void): Cancel;
  outcome(key: string, outcome: Outcome): void;
  /** What time it is at a scope, by its meetings and hours. */
  moment(scope: string, rules: WhenRules): Moment;
  /** The numbers by which many losses are one cause, from now on. */
  correlate(numbers: Numbers): void;
  now(): number;
};
