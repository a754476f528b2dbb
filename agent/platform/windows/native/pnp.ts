/** Lists the devices of the device manager with cfgmgr32. It opens and wakes no device. */
import { type BlockingCalls, deviceClasses, fromFileTime, type PnpDevice } from '../../native.ts';
import { guid } from './com.ts';
import { type Koffi, textsOf, untilZero } from './koffi.ts';

const lists = { ofBus: 0x1 | 0x100, ofClass: 0x200 | 0x100 };
const fields = { description: 1, compatible: 3, service: 5, kind: 9, name: 13 };
const largest = 4_096;
/** Key of the device property with the time when the device was last plugged in: a GUID and a number. */
const arrival = Buffer.concat([guid('83DA6326-97A6-4088-9453-A1923F573B29'), Buffer.from([102, 0, 0, 0])]);

/** Lists the present USB devices, and cameras on any bus. Guarantee: it throws for an empty list, because every PC has USB devices. */
export function createPnp(koffi: Koffi): Pick<BlockingCalls, 'devices' | 'marks'> {
  const calls = callsOf(koffi);
  const ids = (): string[] => {
    const ofUsb = idsOf(calls, 'USB', lists.ofBus);
    if (ofUsb.length === 0) throw new Error('the device manager lists nothing');
    return [
      ...new Set([...ofUsb, ...idsOf(calls, deviceClasses.camera, lists.ofClass), ...idsOf(calls, deviceClasses.image, lists.ofClass)]),
    ];
  };
  const mark = (id: string) => `${id} ${nodeOf(calls, id)?.problem}`;
  return { devices: () => ids().flatMap((id) => deviceOf(calls, id) ?? []), marks: () => ids().map(mark) };
}

type PnpCalls = ReturnType<typeof callsOf>;

function callsOf(koffi: Koffi) {
  const library = koffi.load('cfgmgr32.dll');
  const out = koffi.out(koffi.pointer('uint32'));
  const length = koffi.inout(koffi.pointer('uint32'));
  const call = (name: string, ...args: Parameters<typeof library.func>[3]) => library.func('__stdcall', name, 'uint32', args);
  return {
    size: call('CM_Get_Device_ID_List_SizeW', out, 'str16', 'uint32'),
    list: call('CM_Get_Device_ID_ListW', 'str16', 'void *', 'uint32', 'uint32'),
    locate: call('CM_Locate_DevNodeW', out, 'str16', 'uint32'),
    status: call('CM_Get_DevNode_Status', out, out, 'uint32', 'uint32'),
    parent: call('CM_Get_Parent', out, 'uint32', 'uint32'),
    id: call('CM_Get_Device_IDW', 'uint32', 'void *', 'uint32', 'uint32'),
    field: call('CM_Get_DevNode_Registry_PropertyW', 'uint32', 'uint32', 'void *', 'void *', length, 'uint32'),
    property: call('CM_Get_DevNode_PropertyW', 'uint32', 'void *', out, 'void *', length, 'uint32'),
  };
}

function idsOf({ size, list }: PnpCalls, filter: string, flags: number): string[] {
  const length: [number] = [0];
  const sized = size(length, filter, flags);
  if (sized !== 0) throw new Error(`list of devices: code ${sized}`);
  const buffer = Buffer.alloc(Math.max(1, length[0]) * 2);
  const listed = list(filter, buffer, length[0], flags);
  // A device that was plugged in meanwhile makes the list too long for the buffer. The next reading contains the device.
  if (listed !== 0) throw new Error(`list of devices: code ${listed}`);
  return textsOf(buffer);
}

/** Returns the handle and problem code of a device; undefined if the device was removed meanwhile. */
function nodeOf({ locate, status }: PnpCalls, id: string): { node: number; problem: number } | undefined {
  const [node, flags, problem]: [[number], [number], [number]] = [[0], [0], [0]];
  if (locate(node, id, 0) !== 0 || status(flags, problem, node[0], 0) !== 0) return undefined;
  return { node: node[0], problem: problem[0] };
}

function deviceOf(calls: PnpCalls, id: string): PnpDevice | undefined {
  const found = nodeOf(calls, id);
  if (found === undefined) return undefined;
  const { node, problem } = found;
  const field = (number: number) => fieldOf(calls, node, number);
  const text = (number: number) => untilZero(field(number).toString('utf16le'));
  return {
    id,
    parent: parentOf(calls, node),
    name: text(fields.name) || text(fields.description),
    kind: text(fields.kind).toLowerCase(),
    service: text(fields.service),
    compatible: textsOf(field(fields.compatible)),
    problem,
    arrivedAt: arrivedAt(calls, node),
  };
}

function parentOf({ parent, id }: PnpCalls, node: number): string {
  const above: [number] = [0];
  const buffer = Buffer.alloc(largest);
  if (parent(above, node, 0) !== 0 || id(above[0], buffer, largest / 2, 0) !== 0) return '';
  return untilZero(buffer.toString('utf16le'));
}

function fieldOf({ field }: PnpCalls, node: number, number: number): Buffer {
  const buffer = Buffer.alloc(largest);
  const length: [number] = [largest];
  return field(node, number, null, buffer, length, 0) === 0 ? buffer.subarray(0, length[0]) : Buffer.alloc(0);
}

function arrivedAt({ property }: PnpCalls, node: number): number | null {
  const time = Buffer.alloc(8);
  const result = property(node, arrival, [0], time, [8], 0);
  return result === 0 ? fromFileTime(time.readBigUInt64LE()) : null;
}
