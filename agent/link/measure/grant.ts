/** The centre's word on who measures the link of a site, as it stands in an ack (contracts/reflector.ts). */
import type { Ack } from '#contracts';

/** Where the reflector answers, and the right to be answered, which ends at `endsUp` of the agent's own clock.up(). */
export type Grant = { port: number; token: Buffer; endsUp: number };

/** What an ack says of it; undefined where it says nothing. `measures` without a grant: the centre has no reflector. */
export function grantOf({ measure, reflector, at }: Ack, up: number): { measures: boolean; grant: Grant | undefined } | undefined {
  if (measure === undefined) return undefined;
  if (!measure || reflector === undefined) return { measures: measure, grant: undefined };
  // Both times are the centre's, so that a wrong clock of this PC shortens no right.
  const leftMs = reflector.endsAt - at;
  return { measures: true, grant: { port: reflector.port, token: Buffer.from(reflector.token, 'base64url'), endsUp: up + leftMs } };
}
