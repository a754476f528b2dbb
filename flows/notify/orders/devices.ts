/**
 * Stores the push devices of the persons in the roster. A device belongs to the last person who signed in there. It is removed when the
 * browser removes it, the person leaves the roster, or the push service reports it as gone.
 */
import { createMutex, isLoopback, type Person } from '@sabha/contracts';
import * as v from 'valibot';
import type { Device } from '../../engine/records/notices.ts';
import { type Audit, devicePrefix } from '../../engine/records/ops.ts';
import { areDeviceKeys, type PushKey } from '../people/channels/kit/web-push.ts';
import { byLogin } from '../roster/book.ts';
import { type PersonResult, type RosterOrdersOptions, refusedOrder } from './roster-orders.ts';

/** Limit of devices of one person. Beyond the limit the oldest device is dropped. */
const devicesAtMost = 8;

/**
 * `key`: the server key for which the device subscribed; the device accepts no other signature. `by`: the account that added the device,
 * which must still belong to the person.
 */
const heldDevice = v.object({
  endpoint: v.string(),
  p256dh: v.string(),
  auth: v.string(),
  key: v.string(),
  at: v.number(),
  by: v.string(),
});
const heldDevices = v.pipe(v.string(), v.parseJson(), v.array(heldDevice));
type StoredDevice = v.InferOutput<typeof heldDevice>;

/** `persons`: everybody in the roster now. `services`: hosts of the allowed push services. */
export type DevicesOptions = Pick<RosterOrdersOptions, 'record' | 'now'> & {
  key: Pick<PushKey, 'public'>;
  services: readonly string[];
  persons(): readonly Pick<Person, 'id' | 'email'>[];
};

export type DeviceBook = ReturnType<typeof createDeviceBook>;

type DevicesState = { options: DevicesOptions; held: Map<string, readonly StoredDevice[]> };

/** Guarantee: a device counts only after it is in the ledger, and belongs to one person: the last one who signed in there. */
export function createDeviceBook(options: DevicesOptions) {
  const { key, services } = options;
  const kept: DevicesState = { options, held: new Map() };
  const { held } = kept;
  const inTurn = createMutex();
  const isOurs = (one: StoredDevice) => one.key === key.public && isPushService(one.endpoint, services);
  return {
    key: key.public,
    of: (person: string): readonly Device[] =>
      (held.get(person) ?? []).filter(isOurs).map(({ endpoint, p256dh, auth }) => ({ endpoint, p256dh, auth })),
    personOf: (login: string) => byLogin(options.persons())(login)?.id,
    /** Adds a device to this person and removes it from any other. */
    addDevice: (person: string, device: Device, by: string): Promise<PersonResult> => inTurn(() => add(kept, { person, by }, device)),
    /** Removes a device from the person; the device of another person stays. */
    remove: (person: string, endpoint: string, by: string): Promise<void> =>
      inTurn(() => removeDevice(kept, { person, endpoint }, { who: by, what: 'device removed', about: person })),
    /** Removes all devices of the person, for example after a theft. Returns their number. */
    removeAll: (person: string, by: string): Promise<number> =>
      inTurn(async () => {
        const count = held.get(person)?.length ?? 0;
        if (count > 0) await storeDevices(kept, new Map([[person, []]]), { who: by, what: 'devices removed', about: person });
        return count;
      }),
    /** Drops a device that its push service reports as gone. If the ledger cannot write now, the next message reports it again. */
    gone(person: string, endpoint: string): void {
      inTurn(() => removeDevice(kept, { person, endpoint })).catch(() => {});
    },
    use(written: Readonly<Record<string, string>>): void {
      for (const [id, text] of Object.entries(written)) {
        const read = v.safeParse(heldDevices, text);
        if (read.success) held.set(id, read.output);
      }
    },
    /** Drops devices of persons who left, and devices whose account no longer maps to their person, also in the ledger. */
    keepPersons: (): Promise<void> =>
      inTurn(async () => {
        const meant = byLogin(options.persons());
        const own = [...held].map(([id, all]) => [id, all.filter(({ by }) => meant(by)?.id === id)] as const);
        const changed = own.filter(([id, all]) => all.length < (held.get(id)?.length ?? 0));
        // The devices are dropped in memory at once. If the ledger cannot write now, the next start drops them again.
        for (const [id, all] of changed) held.set(id, all);
        if (changed.length > 0) await storeDevices(kept, new Map(changed));
      }).catch(() => {}),
  };
}

async function add(
  kept: DevicesState,
  { person, by }: { person: string; by: string },
  { endpoint, p256dh, auth }: Device,
): Promise<PersonResult> {
  const { key, services, now } = kept.options;
  if (!isPushService(endpoint, services)) return refusedOrder('the push service of this browser is not in channels.push.services');
  if (!areDeviceKeys({ p256dh, auth })) return refusedOrder('these are not keys of a browser');
  const changed = withoutDevice(kept, endpoint);
  const own = (changed.get(person) ?? kept.held.get(person) ?? []).filter((one) => one.key === key.public);
  changed.set(person, [...own, { endpoint, p256dh, auth, key: key.public, at: now(), by }].slice(-devicesAtMost));
  await storeDevices(kept, changed, { who: by, what: 'device added', about: person });
  return { ok: true };
}

/** Removes a device only if it belongs to the person. */
async function removeDevice(kept: DevicesState, { person, endpoint }: { person: string; endpoint: string }, act?: Audit): Promise<void> {
  const left = withoutDevice(kept, endpoint).get(person);
  if (left !== undefined) await storeDevices(kept, new Map([[person, left]]), act);
}

/** Finds the persons who have this device, each with the other devices. */
function withoutDevice({ held }: DevicesState, endpoint: string): Map<string, readonly StoredDevice[]> {
  const having = [...held].filter(([, all]) => all.some((one) => one.endpoint === endpoint));
  return new Map(having.map(([id, all]) => [id, all.filter((one) => one.endpoint !== endpoint)]));
}

/** Writes to the ledger first, then to memory. */
async function storeDevices(
  { options, held }: DevicesState,
  next: ReadonlyMap<string, readonly StoredDevice[]>,
  act?: Audit,
): Promise<void> {
  const rows = [...next].map(([id, all]) => {
    return { op: 'meta', key: `${devicePrefix}${id}`, value: all.length === 0 ? null : JSON.stringify(all) } as const;
  });
  const audit = act === undefined ? [] : [{ op: 'audit', at: options.now(), ...act } as const];
  if (!(await options.record([...rows, ...audit]))) throw new Error('the ledger did not store the device');
  for (const [id, all] of next) all.length === 0 ? held.delete(id) : held.set(id, all);
}

/** Accepts https to a listed host; "*." matches any subdomain. A listed push service on this machine may use http and any port. */
function isPushService(endpoint: string, services: readonly string[]): boolean {
  const url = URL.parse(endpoint);
  if (url === null || url.username !== '' || url.password !== '') return false;
  if (isLoopback(url.hostname)) return services.includes(url.hostname) && ['http:', 'https:'].includes(url.protocol);
  if (url.protocol !== 'https:' || url.port !== '') return false;
  return services.some((one) => (one.startsWith('*.') ? url.hostname.endsWith(one.slice(1)) : url.hostname === one));
}
