/**
 * Reads sound devices through Core Audio: state, default, mute, volume and users. It records no sound, and changes only a mute state.
 */
import type { Defaults, Endpoint, Mute, Sound } from '../../native.ts';
import { type Com, check, createCom, guid, isSuccess, type Keep, type Out } from './com.ts';
import type { Koffi, Pointer } from './koffi.ts';

const ids = {
  enumeratorClass: 'BCDE0395-E52F-467C-8E3D-C4579291692E',
  enumerator: 'A95664D2-9614-4F35-A746-DE8DB63617E6',
  volume: guid('5CDF2C82-841E-4546-9722-0CF74078229A'),
  sessionManager: guid('77AA99A0-1BD6-484F-8BC7-2C654C9A9B6F'),
  session: guid('BFB7FF88-7239-4FC9-8FA2-07C950BE9C6D'),
};
const flows = { render: 0, capture: 1 } as const;
const roles = { console: 0, call: 2 } as const;
const allStates = 0xf;
const active = 1;
const anyContext = 23;
const sessionActive = 1;
const notFound = 0x8007_0490;
const textVariant = 31;
/** Size of a PROPVARIANT: a type, three reserved words, and the value from byte 8 on. */
const variantBytes = 24;

/** Property keys, each a GUID and a number: the name in the settings of Windows, and the PnP device (`{1}.USB\VID_…`). */
const properties = {
  name: propertyKey('A45C254E-DF1C-4EFD-8020-67D146A850E0', 14),
  device: propertyKey('B3F8FA53-0004-438E-9003-51A46E139BFC', 2),
};

function propertyKey(id: string, number: number): Buffer {
  const rest = Buffer.alloc(4);
  rest.writeUInt32LE(number);
  return Buffer.concat([guid(id), rest]);
}

type ComMethods = ReturnType<typeof methodsOf>;
/** `programOf` returns the program path of a process, or null if unknown. `own` is the id of this process. */
export type Processes = { programOf(id: number): string | null; own: number };
type Names = Pick<Endpoint, 'name' | 'device'>;
/** `names` caches the names of endpoints by their ids. */
type AudioReader = { com: Com; koffi: Koffi; on: ComMethods; processes: Processes; names: Map<string, Names> };

/** Number of readings after which the cached names are read again. Reading names is slow, and names seldom change. */
const namesEvery = 12;

/** Guarantee: each reading creates and releases its COM objects. An enumerator that is kept fails after the sound service restarts. */
export function createCoreAudio(koffi: Koffi, processes: Processes): () => Sound {
  const com = createCom(koffi);
  const look: AudioReader = { com, koffi, on: methodsOf(com, koffi), processes, names: new Map() };
  let looks = 0;
  return () =>
    com.scope((keep) => {
      if (looks % namesEvery === 0) look.names.clear();
      looks += 1;
      const enumerator = keep(com.create(ids.enumeratorClass, ids.enumerator));
      return {
        endpoints: [...endpoints(look, enumerator, 'capture'), ...endpoints(look, enumerator, 'render')],
        capture: defaults(look, enumerator, 'capture'),
        render: defaults(look, enumerator, 'render'),
      };
    });
}

/** Guarantee: a change releases its COM objects, and throws if the endpoint does not have the requested mute state afterwards. */
export function createMute(koffi: Koffi): (change: Mute) => true {
  const com = createCom(koffi);
  const on = methodsOf(com, koffi);
  return ({ id, muted }) =>
    com.scope((keep) => {
      const enumerator = keep(com.create(ids.enumeratorClass, ids.enumerator));
      const [device, volume]: [Out<Pointer>, Out<Pointer>] = [[0n], [0n]];
      const now: Out<number> = [0];
      check('GetDevice', on.named(enumerator, id, device));
      check('Activate', on.activate(keep(device[0]), ids.volume, anyContext, null, volume));
      check('SetMute', on.mute(keep(volume[0]), Number(muted), null));
      check('GetMute', on.muted(volume[0], now));
      if ((now[0] !== 0) !== muted) throw new Error('the device did not change');
      return true;
    });
}

/** Method indexes of IMMDeviceEnumerator, IMMDevice, IPropertyStore, IAudioEndpointVolume and the session interfaces. */
function methodsOf({ method }: Com, koffi: Koffi) {
  const pointer = koffi.out(koffi.pointer('void *'));
  const number = koffi.out(koffi.pointer('uint32'));
  const ratio = koffi.out(koffi.pointer('float'));
  return {
    enumerate: method(3, 'int32', 'uint32', pointer),
    defaultOf: method(4, 'int32', 'int32', pointer),
    named: method(5, 'str16', pointer),
    count: method(3, number),
    item: method(4, 'uint32', pointer),
    activate: method(3, 'void *', 'uint32', 'void *', pointer),
    store: method(4, 'uint32', pointer),
    id: method(5, pointer),
    state: method(6, number),
    value: method(5, 'void *', 'void *'),
    volume: method(9, ratio),
    mute: method(14, 'int32', 'void *'),
    muted: method(15, number),
    sessions: method(5, pointer),
    session: method(4, 'int32', pointer),
    sessionState: method(3, number),
    as: method(0, 'void *', pointer),
    process: method(14, number),
  };
}

function endpoints({ com, on, ...look }: AudioReader, enumerator: Pointer, flow: Endpoint['flow']): Endpoint[] {
  return com.scope((keep) => {
    const list: Out<Pointer> = [0n];
    const count: Out<number> = [0];
    check('EnumAudioEndpoints', on.enumerate(enumerator, flows[flow], allStates, list));
    keep(list[0]);
    check('GetCount', on.count(list[0], count));
    return Array.from({ length: count[0] }, (_, at) => {
      const device: Out<Pointer> = [0n];
      check('Item', on.item(list[0], at, device));
      return com.scope((keepOwn) => endpoint({ com, on, ...look }, keepOwn(device[0]), flow));
    });
  });
}

function endpoint(look: AudioReader, device: Pointer, flow: Endpoint['flow']): Endpoint {
  const state: Out<number> = [0];
  check('GetState', look.on.state(device, state));
  const open = state[0] === active ? openEnd(look, device) : { muted: null, volume: null, programs: null };
  const id = idOf(look, device);
  const names = look.names.get(id) ?? namesOf(look, device);
  look.names.set(id, names);
  return { id, flow, state: state[0], ...names, ...open };
}

function idOf({ com, on }: AudioReader, device: Pointer): string {
  const id: Out<Pointer> = [0n];
  check('GetId', on.id(device, id));
  return com.takeText(id[0]);
}

function namesOf({ com, on, koffi }: AudioReader, device: Pointer): Names {
  return com.scope((keep) => {
    const store: Out<Pointer> = [0n];
    if (on.store(device, 0, store) !== 0) return { name: null, device: null };
    keep(store[0]);
    const textOf = (key: Buffer) => {
      const variant = Buffer.alloc(variantBytes);
      if (on.value(store[0], key, variant) !== 0) return null;
      const text = variant.readUInt16LE(0) === textVariant ? koffi.decode.string16(variant.readBigUInt64LE(8)) : null;
      com.clear(variant);
      return text;
    };
    return { name: textOf(properties.name), device: textOf(properties.device) };
  });
}

/** Reads an active endpoint. The values are null if the endpoint disappears during the reading. */
function openEnd(look: AudioReader, device: Pointer): Pick<Endpoint, 'muted' | 'volume' | 'programs'> {
  const { com, on } = look;
  return com.scope((keep) => {
    const volume: Out<Pointer> = [0n];
    const [level, isMuted]: [Out<number>, Out<number>] = [[0], [0]];
    const isOpen = on.activate(device, ids.volume, anyContext, null, volume) === 0 && keep(volume[0]) !== 0n;
    const hasLevel = isOpen && on.volume(volume[0], level) === 0;
    const hasMute = isOpen && on.muted(volume[0], isMuted) === 0;
    return { muted: hasMute ? isMuted[0] !== 0 : null, volume: hasLevel ? level[0] : null, programs: programsOn(look, device, keep) };
  });
}

function programsOn({ com, on, processes }: AudioReader, device: Pointer, keep: Keep): string[] | null {
  const [manager, list]: [Out<Pointer>, Out<Pointer>] = [[0n], [0n]];
  const count: Out<number> = [0];
  if (on.activate(device, ids.sessionManager, anyContext, null, manager) !== 0) return null;
  if (on.sessions(keep(manager[0]), list) !== 0) return null;
  if (on.count(keep(list[0]), count) !== 0) return null;
  const found = new Set<string>();
  for (let at = 0; at < count[0]; at += 1) {
    const id = com.scope((keepOwn) => activeProcess(on, { list: list[0], at, keep: keepOwn }));
    if (id !== 0 && id !== processes.own) found.add(processes.programOf(id) ?? '');
  }
  return [...found];
}

/**
 * Returns the process id of a sound session, or 0 if the session is inactive or plays system sounds of Windows. If a session has several
 * processes, Windows returns the first one and marks it in the HRESULT.
 */
function activeProcess(on: ComMethods, { list, at, keep }: { list: Pointer; at: number; keep: Keep }): number {
  const [session, named]: [Out<Pointer>, Out<Pointer>] = [[0n], [0n]];
  const [state, id]: [Out<number>, Out<number>] = [[0], [0]];
  if (on.session(list, at, session) !== 0) return 0;
  if (on.sessionState(keep(session[0]), state) !== 0 || state[0] !== sessionActive) return 0;
  if (on.as(session[0], ids.session, named) !== 0) return 0;
  return isSuccess(on.process(keep(named[0]), id)) ? id[0] : 0;
}

function defaults({ com, on, ...look }: AudioReader, enumerator: Pointer, flow: Endpoint['flow']): Defaults {
  const of = (role: number) => {
    const device: Out<Pointer> = [0n];
    const result = on.defaultOf(enumerator, flows[flow], role, device);
    if (result === notFound) return null;
    check('GetDefaultAudioEndpoint', result);
    return com.scope((keep) => idOf({ com, on, ...look }, keep(device[0])));
  };
  return { console: of(roles.console), call: of(roles.call) };
}
