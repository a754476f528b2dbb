/** Combines all link measurements of this PC: quality rounds, traffic of the network card, and the capacity test. */
import { isThin, type LinkSpec, links } from '@sabha/contracts';
import type { Platform } from '../../platform/platform.ts';
import { cardOf } from '../../platform/questions/card.ts';
import type { Budget } from '../net/data-budget.ts';
import { type CountBytes, hostWireBytes } from '../net/meter.ts';
import { addressLifeMs, type OpenUdp, withErrorReport } from '../net/udp.ts';
import { createMeasureLinkCommand } from './capacity-command.ts';
import { createQualityRounds, type QualityRounds, type QualityRoundsOptions } from './quality-rounds.ts';
import { roundWireBytes } from './stamp.ts';
import { createTraffic } from './traffic.ts';
import { measureByTransfer, type TransferOptions } from './transfer.ts';

export type LinkMeasurementOptions = Omit<QualityRoundsOptions, 'open' | 'budget'> & {
  platform: Pick<Platform, 'sound' | 'cameras' | 'isHeldInRoom' | 'ask'>;
  budget: Budget;
  /** Opens UDP sockets to the host of the reflector; absent if there are none, as in a simulation. */
  udp?: OpenUdp | undefined;
  /** HTTPS address of the server that enrolled this PC, for a short transfer if UDP is blocked. */
  enrolServer?: Pick<TransferOptions, 'at' | 'roots'> | undefined;
};

export type LinkMeasurement = ReturnType<typeof createLinkMeasurement>;

/** Ceiling of interest for a link class without one, bits/s: several times the need of a full-HD meeting. */
const plainCeilingBps = 20_000_000;
/** Time limit to read the counters of the network card; shorter than the interval between reads. */
const cardLimitMs = 5_000;
const monthMs = 31 * 86_400_000;

/** Creates the link measurement. It sends nothing until the server assigns the measurement to this PC. */
export function createLinkMeasurement(options: LinkMeasurementOptions) {
  const { platform, udp, enrolServer, ...ofRounds } = options;
  const { clock, budget, link, onInternalError } = options;
  const open = udp && withErrorReport(udp, onInternalError);
  const rounds = createQualityRounds({ ...ofRounds, open });
  const card = (address: string) => platform.ask(cardOf(address), AbortSignal.timeout(cardLimitMs));
  const traffic = createTraffic({ clock, card, address: () => ownAddress(rounds, open) });
  const limits = () => ({
    ceilingBps: links[link()].capacity?.ceilingBps ?? plainCeilingBps,
    directionBytes: directionBytesOf(links[link()]),
    byTransfer: !isThin(links[link()]),
  });
  const transfer = enrolServer && ((token: Buffer, used: CountBytes) => measureByTransfer({ ...enrolServer, token, clock, used }));
  return {
    rounds,
    test: createMeasureLinkCommand({ rounds, platform, traffic, open, budget, transfer, limits, clock }),
    /** Samples the traffic; the caller calls it every ten seconds. */
    tick(): void {
      if (rounds.measures()) traffic.sample().catch((error) => onInternalError('the counters of the network card', error));
    },
  };
}

/** Share of the bytes that requests and reports of a measurement take on a thin link. */
const askingShare = 0.12;

/** Returns the bytes that one direction of one capacity test may use: the monthly test budget minus quality rounds and DNS, shared out. */
export function directionBytesOf(limits: LinkSpec): number {
  const { budget, quality, capacity } = limits;
  if (capacity === null) return Number.POSITIVE_INFINITY;
  const roundsBytes =
    quality === null ? 0 : (monthMs / quality.everyMs) * roundWireBytes(quality.probes) + (monthMs / addressLifeMs) * hostWireBytes;
  const directionBytes = ((budget.testBytes - roundsBytes) * capacity.everyMs) / monthMs / 2;
  return isThin(limits) ? directionBytes * (1 - askingShare) : directionBytes;
}

/** Returns the address of this PC on the route to the server. Sends no packet to the server for this. */
async function ownAddress(rounds: QualityRounds, udp: OpenUdp | undefined): Promise<string | undefined> {
  const grant = rounds.grant();
  const socket = grant && (await udp?.(grant.port, () => undefined));
  if (socket === undefined || typeof socket === 'string') return undefined;
  socket.close();
  return socket.localAddress;
}
