/** Cameras by sysfs, and who holds them by /proc. No camera is opened. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Answer, Camera } from '../platform.ts';
import { programLabels } from '../programs.ts';
import { shortId, shortText } from '../text.ts';
import { readNames, readNumber, readText } from './files.ts';

/** The desktop's own camera services hold devices for others, or only to list them. */
const services = new Set(['pipewire', 'wireplumber']);

type Node = { node: string; id: string; name: string };
type Holders = { byNode: Map<string, string[]>; complete: boolean };

/** The cameras that the kernel lists. Guarantee: none is an answer only where the kernel's list could be read. */
export async function readCameras(root: string, signal: AbortSignal): Promise<Answer<Camera[]>> {
  if ((await readNames(join(root, 'sys/class'))) === undefined) return { known: false, reason: 'device list of the kernel cannot be read' };
  const nodes = await listNodes(root);
  if (nodes.length === 0) return { known: true, value: [] };
  const holders = await findHolders(root, signal);
  return { known: true, value: nodes.map((one) => ({ id: one.id, name: one.name, usedBy: usedBy(one.node, holders) })) };
}

/** The kernel makes the folder with the first camera driver. Index 0 is the picture, higher ones are metadata of the same camera. */
async function listNodes(root: string): Promise<Node[]> {
  const folder = join(root, 'sys/class/video4linux');
  const nodes: Node[] = [];
  for (const node of (await readNames(folder)) ?? []) {
    if (!/^video\d+$/.test(node) || ((await readNumber(join(folder, node, 'index'))) ?? 0) !== 0) continue;
    const name = await readText(join(folder, node, 'name'));
    const id = (await usbIdentity(join(folder, node, 'device'))) ?? node;
    const twin = nodes.some((other) => other.id === shortId(id));
    nodes.push({ node, id: shortId(twin ? `${id}-${node}` : id), name: shortText(name || node) });
  }
  return nodes;
}

/** Vendor, product and serial number, or the port for the many cameras without a serial number. */
async function usbIdentity(device: string): Promise<string | undefined> {
  const usb = dirname(await realpath(device).catch(() => device));
  const vendor = await readText(join(usb, 'idVendor'));
  const product = await readText(join(usb, 'idProduct'));
  if (!vendor || !product) return undefined;
  return `usb-${vendor}:${product}-${(await readText(join(usb, 'serial'))) || basename(usb)}`;
}

function usedBy(node: string, holders: Holders): Answer<string[]> {
  const programs = programLabels(holders.byNode.get(node) ?? []);
  if (programs.length === 0 && !holders.complete) return { known: false, reason: 'programs of other users cannot be looked into' };
  return { known: true, value: programs };
}

/** Synchronous reads are a third of the cost here; a pause between two processes keeps the agent answering. */
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

/** Camera nodes that a process has open; undefined where we may not look. */
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

/** The binary says more than `comm`, which a thread may rename and the kernel cuts at 15 letters. */
function programName(folder: string): string | undefined {
  try {
    const comm = readFileSync(join(folder, 'comm'), 'utf8').trim();
    return services.has(comm) ? comm : basename(readlinkSync(join(folder, 'exe')).replace(/ \(deleted\)$/, ''));
  } catch {
    return undefined;
  }
}
