/** The addresses in the site table, one way and back: the audio bridge of a site as a SIP address, its UPS as NUT writes it. */
import * as v from 'valibot';
import { profile } from '#contracts';
import type { Bridge, Ups } from '../engine/records/sites.ts';

/** Said where a level above names one and this place has none. */
export const none = 'none';
const ports = { udp: 5060, tcp: 5060, tls: 5061, ups: 3493 };

const isBridge = v.object({ bridge: profile.entries.bridge });
const isUps = v.object({ ups: profile.entries.ups });

/** `sip:host[:port][;transport=udp|tcp|tls]`; null = none here; undefined where it is neither. */
export function bridgeOf(text: string): Bridge | null | undefined {
  if (text === none) return null;
  const [, host = '', port, transport = 'udp'] = /^sip:([^;@:\s]+)(?::(\d{1,5}))?(?:;transport=(udp|tcp|tls))?$/.exec(text) ?? [];
  const read = v.safeParse(isBridge, { bridge: { transport, host, port: Number(port ?? ports[transport as Bridge['transport']]) } });
  return read.success ? read.output.bridge : undefined;
}

/** Conference bridges as a cell of the table has them. */
export function bridgeText(bridge: Bridge | null | undefined): string {
  if (bridge === null) return none;
  return bridge === undefined ? '' : `sip:${bridge.host}:${bridge.port};transport=${bridge.transport}`;
}

/** `name@host[:port]`; null = none here; undefined where it is neither. */
export function upsOf(text: string): Ups | null | undefined {
  if (text === none) return null;
  const [, name = '', host = '', port] = /^([^@\s]+)@([^@:\s]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  const read = v.safeParse(isUps, { ups: { name, host, port: Number(port ?? ports.ups) } });
  return read.success ? read.output.ups : undefined;
}

/** The address of a UPS as a cell of the table has it. */
export function upsText(ups: Ups | null | undefined): string {
  if (ups === null) return none;
  return ups === undefined ? '' : `${ups.name}@${ups.host}:${ups.port}`;
}
