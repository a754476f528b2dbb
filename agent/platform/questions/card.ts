/** Reads the traffic of a network card from /sys/class/net. */
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { readNumber } from '../linux/files.ts';
import type { Answer, CardFigures, Query } from '../platform.ts';

type InterfaceAddresses = NodeJS.Dict<Pick<NetworkInterfaceInfo, 'address'>[]>;

/** Reads the traffic of the network card with this address since the card came up. It must be cheap: the agent reads it every 10 s. */
export const cardOf = (address: string): Query<CardFigures> => ({ linux: ({ root }) => readCard(root, address, networkInterfaces()) });

/** `interfaces`: as Node lists them. `speedBps` is null for a card without a cable and for a tunnel, which report no speed or below 1. */
export async function readCard(root: string, address: string, interfaces: InterfaceAddresses): Promise<Answer<CardFigures>> {
  const name = Object.keys(interfaces).find((one) => interfaces[one]?.some((own) => own.address === address));
  if (name === undefined) return { known: false, reason: 'no network card has this address' };
  const folder = join(root, 'sys/class/net', name);
  const [sentBytes, receivedBytes, mbit] = await Promise.all(
    ['statistics/tx_bytes', 'statistics/rx_bytes', 'speed'].map((file) => readNumber(join(folder, file))),
  );
  if (sentBytes === undefined || receivedBytes === undefined) return { known: false, reason: 'the network card counts nothing' };
  return { known: true, value: { sentBytes, receivedBytes, speedBps: mbit === undefined || mbit < 1 ? null : mbit * 1e6 } };
}
