import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import host from 'node:process';
import { expect, it, onTestFinished } from 'vitest';
import { readCameras } from './cameras.ts';

const signal = new AbortController().signal;

/** A tree as the kernel shows it: files by their text, links by `-> target`. */
function tree(entries: Record<string, string>): string {
  const root = scratch();
  for (const [path, text] of Object.entries({ 'sys/class/tty/note': '', 'proc/version': '', ...entries })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    if (text.startsWith('-> ')) symlinkSync(text.slice(3), join(root, path));
    else writeFileSync(join(root, path), `${text}\n`);
  }
  return root;
}

const port = 'sys/devices/pci0/usb1/1-2';
const list = 'sys/class/video4linux';
const c920 = {
  [`${port}/idVendor`]: '046d',
  [`${port}/idProduct`]: '082d',
  [`${port}/serial`]: 'A1B2',
  [`${port}/1-2:1.0/video4linux/video0/name`]: 'HD Pro Webcam C920',
  [`${port}/1-2:1.0/video4linux/video0/index`]: '0',
  [`${port}/1-2:1.0/video4linux/video0/device`]: '-> ../../../1-2:1.0',
  [`${port}/1-2:1.0/video4linux/video1/name`]: 'HD Pro Webcam C920',
  [`${port}/1-2:1.0/video4linux/video1/index`]: '1',
  [`${list}/video0`]: '-> ../../devices/pci0/usb1/1-2/1-2:1.0/video4linux/video0',
  [`${list}/video1`]: '-> ../../devices/pci0/usb1/1-2/1-2:1.0/video4linux/video1',
};
const program = (pid: number, comm: string, exe: string, ...open: string[]) => ({
  [`proc/${pid}/comm`]: comm,
  [`proc/${pid}/exe`]: `-> ${exe}`,
  ...Object.fromEntries(['/dev/null', ...open].map((target, fd) => [`proc/${pid}/fd/${fd}`, `-> ${target}`])),
});

it('finds a camera once, by vendor, product and serial number, and leaves its metadata node out', async () => {
  expect(await readCameras(tree({ ...c920, ...program(9, 'bash', '/bin/bash') }), signal)).toEqual({
    known: true,
    value: [{ id: 'usb-046d:082d-A1B2', name: 'HD Pro Webcam C920', usedBy: { known: true, value: [] } }],
  });
});

it('knows a camera without a serial number by its port, and one that is on no bus by its node', async () => {
  const { [`${port}/serial`]: _serial, ...plain } = c920;
  const root = tree({ ...plain, [`${list}/video7/name`]: '$(reboot)"</script> सभा' });
  const answer = await readCameras(root, signal);
  expect(answer.known && answer.value.map(({ id, name }) => [id, name])).toEqual([
    ['usb-046d:082d-1-2', 'HD Pro Webcam C920'],
    ['video7', '$(reboot)"</script> सभा'],
  ]);
});

it('names the program that holds a camera, by its binary, and not the desktop service that only lists it', async () => {
  const root = tree({
    ...c920,
    ...program(10, 'pipewire', '/usr/bin/pipewire', '/dev/video0'),
    ...program(11, 'VideoCapture', '/opt/zoom/zoom', '/dev/video0', '/dev/video0'),
    ...program(12, 'diary', '/home/kiosk/diary (deleted)', '/dev/video0'),
    ...program(13, 'other', '/opt/google/chrome/chrome', '/dev/video4'),
  });
  expect(await readCameras(root, signal)).toMatchObject({ value: [{ usedBy: { known: true, value: ['another program', 'zoom'] } }] });
});

it('says no camera where the kernel lists none, and does not know where its list is away', async () => {
  expect(await readCameras(tree({}), signal)).toEqual({ known: true, value: [] });
  const bare = scratch();
  expect(await readCameras(bare, signal)).toEqual({ known: false, reason: 'device list of the kernel cannot be read' });
});

it('does not know whether a camera is in use where it may not look into a program; one that it sees is told', async () => {
  const root = tree({ ...c920, ...program(20, 'secret', '/bin/secret'), ...program(21, 'zoom', '/opt/zoom/zoom') });
  const seen = tree({ ...c920, ...program(20, 'secret', '/bin/secret'), ...program(21, 'zoom', '/opt/zoom/zoom', '/dev/video0') });
  for (const one of [root, seen]) close(join(one, 'proc/20/fd'));
  const unknown = { known: false, reason: 'programs of other users cannot be looked into' };
  expect(await asPlainUser([root, seen], () => readCameras(root, signal))).toMatchObject({ value: [{ usedBy: unknown }] });
  expect(await asPlainUser([root, seen], () => readCameras(seen, signal))).toMatchObject({ value: [{ usedBy: { value: ['zoom'] } }] });
});

it('stops in the middle of a long look when the signal aborts', async () => {
  const root = tree({ ...c920, ...program(9, 'bash', '/bin/bash') });
  await expect(readCameras(root, AbortSignal.abort(new Error('late')))).rejects.toThrow('late');
});

function close(folder: string): void {
  chmodSync(folder, 0o000);
  onTestFinished(() => chmodSync(folder, 0o755));
}

/** Root may look into everything: as root the question is asked with the rights of nobody. */
async function asPlainUser<T>(roots: string[], ask: () => Promise<T>): Promise<T> {
  if (host.getuid?.() !== 0) return ask();
  for (const root of roots) chmodSync(root, 0o755);
  host.seteuid?.(65_534);
  try {
    return await ask();
  } finally {
    host.seteuid?.(0);
  }
}

/** A folder that goes with the test. */
function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-cameras-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
