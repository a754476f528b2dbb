/** Command `measure-link`: checks whether a capacity measurement may run now, runs it (capacity-test.ts), and reports the result. */
import { type Clock, type CommandResult, measureRefusals, transferWireBytes } from '@sabha/contracts';
import { isInMeeting } from '../../platform/in-meeting.ts';
import type { Platform } from '../../platform/platform.ts';
import { type CapacityEstimate as Estimate, tooFewBytes } from '../analysis/capacity.ts';
import type { Budget } from '../net/data-budget.ts';
import type { CountBytes } from '../net/meter.ts';
import type { OpenUdp } from '../net/udp.ts';
import { type Measured, measureCapacity } from './capacity-test.ts';
import type { ReportedCapacity } from './quality-history.ts';
import type { QualityRounds } from './quality-rounds.ts';
import type { Busy, Traffic } from './traffic.ts';
import type { TransferRates } from './transfer.ts';

export type MeasureLinkOptions = {
  rounds: Pick<QualityRounds, 'measures' | 'grant' | 'takeCapacity' | 'capacity' | 'view'>;
  platform: Pick<Platform, 'sound' | 'cameras' | 'isHeldInRoom'>;
  traffic: Pick<Traffic, 'busiest' | 'cardBps'>;
  /** Opens UDP sockets; absent if there are none, as in a simulation. */
  open?: OpenUdp | undefined;
  /** Absent without a data budget. */
  budget?: Pick<Budget, 'left' | 'used'> | undefined;
  /**
   * TCP transfer for the case that UDP is blocked (transfer.ts). Absent if no server enrolled this PC, because this PC then runs beside the
   * server.
   */
  transfer?: ((token: Buffer, used: CountBytes) => Promise<TransferRates>) | undefined;
  /**
   * Limits of the link class. `ceilingBps`: a higher rate need not be known exactly. `byTransfer`: a short TCP transfer gives a meaningful
   * rate.
   */
  limits(): { ceilingBps: number; directionBytes: number; byTransfer: boolean };
  clock: Clock;
};

/** Minimum bytes of a test; the trains and streams of both directions need this many. */
const leastBytes = 1_600_000;
/** With a smaller share of its usual bytes, a test would measure only the burst of a token bucket. */
const leastShare = 0.9;
/** If traffic uses more than this share of the capacity, a test would disturb it. */
const busyShare = 0.3;

/** Guarantee: the command never runs twice at once, never while a program uses camera or microphone, and never beyond the data budget. */
export function createMeasureLinkCommand(options: MeasureLinkOptions): () => Promise<CommandResult> {
  let isRunning = false;
  return async () => {
    if (isRunning) return failed(measureRefusals.running);
    isRunning = true;
    try {
      return (await reasonNotToMeasure(options)) ?? (await measure(options));
    } finally {
      isRunning = false;
    }
  };
}

async function reasonNotToMeasure({ rounds, platform, budget, traffic, limits }: MeasureLinkOptions): Promise<CommandResult | undefined> {
  const { directionBytes } = limits();
  const needed = Number.isFinite(directionBytes) ? Math.max(leastBytes, 2 * leastShare * directionBytes) : leastBytes;
  if (!rounds.measures()) return failed('this PC does not measure the link of its site');
  if (rounds.grant() === undefined) return failed('the server has no reflector');
  if (await isInMeeting(platform)) return failed(measureRefusals.meeting);
  if (budget !== undefined && budget.left() < needed) return failed(measureRefusals.budget);
  return isBusy(traffic.busiest(), rounds.capacity()) ? failed(measureRefusals.busy) : undefined;
}

async function measure(options: MeasureLinkOptions): Promise<CommandResult> {
  const { rounds, platform, budget, traffic, open, limits, clock } = options;
  const grant = rounds.grant();
  if (grant === undefined || open === undefined) return failed('this PC cannot open a UDP port');
  const busy = traffic.busiest();
  const measured = await measureCapacity({
    open: (onPacket) => open(grant.port, onPacket),
    token: grant.token,
    clock,
    budget: { left: () => budget?.left() ?? Number.POSITIVE_INFINITY, used: (wireBytes) => budget?.used('tests', wireBytes) },
    ceilingBps: limits().ceilingBps,
    directionBytes: limits().directionBytes,
    cardBps: traffic.cardBps(),
    objection: async () => ((await isInMeeting(platform)) ? measureRefusals.meeting : null),
  });
  if (!measured.ok) return failed(measured.reason);
  // Quality rounds still get their packets back, so UDP is not blocked: the link is crowded.
  const seen = rounds.view();
  if (measured.blocked === 'all' && seen?.problem === null && seen.windows.length > 0) return failed(measureRefusals.crowded);
  const found = capacityOf(measured, busy, clock.now());
  const lines = [lineOf('up', measured.up), lineOf('down', measured.down), ...freeLines(found)];
  // UDP gave no rate for a direction. If the reason is too few bytes, no transfer follows, because it would measure only a burst.
  const isLost = [measured.up, measured.down].some((one) => one.bps === null && one.atLeastBps === null && one.reason !== tooFewBytes);
  const transferred = isLost ? await byTransfer(options, grant.token) : undefined;
  const makesSense = rounds.takeCapacity(transferred === undefined ? found : withTransfer(found, transferred));
  if (!makesSense) return failed('the measured values make no sense');
  return { outcome: 'done', lines: [...lines, ...(transferred === undefined ? [] : [transferLine(transferred)])] };
}

/** Returns undefined if no transfer is possible. On a satellite link a transfer would end before TCP slow start does. */
async function byTransfer({ transfer, limits, budget }: MeasureLinkOptions, token: Buffer): Promise<TransferRates | undefined> {
  if (transfer === undefined || !limits().byTransfer || (budget !== undefined && budget.left() < transferWireBytes)) return undefined;
  const transferred = await transfer(token, (wireBytes) => budget?.used('tests', wireBytes));
  return transferred.upBps === null && transferred.downBps === null ? undefined : transferred;
}

/** Adds the lower bounds that TCP found. If UDP is blocked, they are the only rates. */
function withTransfer(found: ReportedCapacity, tcp: TransferRates): ReportedCapacity {
  if (found.udpBlocked) return { ...found, ...tcp, how: 'tcp' };
  const least = (way: 'upBps' | 'downBps') => (found[way] === null ? (found.atLeast?.[way] ?? tcp[way]) : null);
  return { ...found, atLeast: { upBps: least('upBps'), downBps: least('downBps') } };
}

function capacityOf({ blocked, up, down }: Extract<Measured, { ok: true }>, busy: Busy | null, at: number): ReportedCapacity {
  const free = (bps: number | null, busyBps: number) => (bps === null ? null : Math.max(0, bps - busyBps));
  return {
    at,
    how: 'train',
    upBps: up.bps,
    downBps: down.bps,
    udpBlocked: blocked !== null,
    ...(blocked !== null && { blocked }),
    ...((up.burst !== null || down.burst !== null) && { burst: { up: up.burst, down: down.burst } }),
    ...((up.seenBytes !== null || down.seenBytes !== null) && { seenBytes: { up: up.seenBytes, down: down.seenBytes } }),
    ...(busy !== null && { free: { upBps: free(up.bps, busy.upBps), downBps: free(down.bps, busy.downBps) } }),
    ...((up.bps === null || down.bps === null) && {
      atLeast: { upBps: up.atLeastBps, downBps: down.atLeastBps },
      reasons: { up: up.reason, down: down.reason },
    }),
  };
}

function isBusy(busy: Busy | null, last: ReportedCapacity | undefined): boolean {
  if (busy === null || last === undefined) return false;
  const isUsed = (busyBps: number, bps: number | null) => bps !== null && busyBps > busyShare * bps;
  return isUsed(busy.upBps, last.upBps) || isUsed(busy.downBps, last.downBps);
}

function lineOf(direction: string, { bps, reason, atLeastBps, burst, seenBytes }: Estimate): string {
  if (bps === null) return `${direction}: not known, ${reason}${atLeastBps === null ? '' : `; at least ${mbitOf(atLeastBps)}`}`;
  if (burst !== null) return `${direction}: ${mbitOf(bps)} (at first ${mbitOf(burst.bps)}, for ${Math.round(burst.bytes / 1_000)} kB)`;
  return `${direction}: ${seenBytes === null ? mbitOf(bps) : `at least ${mbitOf(bps)} for the first ${(seenBytes / 1e6).toFixed(1)} MB`}`;
}

/** Returns no line if the whole capacity is free or the traffic is unknown. */
function freeLines({ free, upBps, downBps }: ReportedCapacity): string[] {
  if (free === undefined || (free.upBps === upBps && free.downBps === downBps)) return [];
  const words = (bps: number | null) => (bps === null ? 'not known' : mbitOf(bps));
  return [`free, as seen by this PC: up ${words(free.upBps)}, down ${words(free.downBps)}`];
}

function mbitOf(bps: number): string {
  return `${(bps / 1e6).toPrecision(3)} Mbit/s`;
}

function transferLine({ upBps, downBps }: TransferRates): string {
  const words = (bps: number | null) => (bps === null ? 'not known' : mbitOf(bps));
  return `by TCP at least: up ${words(upBps)}, down ${words(downBps)}`;
}

function failed(reason: string): CommandResult {
  return { outcome: 'failed', reason };
}
