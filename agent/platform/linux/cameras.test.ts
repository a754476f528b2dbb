import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Output } from '../child.ts';
import { readCameras as read } from './cameras.ts';
import { readVideoSources } from './desktop/video-sources.ts';

const signal = new AbortController().signal;
/** Result of `pw-dump` on a PC without PipeWire. */
const noPipeWire: Output = { ok: false, why: 'failed', text: "can't connect: Host is down" };
const readCameras = (root: string, limit = signal, dumped: Output = noPipeWire) =>
  read(root, limit, (asked) => readVideoSources(async () => dumped, asked));
const record = (file: string): Output => ({
  ok: true,
  text: readFileSync(new URL(`../../../test/fixtures/linux/${file}`, import.meta.url), 'utf8'),
});

/** Creates the files of a sysfs tree. An entry that begins with `->` becomes a symbolic link, any other entry a file with this text. */
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

it('the camera list of Linux contains a camera once, with vendor, product and serial number as its id, and omits its metadata node', async () => {
  expect(await readCameras(tree({ ...c920, ...program(9, 'bash', '/bin/bash') }), signal)).toEqual({
    known: true,
    value: [{ id: 'usb-046d:082d-A1B2', name: 'HD Pro Webcam C920', usedBy: { known: true, value: [] } }],
  });
});

it('the camera list of Linux identifies a camera without serial number by its port, and a camera without a bus by its node', async () => {
  const { [`${port}/serial`]: _serial, ...plain } = c920;
  const root = tree({ ...plain, [`${list}/video7/name`]: '$(reboot)"</script> सभा' });
  const answer = await readCameras(root, signal);
  expect(answer.known && answer.value.map(({ id, name }) => [id, name])).toEqual([
    ['usb-046d:082d-1-2', 'HD Pro Webcam C920'],
    ['video7', '$(reboot)"</script> सभा'],
  ]);
});

it('the camera list of Linux names the program that uses a camera by its binary, without the desktop services that only list cameras', async () => {
  const root = tree({
    ...c920,
    ...program(10, 'pipewire', '/usr/bin/pipewire', '/dev/video0'),
    ...program(11, 'VideoCapture', '/opt/zoom/zoom', '/dev/video0', '/dev/video0'),
    ...program(12, 'diary', '/home/kiosk/diary (deleted)', '/dev/video0'),
    ...program(13, 'other', '/opt/google/chrome/chrome', '/dev/video4'),
  });
  expect(await readCameras(root, signal)).toMatchObject({ value: [{ usedBy: { known: true, value: ['another program', 'zoom'] } }] });
});

it('the camera list of Linux returns no cameras if the kernel lists none, and unknown if its list is missing', async () => {
  expect(await readCameras(tree({}), signal)).toEqual({ known: true, value: [] });
  const bare = scratch();
  expect(await readCameras(bare, signal)).toEqual({ known: false, reason: 'device list of the kernel cannot be read' });
});

/** Returns the sysfs entries of a video node. Without `behind`, it is a virtual node that a program made. */
const node = (at: number, name: string, behind?: { bus: string; driver: string }) => ({
  [`sys/devices/${at}/video4linux/video${at}/name`]: name,
  [`sys/devices/${at}/video4linux/video${at}/index`]: '0',
  [`${list}/video${at}`]: `-> ../../devices/${at}/video4linux/video${at}`,
  ...(behind && {
    [`sys/devices/${at}/video4linux/video${at}/device`]: `-> ../..`,
    [`sys/bus/${behind.bus}/note`]: '',
    [`sys/bus/${behind.bus}/drivers/${behind.driver}/note`]: '',
    [`sys/devices/${at}/subsystem`]: `-> ../../bus/${behind.bus}`,
    [`sys/devices/${at}/driver`]: `-> ../../bus/${behind.bus}/drivers/${behind.driver}`,
  }),
});
const namesOf = async (root: string, dumped?: Output) => {
  const answer = await readCameras(root, signal, dumped);
  return answer.known ? answer.value.map(({ name, isVirtual }) => (isVirtual ? `(${name})` : name)) : answer.reason;
};

it('the camera list of Linux contains a capture card, but not an OBS camera as a real one, a decoder, or a raw sensor', async () => {
  const others = {
    ...node(2, 'OBS Virtual Camera'),
    ...node(3, 'bcm2835-codec-decode', { bus: 'platform', driver: 'bcm2835-codec' }),
    ...node(4, 'unicam-image', { bus: 'platform', driver: 'unicam' }),
    ...node(5, 'Intel IPU6 ISYS Capture 0', { bus: 'pci', driver: 'intel-ipu6-isys' }),
    ...node(6, 'hantro-vpu-dec', { bus: 'pci', driver: 'some-decoder' }),
  };
  const session = printed([]);
  expect(await namesOf(tree(others), session)).toEqual(['(OBS Virtual Camera)']);
  expect(await namesOf(tree({ ...others, ...c920 }), session)).toEqual(['HD Pro Webcam C920', '(OBS Virtual Camera)']);
  const card = node(7, 'Magewell Pro Capture', { bus: 'pci', driver: 'ProCapture' });
  expect(await namesOf(tree(card), session)).toEqual(['Magewell Pro Capture']);
});

it('the camera list of Linux contains a PipeWire Video/Source without a kernel node, with the program that uses it', async () => {
  const idle = { id: 'conf_cam', name: 'ConfCam', usedBy: { known: true, value: [] as string[] }, isSessionOnly: true };
  expect(await readCameras(tree({}), signal, record('pw-dump-camera-idle-filtered.json'))).toEqual({ known: true, value: [idle] });
  const inUse = { ...idle, usedBy: { known: true, value: ['another program'] } };
  expect(await readCameras(tree({}), signal, record('pw-dump-camera-inuse-filtered.json'))).toEqual({ known: true, value: [inUse] });
});

it('the camera list of Linux is empty only if every source that may know a camera has answered, otherwise unknown', async () => {
  const hung: Output = { ok: false, why: 'aborted', text: '' };
  expect(await namesOf(tree({}))).toEqual([]);
  expect(await namesOf(tree({}), hung)).toBe('PipeWire does not answer');
  expect(await namesOf(tree(c920), hung)).toEqual(['HD Pro Webcam C920']);
  for (const text of ['', 'no json', '{}', '[{"id":"x"}]', '[{"id":1'])
    expect(await namesOf(tree({}), { ok: true, text }), text).toBe('pw-dump: answer cannot be read');
  expect(
    await namesOf(
      tree({}),
      printed([
        { id: 1, type: 'x', info: null },
        { id: 2, type: 'y', info: { props: { 'node.name': 7 } } },
      ]),
    ),
  ).toEqual([]);
  // libcamera turns a built-in raw sensor into a camera, which only PipeWire lists.
  expect(await namesOf(tree(node(5, 'Intel IPU6 ISYS Capture 0', { bus: 'pci', driver: 'intel-ipu6' })))).toBe('no PipeWire');
});

function printed(things: object[]): Output {
  return { ok: true, text: JSON.stringify(things) };
}

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sabha-cameras-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
