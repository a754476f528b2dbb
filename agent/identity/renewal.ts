/** Keeps the identity of this PC valid: renews key and certificate in time, and fetches the trusted roots. */
import { backoffMs, type Clock, messageOf } from '@sabha/contracts';
import type { Log } from '../uplink/store/log.ts';
import type { Identity, Result } from './identity.ts';

export type RenewalOptions = {
  identity: Identity;
  renew: (identity: Identity) => Promise<Result<Identity>>;
  refreshRoots: (identity: Identity) => Promise<Result<Identity>>;
  clock: Clock;
  /** Returns a random number in [0, 1), uniformly distributed. */
  random: () => number;
  log: Log;
};

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const weekMs = 7 * dayMs;

type Renewal = RenewalOptions & { renewAt: number; rootsUp: number; failures: number };

/**
 * Renews after two thirds of the certificate's validity plus up to a week, so that PCs spread their requests. Fetches the roots every week.
 * The first fetch is within a day, because a PC that is off at night never runs for a week. Returns a function that gives the present
 * identity.
 */
export function keepIdentityRenewed(options: RenewalOptions): () => Identity {
  const { clock, random } = options;
  const state: Renewal = { ...options, renewAt: renewalOf(options.identity, random), rootsUp: clock.up() + random() * dayMs, failures: 0 };
  scheduleCheck(state, hourMs * random());
  return () => state.identity;
}

function scheduleCheck(state: Renewal, delayMs: number): void {
  state.clock.after(delayMs, () => void checkIdentity(state));
}

async function checkIdentity(state: Renewal): Promise<void> {
  const { clock, random, log, identity } = state;
  const due = clock.now() >= state.renewAt;
  if (!due && clock.up() < state.rootsUp) return scheduleCheck(state, hourMs);
  const done = await (due ? state.renew(identity) : state.refreshRoots(identity)).catch((error): Result<Identity> => {
    return { ok: false, line: messageOf(error) };
  });
  if (!done.ok) {
    log.warn({}, `the ${due ? 'certificate could not be renewed' : 'roots could not be fetched'}: ${done.line}`);
    state.failures += 1;
    return scheduleCheck(state, backoffMs(state.failures, { firstMs: hourMs, maxMs: dayMs, random }));
  }
  if (due) log.info({ until: done.value.certificate.validTo }, 'certificate renewed');
  Object.assign(state, { identity: done.value, failures: 0, rootsUp: clock.up() + weekMs });
  state.renewAt = renewalOf(done.value, random);
  scheduleCheck(state, hourMs);
}

function renewalOf({ certificate: { validFromDate, validToDate } }: Identity, random: () => number): number {
  const [from, to] = [validFromDate.getTime(), validToDate.getTime()];
  return from + ((to - from) * 2) / 3 + random() * weekMs;
}
