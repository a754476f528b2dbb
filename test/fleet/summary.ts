/** What the demo says at its end (DESIGN, "Commands"), and whether all is well. */
import type { LedgerAudit } from '#contracts';
import { type PeakMiB, parts } from './memory.ts';

export type Summary = {
  pcs: number;
  speed: number;
  eventsSent: number;
  eventsInLedger: number;
  gaps: number;
  appliedTwice: number;
  incidents: { raised: number; cleared: number; open: number; expected: number };
  notifications: number;
  peakRssMiB: PeakMiB;
};

export type SummaryParts = { pcs: number; speed: number; eventsSent: number; audit: LedgerAudit; expected: number; peakRssMiB: PeakMiB };

export function summaryOf({ audit, expected, ...rest }: SummaryParts): Summary {
  const { raised, cleared, closed, open } = audit.incidents;
  return {
    pcs: rest.pcs,
    speed: rest.speed,
    eventsSent: rest.eventsSent,
    eventsInLedger: audit.events,
    gaps: audit.gaps,
    appliedTwice: audit.twice,
    incidents: { raised, cleared: cleared + closed, open, expected },
    notifications: audit.notifications.delivered,
    peakRssMiB: rest.peakRssMiB,
  };
}

/** What is wrong, a line each. `exact`: the scenario ran to its end, so that its number of incidents is due. */
export function wrongWith({ gaps, appliedTwice, eventsSent, eventsInLedger, incidents }: Summary, exact: boolean): string[] {
  const checks: [boolean, string][] = [
    [gaps > 0, `${gaps} events are missing in the ledger`],
    [appliedTwice > 0, `${appliedTwice} events stand twice in the ledger`],
    [eventsSent !== eventsInLedger, `${eventsSent} events were sent and ${eventsInLedger} are in the ledger`],
    [exact && incidents.raised !== incidents.expected, `${incidents.raised} incidents were raised, ${incidents.expected} were to be`],
  ];
  return checks.flatMap(([wrong, line]) => (wrong ? [line] : []));
}

export function inWords(summary: Summary): string {
  const { incidents, peakRssMiB } = summary;
  const memory = parts.map((part) => `${part} ${peakRssMiB[part]}`).join(', ');
  return [
    `${summary.pcs} PCs at ${summary.speed} times the speed`,
    `events         ${summary.eventsSent} sent, ${summary.eventsInLedger} in the ledger, ${summary.gaps} missing, ${summary.appliedTwice} twice`,
    `incidents      ${incidents.raised} raised (${incidents.expected} expected), ${incidents.cleared} over, ${incidents.open} open`,
    `notifications  ${summary.notifications}`,
    `memory, MiB    ${memory}`,
  ].join('\n');
}
