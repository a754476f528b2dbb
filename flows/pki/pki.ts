/** All that gives certificates to PCs and to the centre's own servers, put together and kept going. */
import { readFileSync } from 'node:fs';
import type { Clock, Settings } from '@sabha/contracts';
import type { FastifyInstance } from 'fastify';
import type { Authority } from './authority.ts';
import { createCodes } from './codes.ts';
import { createEnrolment, type Enrolment, type EnrolmentOptions } from './enrolment.ts';
import { addEst, type EstOptions, type ServerTls } from './est.ts';
import { createGuesses } from './guesses.ts';
import { httpsFiles, keepServers, type ServersOptions } from './servers.ts';

/** What certificates stand on, and who is told of new ones. */
export type PkiOptions = Pick<EnrolmentOptions, 'sites' | 'record' | 'now' | 'settledAt'> &
  Pick<ServersOptions, 'broker'> &
  Pick<EstOptions, 'centre'> & {
    authority: Authority;
    /** The folder of the authority. */
    folder: string;
    /** Undefined = nothing is served beyond this machine, whose PCs use their tokens. */
    https: Pick<NonNullable<Settings['https']>, 'names'> | undefined;
    /** Enrolment codes as the ledger holds them. */
    codes: Readonly<Record<string, string>>;
    /** Says what stands of a finding of the centre; null = no more. */
    say(fault: 'centre.enrolment_refused', reason: string | null): void;
    /** HTTPS has another certificate than before. */
    onHttps(tls: ServerTls): void;
    clock: Clock;
    random(size: number): Buffer;
    log: Record<'info' | 'warn' | 'error', (fields: object, line: string) => void>;
  };

/** All of the certificates of a server that runs. */
export type Pki = Awaited<ReturnType<typeof startPki>>;

const sweepEveryMs = 60 * 60_000;
/** How long the finding stands after the last alarm: a day, so that it is still open in the morning. */
const mistypedMs = 24 * 60 * 60_000;

/** Makes what is missing of the certificates, and keeps them good. */
export async function startPki(options: PkiOptions) {
  const { authority, folder, https, sites, record, broker, centre, now, clock, log } = options;
  const mistyping = mistypings(options);
  const enrolment = createEnrolment({
    authority,
    sites,
    record,
    now,
    settledAt: options.settledAt,
    clock,
    codes: createCodes(options.codes, authority.rootDer, options.random),
    guesses: createGuesses({ clock, onAlarm: mistyping.alarm }),
  });
  const files = httpsFiles(folder);
  const tls = (): ServerTls => ({ ...read(files), ca: [...authority.roots] });
  const at = { names: https?.names ?? [], https: https && files };
  const servers = await keepServers({ authority, broker, now, clock, log, ...at, onHttps: () => options.onHttps(tls()) });
  const sweep = sweeping(enrolment, clock, log);
  return {
    makeCode: enrolment.makeCode,
    codes: enrolment.codes,
    cancelCodes: enrolment.cancelCodes,
    /** Key and certificate of HTTPS now, and the roots of those who show one. */
    tls,
    /** Adds enrolment to a server that speaks TLS with them. */
    addEst: (app: FastifyInstance) => addEst(app, { authority, enrolment, centre, log }),
    close() {
      sweep();
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

function sweeping(enrolment: Enrolment, clock: Clock, log: PkiOptions['log']): () => void {
  const sweep = () => {
    enrolment.sweep().catch((error: Error) => log.warn({}, `certificates that are over stay in the registry for now: ${error.message}`));
    cancel = clock.after(sweepEveryMs, sweep);
  };
  let cancel = clock.after(sweepEveryMs, sweep);
  return () => cancel();
}

function read({ key, certificate }: { key: string; certificate: string }): { key: string; cert: string } {
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(certificate, 'utf8') };
}
