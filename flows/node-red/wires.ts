/** The interface of the nodes on the tabs to `flows`. */
import type { Cancel } from '@sabha/contracts';
import type { CorrelationNumbers } from '../engine/correlation/numbers.ts';
import type { OfferMessage, TabPath } from '../engine/records/incidents.ts';
import type { DeliveryOutcome, RecipientChoices } from '../engine/records/notices.ts';
import type { OfferedMessage } from '../notify/people/channels/offered.ts';
import type { OfficeState, WhenRules } from '../sites/calendar/when.ts';

/** Messages that wait for one node. `nextAt` is null if there is none. */
export type Waits = { count: number; nextAt: number | null };

export type Wires = {
  /**
   * Registers the function of an *incident* node, which receives every offer. The newest one is used. Without one an offer is repeated
   * later.
   */
  head(take: (message: OfferMessage) => void): Cancel;
  /** Registers a wait node, which receives its messages when their timers are due. */
  waiting(node: string, take: (message: OfferMessage) => void): Cancel;
  waits(node: string): Waits;
  /** Writes acts and conclusion in one transaction. A second conclusion of the same offer changes nothing. */
  conclude(message: OfferMessage, how: string, way?: TabPath): void;
  people(): RecipientChoices;
  channels(): string[];
  /** Registers an *offer* node, which receives the messages of its channel. `outcome` reports the result of each. */
  offered(channel: string, give: (message: OfferedMessage) => void): Cancel;
  outcome(key: string, outcome: DeliveryOutcome): void;
  /** Returns the state of the office of a scope now, by its meetings and office hours. */
  moment(scope: string, rules: WhenRules): OfficeState;
  /** Sets the thresholds by which many losses have one cause, from now on. */
  correlate(numbers: CorrelationNumbers): void;
  now(): number;
};
