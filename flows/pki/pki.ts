/** All that gives certificates to PCs and to the centre's own servers, put together and kept going. */
import { type Clock, repeat } from '@sabha/contracts';
import type { FastifyInstance } from 'fastify';
import { createCodes } from './codes.ts';
import { createEnrolment, type EnrolmentOptions } from './enrolment.ts';
import { addEst, type EstOptions } from './est.ts';
import { createGuesses } from './guesses.ts';
import { keepServers, type ServersOptions } from './servers.ts';

/** What certificates stand on, and who is told of new ones. */
export type PkiOptions = Pick<EnrolmentOptions, 'sites' | 'record' | 'settledAt'> &
  Pick<EstOptions, 'centre' | 'log'> &
  ServersOptions & {
    /** Enrolment codes as the ledger holds them. */
    codes: Readonly<Record<string, string>>;
    /** Says what stands of a finding of the centre; null = no more. */
    say(fault: 'centre.enrolment_refused', reason: string | null): void;
    clock: Clock;
    random(size: number): Buffer;
  };

/** All of the certificates of a server that runs. */
export type Pki = Awaited<ReturnType<typeof startPki>>;

const sweepEveryMs = 60 * 60_000;
/** How long the finding stands after the last alarm: a day, so that it is still open in the morning. */
const mistypedMs = 24 * 60 * 60_000;

/** Makes what is missing of the certificates, and keeps them good. */
export async function startPki(options: PkiOptions) {
  const { authority, centre, clock, log } = options;
  const mistyping = mistypings(options);
  const codes = createCodes(options.codes, authority.rootDer, options.random);
  const enrolment = createEnrolment({ ...options, codes, guesses: createGuesses({ clock, onAlarm: mistyping.alarm }) });
  const servers = await keepServers(options);
  const sweep = () =>
    enrolment.sweep().catch(({ message }: Error) => log.warn({}, `certificates that are over stay in the registry for now: ${message}`));
  const endSweep = repeat(clock, sweepEveryMs, sweep);
  return {
    ...enrolment,
    tls: servers.tls,
    /** Adds enrolment to a server that speaks TLS with them. */
    addEst: (app: FastifyInstance) => addEst(app, { authority, enrolment, centre, log }),
    close() {
      endSweep();
      mistyping.close();
      servers.close();
    },
  };
}

/** Wrong codes as a finding of the centre. Further alarms of the same origin only keep it open, so that a flood of codes writes nothing. */
function mistypings({ clock, say }: Pick<PkiOptions, 'clock' | 'say'>) {
  let cancel = () => {};
  let named: string | null = null;
  const over = () => {
    named = null;
    say('centre.enrolment_refused', null);
  };
  // Clears a finding of the process before.
  over();
  return {
    alarm(address: string, site: string | null): void {
      cancel();
      cancel = clock.after(mistypedMs, over);
      const origin = site ?? 'no office known';
      if (named === origin) return;
      named = origin;
      say('centre.enrolment_refused', `${origin}: five refusals in ten minutes, the last from ${address}`);
    },
    close: () => cancel(),
  };
}
