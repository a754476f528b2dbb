/** A server that enrols PCs with its code. */
import { join } from 'node:path';
import type { PcView } from '@sabha/contracts';
import { createParts } from '../system/parts-under-test.ts';
import { freePorts } from '../system/processes.ts';

export type EnrollingCentre = {
  /** The enrolment code, the address of the server, and the path of the PC to enrol. */
  code: string;
  at: string;
  pc: string;
  roots: string;
  updates: string;
  /** Returns the presence of the PC and the version of its agent, as the server has them. */
  seen(): Promise<string>;
  /** Returns the reason of the microphone check. */
  heard(): Promise<string | null | undefined>;
  remove(): void;
};

/** Starts broker and `flows` with certificates of a test authority, for one site with these PCs. */
export async function startEnrollingCentre(pcs = ['this-pc', 'hall']): Promise<EnrollingCentre> {
  const pc = 'ladakh/leh/hall';
  const [https = 0, mqtts = 0] = await freePorts(2);
  const settings = { https: { host: '127.0.0.1', port: https, names: ['centre.test'] } };
  const { site, start } = await createParts({ pcs, settings });
  const broker = await start('broker', { SABHA_TLS_HOST: '127.0.0.1', SABHA_TLS_PORT: `${mqtts}` });
  const ofBroker = (name: string) => join(site.data, 'broker', name);
  await start('flows', { SABHA_BROKER_CSR: ofBroker('server.csr'), SABHA_BROKER_CERT: ofBroker('server.pem'), SABHA_TLS_PORT: `${mqtts}` });
  await broker.says('certificate of the broker in use');
  const api = `http://127.0.0.1:${site.ports.api}/api`;
  const order = { method: 'POST', headers: { 'content-type': 'application/json', ...site.token() } };
  const asked = await fetch(`${api}/enrol-codes`, { ...order, body: JSON.stringify({ by: 'Asha', site: 'ladakh/leh', uses: 1 }) });
  const { code } = (await asked.json()) as { code: string };
  const view = async () =>
    ((await (await fetch(`${api}/pcs`, { headers: site.token() })).json()) as PcView[]).find((each) => each.pc === pc);
  const seen = async () => {
    const one = await view();
    return `${one?.presence} ${one?.agent}`;
  };
  const heard = async () => (await view())?.checks.find(({ component }) => component === 'microphone')?.reason;
  return {
    code,
    at: `https://localhost:${https}`,
    pc,
    roots: join(site.data, 'flows/ca/roots.pem'),
    updates: join(site.data, 'flows/updates'),
    seen,
    heard,
    remove: () => site.remove(),
  };
}
