/** All that this PC measures of its link, put together: the rounds, the traffic of its card, and the test that the centre asks for. */
import { isThin, type LinkLimits, links } from '@sabha/contracts';
import type { Platform } from '../../platform/platform.ts';
import { cardOf } from '../../platform/questions/card.ts';
import type { Budget } from '../net/data-budget.ts';
import { hostWireBytes, type Used } from '../net/meter.ts';
import { addressLifeMs, type OpenUdp, sturdy } from '../net/udp.ts';
import { createLinkTest } from './capacity-command.ts';
import { createQualityRounds, type QualityRounds, type QualityRoundsOptions } from './quality-rounds.ts';
import { roundWireBytes } from './stamp.ts';
import { createTraffic } from './traffic.ts';
import { measureByTransfer, type TransferOptions } from './transfer.ts';

/** What all measurements of the link need together. */
export type LinkMeasurementOptions = Omit<QualityRoundsOptions, 'open' | 'budget'> & {
  platform: Pick<Platform, 'sound' | 'cameras' | 'isHeldInRoom' | 'ask'>;
  budget: Budget;
  /** Opens a socket to the reflector's host; absent where there are none, as in a simulation. */
  udp?: OpenUdp | undefined;
  /** The door of the centre that enrolled this PC, for a short transfer where UDP is blocked. */
  door?: Pick<TransferOptions, 'at' | 'roots'> | undefined;
};

/** The measurements of the link, put together. */
export type LinkMeasurement = ReturnType<typeof createLinkMeasurement>;

/** Where a class names none: nobody asks for more than a meeting in full HD, several times over. */
const plainCeilingBps = 20_000_000;
/** Well before it is asked again. */
const cardLimitMs = 5_000;
const monthMs = 31 * 86_400_000;

/** Measures nothing before the centre says that this PC does. */
export function createLinkMeasurement(options: LinkMeasurementOptions) {
  const { platform, udp, door, ...ofRounds } = options;
  const { clock, budget, link, onSlip } = options;
  const open = udp && sturdy(udp, onSlip);
  const rounds = createQualityRounds({ ...ofRounds, open });
  const card = (address: string) => platform.ask(cardOf(address), AbortSignal.timeout(cardLimitMs));
  const traffic = createTraffic({ clock, card, address: () => ownAddress(rounds, open) });
  const limits = () => ({
    ceilingBps: links[link()].capacity?.ceilingBps ?? plainCeilingBps,
    directionBytes: directionBytesOf(links[link()]),
    byTransfer: !isThin(links[link()]),
  });
  const transfer = door && ((token: Buffer, used: Used) => measureByTransfer({ ...door, token, clock, used }));
  return {
    rounds,
    /** The command `measure-link`. */
    test: createLinkTest({ rounds, platform, traffic, open, budget, transfer, limits, clock }),
    /** Each ten seconds. */
    tick(): void {
      if (rounds.measures()) traffic.sample().catch((error) => onSlip('the counters of the network card', error));
    },
  };
}

/** What asks for a measurement, piece by piece, and what is reported of it; where the month is small it is a part of it. */
const askingShare = 0.12;

/** What the rounds of a month and the names before them leave of its tests, shared out over its measurements of two directions each: none of them takes from the next. */
export function directionBytesOf(limits: LinkLimits): number {
  const { budget, quality, capacity } = limits;
  if (capacity === null) return Number.POSITIVE_INFINITY;
  const roundsBytes =
    quality === null ? 0 : (monthMs / quality.everyMs) * roundWireBytes(quality.probes) + (monthMs / addressLifeMs) * hostWireBytes;
  const directionBytes = ((budget.testBytes - roundsBytes) * capacity.everyMs) / monthMs / 2;
  return isThin(limits) ? directionBytes * (1 - askingShare) : directionBytes;
}

/** The address by which this PC goes to the centre. Nothing is sent to find it. */
async function ownAddress(rounds: QualityRounds, udp: OpenUdp | undefined): Promise<string | undefined> {
  const grant = rounds.grant();
  const socket = grant && (await udp?.(grant.port, () => undefined));
  if (socket === undefined || typeof socket === 'string') return undefined;
  socket.close();
  return socket.localAddress;
}
