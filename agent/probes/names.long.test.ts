// @module-tag long
/** S13 on Linux: hostile names in /proc, /sys and the output of the sound server. */
import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Check, decode, digestOf, encode, type Profile, realClock } from '@sabha/contracts';
import { expect, it } from 'vitest';
import { reportFigure } from '../../test/figures.ts';
import { hostileNames } from '../../test/names.ts';
import { randomFrom } from '../../test/random.ts';
import { createCheckTable } from '../checks/check-table.ts';
import type { Probe } from '../checks/probe.ts';
import { createLinux } from '../platform/linux/linux.ts';
import { tree } from '../platform/linux/tree.test-helper.ts';
import { createProbes } from './probes.ts';

const count = 200;
/** Number of devices of each kind in one simulated PC. */
const each = 10;
const never = new AbortController().signal;
/** Time limit of the test. It starts about two thousand programs, which takes long on a busy machine. */
const patience = { timeout: 300_000, interval: 10 };
const self = { roundTripMs: null, clockOffsetMs: null, spool: { waiting: 0, bytes: 0, droppedInLastDay: 0 }, failing: [] };
const any = Array.from({ length: each }, () => ({}));
/** Half of the cameras come from the kernel, half from PipeWire only. */
const expected = { camera: [...any, ...any], microphone: any, speaker: any, display: any.slice(0, 8), program: any.slice(0, 8) };
const profile: Profile = { link: 'fibre', elevationM: 3_524, expected };

it(
  `S13 ${count} hostile names of devices and programs pass through every probe: none is executed, each is encoded as JSON`,
  patience,
  async () => {
    const root = tree({});
    const mark = join(root, 'executed');
    const names = hostileNames(randomFrom(13), count, mark);
    let [runs, said, named] = [0, 0, 0];
    for (let from = 0; from < count; from += each) {
      const platform = pcWith(names.slice(from, from + each));
      const table = createCheckTable(realClock());
      const look = async (probe: Probe) => {
        const { checks } = await probe.run({ platform, profile, self, signal: never });
        table.merge({ component: probe.name, everyMs: probe.everyMs, checks });
        runs += 1;
      };
      /**
       * Repeats the probes of a component until its checks are complete. On a busy machine the programs of a probe may exceed its time
       * limit.
       */
      const answers = (component: string, answered: (of: Check[]) => boolean) =>
        expect.poll(async () => {
          const of = table.checks().filter((one) => one.component === component);
          if (!answered(of)) for (const probe of createProbes().filter(({ name }) => name === component)) await look(probe);
          return answered(table.checks().filter((one) => one.component === component));
        }, patience);
      for (const probe of createProbes()) await look(probe);
      for (const component of ['camera', 'microphone', 'speaker', 'display', 'program'] as const) {
        const seen = (of: Check[]) => of.filter(({ status, name }) => status === 'ok' && name !== undefined).length;
        await answers(component, (of) => seen(of) === expected[component].length).toBe(true);
      }
      await answers('pc', (of) => of.some(({ device, fault }) => device === 'health' && fault === 'pc.disk_failing')).toBe(true);
      await answers('usb', (of) => of.some(({ fault }) => fault === 'usb.flapping')).toBe(true);
      const all = table.checks();
      expect(decode('state', encode('state', { digest: digestOf(all), session: 1, rev: 1, checks: all }))).toMatchObject({ ok: true });
      said += all.length;
      named += all.filter(({ name }) => name !== undefined).length;
      expect(existsSync(mark)).toBe(false);
    }
    reportFigure(
      'S13',
      `${count} names in ${runs} runs of the probes: 0 executed; ${said} checks said, all readable, ${named} of them with a name`,
    );
  },
);

function pcWith(names: readonly string[]) {
  const files = names.flatMap((name, n): [string, string][] => [
    [`sys/class/video4linux/video${n}/index`, '0\n'],
    [`sys/class/video4linux/video${n}/name`, `${name}\n`],
    [`sys/devices/${n}/idVendor`, '046d\n'],
    [`sys/devices/${n}/idProduct`, '082d\n'],
    [`sys/devices/${n}/serial`, `${name}\n`],
    [`sys/devices/${n}/picture/note`, ''],
    [`sys/bus/usb/devices/1-${n}/idVendor`, '046d\n'],
    [`sys/bus/usb/devices/1-${n}/idProduct`, `${name}\n`],
    [`sys/bus/usb/devices/1-${n}/product`, `${name}\n`],
    [`sys/bus/usb/devices/1-${n}/serial`, `${name}\n`],
    [`sys/bus/usb/devices/1-${n}/1-${n}:1.0/bInterfaceClass`, '0e\n'],
    [`sys/class/hwmon/hwmon${n}/name`, `${name}\n`],
    [`sys/class/hwmon/hwmon${n}/temp1_label`, `${name}\n`],
    [`sys/class/hwmon/hwmon${n}/temp1_input`, '41000\n'],
    [`sys/block/sd${n}/device/model`, `${name}\n`],
    [`sys/block/sd${n}/device/wwid`, `${name}\n`],
    [`sys/block/sd${n}/queue/rotational`, '1\n'],
    [`sys/class/drm/card0-DP-${n}/status`, 'connected\n'],
    [`sys/class/drm/card0-DP-${n}/modes`, `${name}\n1920x1080\n`],
    [`sys/class/drm/card0-DP-${n}/edid`, `${' '.repeat(54)}\0\0\0\u00fc\0${name}${' '.repeat(99)}`],
    [`sys/class/power_supply/${n}/type`, 'Battery\n'],
    [`sys/class/power_supply/${n}/model_name`, `${name}\n`],
    [`proc/${n + 1}/comm`, `${name}\n`],
    [`proc/${n + 1}/cmdline`, `${name}\0${name}`],
  ]);
  const root = tree({
    ...Object.fromEntries(files),
    'run/systemd/seats/seat0': names.map((name) => `ACTIVE=${name}\nSESSIONS=${name}`).join('\n'),
    'proc/mdstat': names
      .map((name, n) => `md${n} ${name} : active raid1\n 9 blocks [2/1] [U_] ${name}\nmd${name} : active\n[_U]\n`)
      .join(''),
    'dev/kmsg': names
      .map(
        (name) =>
          `3,1,1,-;${`I/O error, dev ${name}, sector 1`}\n3,1,x${name};I/O error, dev sd0\n6,1,1,-;usb 1-0: USB disconnect ${name}\n`,
      )
      .join(''),
    'etc/apt/apt.conf.d/50x': names.join('\n'),
    'etc/systemd/logind.conf': names.map((name) => `IdleAction=${name}`).join('\n'),
    'run/systemd/shutdown/scheduled': names.join('\nMODE='),
    ...Object.fromEntries(names.map((name, n) => [`usr/share/applications/${n}.desktop`, `[Desktop Entry]\nName=${name}\n`])),
    'proc/stat': 'cpu  100 0 50 800 50 0 0 0 0 0\n',
    'proc/uptime': '90.5 100\n',
    'proc/meminfo': 'MemTotal: 8000000 kB\nMemAvailable: 4000000 kB\n',
  });
  for (const n of names.keys()) symlinkSync(`../../../devices/${n}/picture`, join(root, `sys/class/video4linux/video${n}/device`));
  mkdirSync(join(root, 'bin'));
  for (const [file, made] of Object.entries(soundOf(names))) writeFileSync(join(root, `bin/${file}`), JSON.stringify(made));
  writeFileSync(join(root, 'bin/pactl'), `#!/bin/sh\nfor last; do :; done\nexec cat "${root}/bin/$last"\n`);
  writeFileSync(join(root, 'bin/pw-dump'), `#!/bin/sh\nexec cat "${root}/bin/pictures"\n`);
  writeFileSync(join(root, 'bin/gsettings'), `#!/bin/sh\nexec cat "${root}/dev/kmsg"\n`);
  writeFileSync(join(root, 'bin/busctl'), `#!/bin/sh\nexec cat "${root}/bin/drives"\n`);
  for (const program of ['pactl', 'pw-dump', 'busctl', 'gsettings']) chmodSync(join(root, 'bin', program), 0o755);
  return createLinux({ root, env: { PATH: `${root}/bin:/usr/bin:/bin`, XDG_RUNTIME_DIR: root }, clock: realClock() });
}

function soundOf(names: readonly string[]) {
  const volume = { mono: { value_percent: '70%' } };
  const device = (name: string, index: number) => ({ index, name: `${index} ${name}`, description: name, mute: false, volume });
  const stream = (side: string) => (name: string, n: number) => ({
    [side]: n,
    properties: { 'application.name': name, 'application.process.binary': name },
  });
  const picture = (name: string, id: number) => {
    const props = { 'media.class': 'Video/Source', 'node.name': `${id} ${name}`, 'node.description': name };
    return { id, type: 'PipeWire:Interface:Node', info: { props } };
  };
  const drive = (name: string) => {
    const faces = {
      'org.freedesktop.UDisks2.Drive': { Model: { data: name } },
      'org.freedesktop.UDisks2.Drive.Ata': { SmartFailing: { data: true } },
    };
    return [name, faces];
  };
  return {
    drives: { data: [Object.fromEntries(names.map(drive))] },
    pictures: names.map(picture),
    cards: names.map((name) => ({
      name,
      active_profile: 'off',
      profiles: { [name]: { sources: 1 } },
      properties: { 'device.description': name },
    })),
    info: { default_source_name: `0 ${names[0]}`, default_sink_name: `0 ${names[0]}` },
    sources: names.map(device),
    sinks: names.map(device),
    'source-outputs': names.map(stream('source')),
    'sink-inputs': names.map(stream('sink')),
  };
}
