/** Lists cameras from sysfs and PipeWire, and their users from /proc and PipeWire. It opens no camera. */
import { readdirSync, readFileSync, readlinkSync, watch } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Cancel, Clock } from '@sabha/contracts';
import type { Answer, Camera, Cameras } from '../platform.ts';
import { programLabels } from '../programs.ts';
import { deviceName, shortId } from '../text.ts';
import { noPipeWire, type VideoSource } from './desktop/video-sources.ts';
import { readNames, readNumber, readText } from './files.ts';

/** Desktop services that open cameras for other programs, or only to list them. They do not count as users of a camera. */
const services = new Set(['pipewire', 'wireplumber']);
/** Names of drivers whose video nodes are no cameras: they process images, or deliver raw sensor data for libcamera. */
const pictureUnit = /ipu\d|isys|cio2|imgu|atomisp|isp\b|codec|decoder|encoder/i;

/** `raw`: possibly part of a camera that only PipeWire knows. `virtual`: made by a program. */
type Node = { node: string; id: string; name: string; kind: 'camera' | 'virtual' | 'raw' };
type Holders = { byNode: Map<string, string[]>; complete: boolean };

/** The user list of cameras when none is in use. */
const nobody: Holders = { byNode: new Map(), complete: true };

/** Returns PipeWire's cameras, or why they are unknown. */
export type AskPipeWire = (signal: AbortSignal) => Promise<Answer<VideoSource[]>>;

/**
 * Returns the cameras of the kernel, and the cameras that only PipeWire lists (libcamera, network cameras).
 * Guarantee: an empty list is returned only if each source that may know a camera could be read.
 */
export async function readCameras(root: string, signal: AbortSignal, askPipeWire: AskPipeWire): Promise<Cameras> {
  if ((await readNames(join(root, 'sys/class'))) === undefined) return { known: false, reason: 'device list of the kernel cannot be read' };
  const [all, sources] = [await listNodes(root), await askPipeWire(signal)];
  const nodes = all.filter(({ kind }) => kind !== 'raw');
  const isElsewhere = all.length > nodes.length || (!sources.known && sources.reason !== noPipeWire);
  if (!sources.known && isElsewhere && !nodes.some(({ kind }) => kind === 'camera')) return sources;
  const seen = sources.known ? sources.value : [];
  // An open camera holds a reference to its driver module. Without references it is not in use, even if processes cannot be inspected.
  const counts = nodes.map(({ node }) => readNumber(join(root, 'sys/class/video4linux', node, 'device/driver/module/refcnt')));
  const inUse = (await Promise.all(counts)).map((count) => count !== 0);
  // Inspecting all processes is expensive, so it runs only if a camera may be in use.
  const holders = inUse.includes(true) ? await findHolders(root, signal) : undefined;
  const ofKernel = nodes.map((one, at) => kernelCamera(one, { holders: inUse[at] ? holders : nobody, seen }));
  const value = [...ofKernel, ...seen.filter(({ node }) => node === null).map(sessionCamera)];
  return { known: true, value, ...(!sources.known && isElsewhere && { incompleteReason: sources.reason }) };
}

type CamerasSeen = { holders: Holders | undefined; seen: readonly VideoSource[] };

function kernelCamera({ node, id, name, kind }: Node, { holders, seen }: CamerasSeen): Camera {
  const throughPipeWire = seen.flatMap((source) => (source.node === node ? source.programs : []));
  const programs = programLabels([...(holders?.byNode.get(node) ?? []), ...throughPipeWire]);
  const isUnseen = programs.length === 0 && holders?.complete !== true;
  const usedBy: Camera['usedBy'] = isUnseen
    ? { known: false, reason: 'programs of other users cannot be looked into' }
    : { known: true, value: programs };
  return { id, name, usedBy, ...(kind === 'virtual' && { isVirtual: true }) };
}

function sessionCamera({ id, name, programs, isVirtual }: VideoSource): Camera {
  return { id, name, usedBy: { known: true, value: programLabels(programs) }, isSessionOnly: true, ...(isVirtual && { isVirtual }) };
}

/** Lists the video nodes. The folder is missing before the first camera driver is loaded. Nodes with an index above 0 carry metadata. */
async function listNodes(root: string): Promise<Node[]> {
  const folder = join(root, 'sys/class/video4linux');
  const nodes: Node[] = [];
  for (const node of (await readNames(folder)) ?? []) {
    if (!/^video\d+$/.test(node) || ((await readNumber(join(folder, node, 'index'))) ?? 0) !== 0) continue;
    const name = (await readText(join(folder, node, 'name'))) ?? '';
    const device = join(folder, node, 'device');
    const path = dirname(await realpath(device).catch(() => device));
    const usb = await usbIdOf(path, basename(path));
    const id = usb ?? node;
    const twin = nodes.some((other) => other.id === shortId(id));
    const kind = usb === undefined ? await kindOf(device, name) : 'camera';
    nodes.push({ node, id: shortId(twin ? `${id}-${node}` : id), name: deviceName(name, node), kind });
  }
  return nodes;
}

/** Classifies a video node that is not on USB. A node without a device is virtual. Another node is a camera only on PCI. */
async function kindOf(device: string, name: string): Promise<Node['kind']> {
  const real = await realpath(device).catch(() => undefined);
  if (real === undefined) return 'virtual';
  const nameOf = async (link: string) => basename(await realpath(join(real, link)).catch(() => ''));
  if (pictureUnit.test(name) || pictureUnit.test(await nameOf('driver'))) return 'raw';
  return (await nameOf('subsystem')) === 'pci' ? 'camera' : 'raw';
}

/** Returns vendor, product and serial number, or the port instead of a missing serial number. Undefined if `usb` is no USB device. */
export async function usbIdOf(usb: string, port: string): Promise<string | undefined> {
  const vendor = await readText(join(usb, 'idVendor'));
  const product = await readText(join(usb, 'idProduct'));
  if (!vendor || !product) return undefined;
  return `usb-${vendor}:${product}-${(await readText(join(usb, 'serial'))) || port}`;
}

/** Finds the users of cameras. Synchronous reads take a third of the time; a pause after each process keeps the event loop responsive. */
async function findHolders(root: string, signal: AbortSignal): Promise<Holders> {
  const holders: Holders = { byNode: new Map(), complete: true };
  for (const pid of (await readNames(join(root, 'proc'))) ?? []) {
    if (!/^\d+$/.test(pid)) continue;
    signal.throwIfAborted();
    const held = heldBy(join(root, 'proc', pid));
    if (held === undefined) holders.complete = false;
    else if (held.length > 0) note(holders, held, join(root, 'proc', pid));
    await breathe();
  }
  return holders;
}

/** Returns the camera nodes that a process has open; undefined if access is denied. */
function heldBy(folder: string): string[] | undefined {
  try {
    return [...new Set(readdirSync(join(folder, 'fd')).flatMap((fd) => cameraOf(join(folder, 'fd', fd)) ?? []))];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return [];
    if (code === 'EACCES' || code === 'EPERM') return undefined;
    throw error;
  }
}

function cameraOf(link: string): string | undefined {
  try {
    const target = readlinkSync(link);
    return target.startsWith('/dev/video') ? target.slice('/dev/'.length) : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function note(holders: Holders, held: string[], folder: string): void {
  const program = programName(folder);
  if (program === undefined || services.has(program)) return;
  for (const node of held) holders.byNode.set(node, [...(holders.byNode.get(node) ?? []), program]);
}

/** Returns the program name. The binary is more precise than `comm`, which threads may change and the kernel cuts at 15 characters. */
function programName(folder: string): string | undefined {
  try {
    const comm = readFileSync(join(folder, 'comm'), 'utf8').trim();
    return services.has(comm) ? comm : basename(readlinkSync(join(folder, 'exe')).replace(/ \(deleted\)$/, ''));
  } catch {
    return undefined;
  }
}

/** Debounce interval. A camera creates several nodes, and udev needs time to set them up. */
const debounceMs = 2_000;
/** Polling interval if the file watch fails. */
const pollMs = 10_000;

const camera = /^video\d+$/;

/** Calls back about 2 s after a change of the camera nodes in /dev. Guarantee: the returned function frees the watch and its timers. */
export function watchCameras(root: string, clock: Clock, changed: () => void): Cancel {
  const folder = join(root, 'dev');
  let debounce: Cancel | undefined;
  let stop: Cancel = () => {};
  const tell = () => {
    debounce ??= clock.after(debounceMs, () => {
      debounce = undefined;
      changed();
    });
  };
  const poll = () => {
    stop = pollNames(folder, clock, tell);
  };
  try {
    const watcher = watch(folder, (_kind, name) => {
      if (name === null || camera.test(name)) tell();
    });
    stop = () => watcher.close();
    watcher.on('error', () => {
      watcher.close();
      poll();
    });
  } catch {
    poll();
  }
  return () => {
    debounce?.();
    stop();
  };
}

function pollNames(folder: string, clock: Clock, tell: () => void): Cancel {
  let before: string | undefined;
  let over = false;
  let cancel: Cancel = () => {};
  const look = async () => {
    const now = ((await readNames(folder)) ?? []).filter((name) => camera.test(name)).join();
    if (over) return;
    if (before !== undefined && now !== before) tell();
    before = now;
    cancel = clock.after(pollMs, () => void look());
  };
  void look();
  return () => {
    over = true;
    cancel();
  };
}
