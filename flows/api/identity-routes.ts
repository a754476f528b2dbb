/** Who may connect: codes by which PCs enrol, and PCs that are shut out. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import { whole as forAll } from '../door/door.ts';
import { Refused } from '../door/refused.ts';
import type { Enrolment } from '../pki/enrolment.ts';
import type { SiteOrders } from '../sites/site-orders.ts';
import { read } from './routes.ts';
import { acknowledgement, by, sitePath } from './schemas.ts';

type OnePc = FastifyRequest<{ Params: { state: string; site: string; pc: string } }>;

const whole = (most: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(most));
export const enrolCodeFor = v.strictObject({ by, site: sitePath, uses: v.optional(whole(1_000)), hours: v.optional(whole(720), 24) });

export const cancelling = v.strictObject({ by, site: sitePath });

/** Codes are made by those who issue certificates, the rest is an order like those of the site table. */
export type IdentityOffice = Pick<SiteOrders, 'revoke'> & Pick<Enrolment, 'makeCode' | 'codes' | 'cancelCodes'>;

export function addIdentities(app: FastifyInstance, office: IdentityOffice): void {
  app.post('/api/enrol-codes', forAll('tokens'), async (request, reply) => {
    const { uses, ...asked } = read(enrolCodeFor, request.body);
    const made = await office.makeCode({ ...asked, uses });
    if (!made.ok) throw new Refused(made.missing ? 404 : 409, made.line);
    const { ok: _, ...answer } = made;
    return reply.code(201).send(answer);
  });
  app.get('/api/enrol-codes', forAll('tokens'), () => office.codes());
  app.post('/api/enrol-codes/cancel', forAll('tokens'), async ({ body }) => {
    const { site, by: who } = read(cancelling, body);
    const cancelled = await office.cancelCodes(site, who);
    if (cancelled === 0) throw new Refused(404, `no code of ${site} is open`);
    return { cancelled };
  });
  app.post('/api/pcs/:state/:site/:pc/revoke', forAll('pcs'), async ({ params: { state, site, pc }, body }: OnePc, reply) => {
    const done = await office.revoke(`${state}/${site}/${pc}`, read(acknowledgement, body).by);
    if (!done.ok) throw new Refused(done.missing ? 404 : 409, done.line);
    return reply.code(204).send();
  });
}
