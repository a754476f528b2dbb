/** All that gives certificates to PCs and to the centre's own servers, put together and kept going. */
import { readFileSync } from 'node:fs';
import type { Clock, Settings } from '#contracts';
import type { TellCentralDirectly } from '../people/direct.ts';
import type { Authority } from './authority.ts';
import { createCodes } from './codes.ts';
import { createEnrolment, type Enrolment, type EnrolmentOptions } from './enrolment.ts';
import { type EnrolmentServer, type EstOptions, type ServerTls, startEnrolment } from './est.ts';
import { createGuesses } from './guesses.ts';
import { httpsFiles, keepServers, type ServersOptions } from './servers.ts';

export type PkiOptions = Pick<EnrolmentOptions, 'sites' | 'record' | 'now'> &
  Pick<ServersOptions, 'broker'> &
  Pick<EstOptions, 'centre'> & {
    authority: Authority;
    /** The folder of the authority. */
    folder: string;
    /** Where enrolment is served; undefined = nowhere, PCs of this machine use their tokens. */
    https: Settings['https'];
    /** Enrolment codes as the ledger holds them. */
    codes: Readonly<Record<string, string>>;
    tellDirectly: TellCentralDirectly;
    clock: Clock;
    random(size: number): Buffer;
    log: Record<'info' | 'warn' | 'error', (fields: object, line: string) => void>;
  };

export type Pki = Pick<Enrolment, 'makeCode'> & { port: number | null; close(): Promise<void> };

const sweepEveryMs = 60 * 60_000;

/** Rejects with a `StartError` where enrolment cannot be served. */
export async function startPki(options: PkiOptions): Promise<Pki> {
  const { authority, folder, https, clock, log } = options;
  const onAlarm = (address: string) =>
    void options.tellDirectly('enrolment_refused', `five refusals in ten minutes, the last from ${address}`);
  const enrolment = createEnrolment({
    ...options,
    codes: createCodes(options.codes, authority.rootDer, options.random),
    guesses: createGuesses({ clock, onAlarm }),
  });
  let server: EnrolmentServer | undefined;
  const files = https && httpsFiles(folder);
  const tls = (): ServerTls => ({ ...read(files ?? httpsFiles(folder)), ca: [...authority.roots] });
  const servers = await keepServers({ ...options, names: https?.names ?? [], https: files, onHttps: () => server?.use(tls()) });
  if (https !== undefined) server = await startEnrolment({ ...options, ...https, enrolment, tls: tls() });
  const sweep = sweeping(enrolment, clock, log);
  return {
    makeCode: enrolment.makeCode,
    port: server?.port ?? null,
    async close() {
      sweep();
      servers.close();
      await server?.close();
    },
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
