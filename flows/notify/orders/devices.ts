/** The devices on which persons of the roster are told: each belongs to whoever was logged in there, and goes when its browser, its person or its push service says so. */
import { isLoopback, mutex, type Person } from '@sabha/contracts';
import * as v from 'valibot';
import type { Device } from '../../engine/records/notices.ts';
import { type Audit, devicePrefix } from '../../engine/records/ops.ts';
import { areKeys, type PushKey } from '../people/channels/kit/web-push.ts';
import { byLogin } from '../roster/book.ts';
import { type PersonOrder, type RosterOrdersOptions, refused } from './roster-orders.ts';

/** More of one person are not kept: the oldest goes. */
const devicesAtMost = 8;

/** `key`: the device was made for it, and takes nothing that another one signed. `by`: the login that was there, which must mean the person still. */
const heldDevice = v.object({
  endpoint: v.string(),
  p256dh: v.string(),
  auth: v.string(),
  key: v.string(),
  at: v.number(),
  by: v.string(),
});
const heldDevices = v.pipe(v.string(), v.parseJson(), v.array(heldDevice));
type Held = v.InferOutput<typeof heldDevice>;

/** `persons`: who may be told now; `services`: the hosts to which a device may lead us. */
export type DevicesOptions = Pick<RosterOrdersOptions, 'record' | 'now'> & {
  key: Pick<PushKey, 'public'>;
  services: readonly string[];
  persons(): readonly Pick<Person, 'id' | 'email'>[];
};

/** The devices of all persons. */
export type DeviceBook = ReturnType<typeof createDevices>;

type Kept = { options: DevicesOptions; held: Map<string, readonly Held[]> };

/** Guarantee: a device is in the ledger before it counts, and belongs to one person: whoever logs in there next takes it over. */
export function createDevices(options: DevicesOptions) {
  const { key, services } = options;
  const kept: Kept = { options, held: new Map() };
  const { held } = kept;
  const inTurn = mutex();
  const isOurs = (one: Held) => one.key === key.public && leadsTo(one.endpoint, services);
  return {
    /** As a browser wants it, to make a device for us. */
    key: key.public,
    of: (person: string): readonly Device[] =>
      (held.get(person) ?? []).filter(isOurs).map(({ endpoint, p256dh, auth }) => ({ endpoint, p256dh, auth })),
    /** The person of the roster whom a login means, by id or e-mail address. */
    personOf: (login: string) => byLogin(options.persons())(login)?.id,
    /** Tells this person on this device from now on, and nobody else. */
    add: (person: string, device: Device, by: string): Promise<PersonOrder> => inTurn(() => add(kept, { person, by }, device)),
    /** Tells the person there no more; a device that is not theirs stays. */
    remove: (person: string, endpoint: string, by: string): Promise<void> =>
      inTurn(() => drop(kept, { person, endpoint }, { who: by, what: 'device removed', about: person })),
    /** Tells the person on none of them any more, such as where a phone was stolen; how many they were. */
    removeAll: (person: string, by: string): Promise<number> =>
      inTurn(async () => {
        const count = held.get(person)?.length ?? 0;
        if (count > 0) await put(kept, new Map([[person, []]]), { who: by, what: 'devices removed', about: person });
        return count;
      }),
    /** Its push service says that it is gone. What the ledger does not take now is said again with the next message. */
    gone(person: string, endpoint: string): void {
      inTurn(() => drop(kept, { person, endpoint })).catch(() => {});
    },
    /** Takes those of the ledger into use. */
    use(written: Readonly<Record<string, string>>): void {
      for (const [id, text] of Object.entries(written)) {
        const read = v.safeParse(heldDevices, text);
        if (read.success) held.set(id, read.output);
      }
    },
    /** Whoever is told no more, and whose login means them no more, has no device, in the ledger neither. */
    keepPersons: (): Promise<void> =>
      inTurn(async () => {
        const meant = byLogin(options.persons());
        const own = [...held].map(([id, all]) => [id, all.filter(({ by }) => meant(by)?.id === id)] as const);
        const changed = own.filter(([id, all]) => all.length < (held.get(id)?.length ?? 0));
        // Out of use at once: where the ledger takes nothing now, the next start does it again.
        for (const [id, all] of changed) held.set(id, all);
        if (changed.length > 0) await put(kept, new Map(changed));
      }).catch(() => {}),
  };
}

async function add(kept: Kept, { person, by }: { person: string; by: string }, { endpoint, p256dh, auth }: Device): Promise<PersonOrder> {
  const { key, services, now } = kept.options;
  if (!leadsTo(endpoint, services)) return refused('the push service of this browser is none of channels.push.services');
  if (!areKeys({ p256dh, auth })) return refused('these are no keys of a browser');
  const changed = without(kept, endpoint);
  const own = (changed.get(person) ?? kept.held.get(person) ?? []).filter((one) => one.key === key.public);
  changed.set(person, [...own, { endpoint, p256dh, auth, key: key.public, at: now(), by }].slice(-devicesAtMost));
  await put(kept, changed, { who: by, what: 'device added', about: person });
  return { ok: true };
}

/** A device that is not the person's stays. */
async function drop(kept: Kept, { person, endpoint }: { person: string; endpoint: string }, act?: Audit): Promise<void> {
  const left = without(kept, endpoint).get(person);
  if (left !== undefined) await put(kept, new Map([[person, left]]), act);
}

/** The persons who have a device of this address, each with their others. */
function without({ held }: Kept, endpoint: string): Map<string, readonly Held[]> {
  const having = [...held].filter(([, all]) => all.some((one) => one.endpoint === endpoint));
  return new Map(having.map(([id, all]) => [id, all.filter((one) => one.endpoint !== endpoint)]));
}

/** Written first, in use then. */
async function put({ options, held }: Kept, next: ReadonlyMap<string, readonly Held[]>, act?: Audit): Promise<void> {
  const rows = [...next].map(([id, all]) => {
    return { op: 'meta', key: `${devicePrefix}${id}`, value: all.length === 0 ? null : JSON.stringify(all) } as const;
  });
  const audit = act === undefined ? [] : [{ op: 'audit', at: options.now(), ...act } as const];
  if (!(await options.record([...rows, ...audit]))) throw new Error('the ledger did not take the device');
  for (const [id, all] of next) all.length === 0 ? held.delete(id) : held.set(id, all);
}

/** Over https to a host of the list; a name behind "*." is any host below it. A push service on this machine needs neither https nor its port. */
function leadsTo(endpoint: string, services: readonly string[]): boolean {
  const url = URL.parse(endpoint);
  if (url === null || url.username !== '' || url.password !== '') return false;
  if (isLoopback(url.hostname)) return services.includes(url.hostname) && ['http:', 'https:'].includes(url.protocol);
  if (url.protocol !== 'https:' || url.port !== '') return false;
  return services.some((one) => (one.startsWith('*.') ? url.hostname.endsWith(one.slice(1)) : url.hostname === one));
}
