/** The summary at the end of the demo, and what is wrong with it. */
import type { IncidentRow, LedgerAudit } from '@sabha/contracts';
import type { Late } from './lateness.ts';
import { type PeakMiB, parts } from './memory.ts';

export type Summary = {
  pcs: number;
  speed: number;
  eventsSent: number;
  eventsInLedger: number;
  gaps: number;
  dropped: number;
  appliedTwice: number;
  forks: number;
  integrity: string;
  incidents: { raised: number; cleared: number; open: number; expected: number };
  /** Scopes whose number of incidents differs from the expected one. */
  differing: { scope: string; raised: number; expected: number }[];
  notifications: number;
  refused: number;
  /** Beats that the simulator itself sent late. */
  late: Late;
  peakRssMiB: PeakMiB;
};

export type SummaryParts = {
  pcs: number;
  speed: number;
  eventsSent: number;
  audit: LedgerAudit;
  /** Every incident that the server still lists. */
  listed: readonly Pick<IncidentRow, 'scope'>[];
  /** Expected incidents of each disturbed PC and each shared cause. */
  expected: ReadonlyMap<string, number>;
  late: Late;
  peakRssMiB: PeakMiB;
};

export function summaryOf({ audit, listed, expected, ...rest }: SummaryParts): Summary {
  const { raised, cleared, closed, open } = audit.incidents;
  const due = [...expected.values()].reduce((sum, count) => sum + count, 0);
  return {
    pcs: rest.pcs,
    speed: rest.speed,
    eventsSent: rest.eventsSent,
    eventsInLedger: audit.events,
    gaps: audit.gaps,
    dropped: audit.dropped,
    appliedTwice: audit.twice,
    forks: audit.forks,
    integrity: audit.integrity,
    incidents: { raised, cleared: cleared + closed, open, expected: due },
    // The list omits incidents that ended more than a day ago. Then only the totals can be compared.
    differing: listed.length < raised ? [] : differing(listed, expected),
    notifications: audit.notifications.delivered,
    refused: audit.notifications.refused,
    late: rest.late,
    peakRssMiB: rest.peakRssMiB,
  };
}

function differing(listed: SummaryParts['listed'], expected: SummaryParts['expected']): Summary['differing'] {
  const raised = Map.groupBy(listed, ({ scope }) => scope);
  return [...new Set([...raised.keys(), ...expected.keys()])]
    .map((scope) => ({ scope, raised: raised.get(scope)?.length ?? 0, expected: expected.get(scope) ?? 0 }))
    .filter((one) => one.raised !== one.expected);
}

/**
 * Limit of the memory of all five processes in MiB. Measured: 769 to 850 MiB with the 653 PCs of 736 sites, and 1,380 to 1,568 with the
 * 4,436 of 5,000 sites. The limit is 900, and for each further PC 0.15 MiB plus a quarter.
 */
function memoryLimitMiB(pcs: number): number {
  return Math.round(900 + Math.max(0, pcs - 653) * 0.15 * 1.25);
}

/** Returns what is wrong with a summary, one line each. `exact`: the scenario ran to its end, so incidents and memory are compared too. */
export function wrongWith(summary: Summary, exact: boolean): string[] {
  const { gaps, dropped, appliedTwice, forks, integrity, eventsSent, eventsInLedger, incidents, refused } = summary;
  const allowed = memoryLimitMiB(summary.pcs);
  const used = summary.peakRssMiB.all;
  const checks: [boolean, string][] = [
    [gaps > 0, `${gaps} events are missing in the ledger`],
    [dropped > 0, `${dropped} events were dropped by full spools`],
    [appliedTwice > 0, `${appliedTwice} events stand twice in the ledger`],
    [forks > 0, `${forks} spools say two things under one number`],
    [integrity !== 'ok', `the ledger is damaged: ${integrity}`],
    [eventsSent !== eventsInLedger, `${eventsSent} events were sent and ${eventsInLedger} are in the ledger`],
    [refused > 0, `${refused} notifications were refused`],
    [exact && incidents.raised !== incidents.expected, `${incidents.raised} incidents were raised, ${incidents.expected} were expected`],
    [exact && used > allowed, `the processes had ${used} MiB at most, ${allowed} are allowed for ${summary.pcs} PCs`],
  ];
  const scopes = exact ? summary.differing : [];
  const isOurs = exact && summary.late.beats > 0 && (scopes.length > 0 || incidents.raised !== incidents.expected);
  return [
    ...checks.flatMap(([wrong, line]) => (wrong ? [line] : [])),
    ...scopes.map(({ scope, raised, expected }) => `${scope}: ${raised} incidents were raised, ${expected} were expected`),
    ...(isOurs ? [`some of it may be the simulator's own: ${lateText(summary.late)}`] : []),
  ];
}

/** True if more or fewer incidents were raised than expected, also after an interruption. */
export function hasOtherIncidents({ incidents, differing }: Summary): boolean {
  return incidents.raised !== incidents.expected || differing.length > 0;
}

function lateText({ beats, worstSeconds }: Late): string {
  return beats === 0 ? 'no beat late' : `${beats} beats late, by ${worstSeconds} s at most`;
}

export function inWords(summary: Summary): string {
  const { incidents, peakRssMiB } = summary;
  const memory = parts.map((part) => `${part} ${peakRssMiB[part]}`).join(', ');
  return [
    `${summary.pcs} PCs at ${summary.speed} times the speed`,
    `events         ${summary.eventsSent} sent, ${summary.eventsInLedger} in the ledger, ${summary.gaps} missing, ${summary.appliedTwice} twice`,
    `incidents      ${incidents.raised} raised, ${incidents.expected} expected from the simulated faults; ${incidents.cleared} over, ${incidents.open} open`,
    `notifications  ${summary.notifications}`,
    `simulator      ${lateText(summary.late)}`,
    `memory, MiB    ${memory}`,
  ].join('\n');
}
