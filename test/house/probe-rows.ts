/** What a PC is asked for each fault, and with what: `docs/probes.md` shows it, `probes.test.ts` holds it against catalogue and code. */
import { faultOf } from '#contracts';

/** `n`: its row in the research on probes. `linux`, `windows`: what is read there; `due` where it is not written yet. */
export type ProbeRow = { n?: number; fault: string; linux: string; windows: string; test: string };

/** Not written yet. */
export const due = 'due';
/** Not to be had of Windows, and why. */
const none = (why: string) => `none: ${why}`;
/** Nothing of a system is asked. */
const any = 'the same';
const sound = 'PipeWire or PulseAudio by `pactl`';
const audio = 'Core Audio';
const devices = 'cfgmgr32';
const problem = 'cfgmgr32: codes of the device manager';
const privacy = 'ConsentStore and policies in the registry';
const screens = 'EnumDisplayDevices, EDID in the registry';
const room = 'agent/probes/room';
const pc = 'agent/probes/pc';
const link = 'agent/probes/link';

/** Those of the research in its order, then the others by component. */
export const probeRows: readonly ProbeRow[] = [
  { n: 1, fault: 'camera.missing', linux: 'sysfs, PipeWire by `pw-dump`', windows: devices, test: `${room}/camera.test.ts` },
  { n: 2, fault: 'camera.driver', linux: 'functions of the USB device', windows: problem, test: `${room}/camera.test.ts` },
  { n: 3, fault: 'camera.disabled', linux: 'authorized of the USB device', windows: problem, test: `${room}/camera.test.ts` },
  { n: 4, fault: 'camera.no_driver', linux: 'functions of the USB device, uvcvideo', windows: problem, test: `${room}/camera.test.ts` },
  { n: 5, fault: 'camera.no_frames', linux: due, windows: due, test: '' },
  {
    n: 6,
    fault: 'camera.held',
    linux: 'open files of /proc, PipeWire',
    windows: 'ConsentStore of the registry, where there is one camera',
    test: `${room}/camera.test.ts`,
  },
  { n: 7, fault: 'camera.black', linux: due, windows: due, test: '' },
  { n: 8, fault: 'camera.covered', linux: due, windows: due, test: '' },
  { n: 9, fault: 'camera.frozen', linux: due, windows: due, test: '' },
  { n: 10, fault: 'camera.placeholder', linux: due, windows: due, test: '' },
  { n: 11, fault: 'camera.too_dark', linux: due, windows: due, test: '' },
  { n: 11, fault: 'camera.over_exposed', linux: due, windows: due, test: '' },
  { n: 12, fault: 'camera.blurred', linux: due, windows: due, test: '' },
  { n: 13, fault: 'camera.low_fps', linux: due, windows: due, test: '' },
  {
    n: 14,
    fault: 'camera.slow_port',
    linux: 'speed and version of the USB device, our table',
    windows: none('cfgmgr32 tells no speed, and the hub would have to be opened'),
    test: `${room}/camera.test.ts`,
  },
  {
    n: 15,
    fault: 'camera.privacy',
    linux: 'keys of Dell and Lenovo in sysfs, GNOME by `gsettings`',
    windows: privacy,
    test: `${room}/camera.test.ts`,
  },
  {
    n: 16,
    fault: 'usb.flapping',
    linux: 'devnum of /sys/bus/usb, the kernel log',
    windows: 'cfgmgr32: when a device last came',
    test: `${room}/usb.test.ts`,
  },
  { n: 17, fault: 'microphone.missing', linux: sound, windows: audio, test: `${room}/microphone.test.ts` },
  { n: 18, fault: 'microphone.not_default', linux: sound, windows: audio, test: `${room}/microphone.test.ts` },
  { n: 19, fault: 'microphone.muted', linux: sound, windows: audio, test: `${room}/microphone.test.ts` },
  { n: 20, fault: 'microphone.volume_low', linux: sound, windows: audio, test: `${room}/microphone.test.ts` },
  { n: 21, fault: 'microphone.silent', linux: due, windows: due, test: '' },
  { n: 22, fault: 'microphone.too_quiet', linux: due, windows: due, test: '' },
  { n: 23, fault: 'microphone.clipping', linux: due, windows: due, test: '' },
  { n: 24, fault: 'microphone.noisy', linux: due, windows: due, test: '' },
  { n: 25, fault: 'microphone.hum', linux: due, windows: due, test: '' },
  { n: 26, fault: 'microphone.stalled', linux: due, windows: due, test: '' },
  { n: 27, fault: 'microphone.exclusive_held', linux: 'there is no such mode', windows: due, test: '' },
  {
    n: 28,
    fault: 'microphone.disabled',
    linux: 'cards and ports by `pactl`, authorized of the USB device',
    windows: 'Core Audio: states of the ends',
    test: `${room}/microphone.test.ts`,
  },
  {
    n: 29,
    fault: 'microphone.privacy',
    linux: 'keys of Dell in sysfs, GNOME by `gsettings`',
    windows: privacy,
    test: `${room}/microphone.test.ts`,
  },
  { n: 30, fault: 'speaker.missing', linux: sound, windows: audio, test: `${room}/speaker.test.ts` },
  { n: 31, fault: 'speaker.muted', linux: sound, windows: audio, test: `${room}/speaker.test.ts` },
  { n: 31, fault: 'speaker.volume_low', linux: sound, windows: audio, test: `${room}/speaker.test.ts` },
  { n: 32, fault: 'speaker.not_default', linux: sound, windows: audio, test: `${room}/speaker.test.ts` },
  { n: 33, fault: 'speaker.no_sound', linux: due, windows: due, test: '' },
  { n: 34, fault: 'display.missing', linux: '/sys/class/drm', windows: screens, test: `${room}/display.test.ts` },
  { n: 35, fault: 'display.low_resolution', linux: 'modes and EDID of /sys/class/drm', windows: screens, test: `${room}/display.test.ts` },
  { n: 36, fault: 'pc.restart_pending', linux: '/run/reboot-required', windows: 'marks in the registry', test: `${pc}/upkeep.test.ts` },
  { n: 37, fault: 'pc.disk_full', linux: 'one statfs', windows: any, test: `${pc}/pc.test.ts` },
  {
    n: 37,
    fault: 'pc.disk_failing',
    linux: 'ext4, md, the kernel log, UDisks by `busctl`',
    windows: 'Get-PhysicalDisk, once a day',
    test: `${pc}/upkeep.test.ts`,
  },
  {
    n: 38,
    fault: 'pc.hot',
    linux: '/sys/class/hwmon and thermal',
    windows: none('its sensors need a driver'),
    test: `${pc}/pc.test.ts`,
  },
  {
    n: 38,
    fault: 'pc.throttled',
    linux: 'counters of the processor in sysfs',
    windows: none('its counter of limits does not tell heat from a setting'),
    test: `${pc}/upkeep.test.ts`,
  },
  { n: 39, fault: 'pc.load_high', linux: '/proc/stat', windows: 'processor times by Node', test: `${pc}/pc.test.ts` },
  {
    n: 40,
    fault: 'power.on_battery',
    linux: '/sys/class/power_supply, upsd',
    windows: 'GetSystemPowerStatus, upsd',
    test: `${pc}/power.test.ts`,
  },
  { n: 40, fault: 'pc.crashed', linux: 'pstore, /var/crash', windows: 'Minidump, MEMORY.DMP', test: `${pc}/upkeep.test.ts` },
  { n: 41, fault: 'clock.wrong', linux: 'the answers of the centre', windows: any, test: `${pc}/clock.test.ts` },
  { n: 42, fault: 'agent.probe_failed', linux: 'the agent itself', windows: any, test: `${pc}/agent.test.ts` },
  { n: 43, fault: 'session.none', linux: 'files of logind', windows: 'sessions of WTS', test: `${room}/session.test.ts` },
  {
    n: 44,
    fault: 'program.missing',
    linux: 'entries of the menu',
    windows: 'uninstallers and packages in the registry',
    test: `${room}/program.test.ts`,
  },
  { fault: 'camera.virtual', linux: 'sysfs, PipeWire', windows: 'cfgmgr32: devices that no bus has', test: `${room}/camera.test.ts` },
  {
    fault: 'sound.service_down',
    linux: 'the socket of the sound server, else `pactl`',
    windows: 'Core Audio, the service Audiosrv',
    test: `${room}/sound.test.ts`,
  },
  { fault: 'microphone.roles_split', linux: 'there are no such roles', windows: audio, test: `${room}/microphone.test.ts` },
  { fault: 'usb.power_saving', linux: 'power of the USB device', windows: 'power plan in the registry', test: `${room}/usb.test.ts` },
  { fault: 'session.locked', linux: '`loginctl`', windows: 'sessions of WTS', test: `${room}/session.test.ts` },
  { fault: 'pc.memory_low', linux: '/proc/meminfo', windows: any, test: `${pc}/pc.test.ts` },
  {
    fault: 'pc.sleeps',
    linux: 'the clock that knows of sleep, logind.conf, GNOME by `gsettings`',
    windows: 'power plan in the registry',
    test: `${pc}/upkeep.test.ts`,
  },
  {
    fault: 'pc.restart_planned',
    linux: 'systemd, settings of apt',
    windows: 'ScheduledRebootTime in the registry',
    test: `${pc}/upkeep.test.ts`,
  },
  {
    fault: 'power.battery_low',
    linux: '/sys/class/power_supply, upsd',
    windows: 'GetSystemPowerStatus, upsd',
    test: `${pc}/power.test.ts`,
  },
  { fault: 'power.ups_lost', linux: 'upsd', windows: any, test: `${pc}/power.test.ts` },
  { fault: 'power.ups_replace', linux: 'upsd', windows: any, test: `${pc}/power.test.ts` },
  { fault: 'agent.events_dropped', linux: 'the agent itself', windows: any, test: `${pc}/agent.test.ts` },
  { fault: 'agent.certificate', linux: 'the agent itself', windows: any, test: `${pc}/agent.test.ts` },
  ...climate('climate.room_hot', 'climate.cold', 'climate.cold_start', 'climate.charge_cold', 'climate.dry_air', 'climate.rise_high'),
  {
    fault: 'climate.hdd_altitude',
    linux: '/sys/class/block',
    windows: 'Get-PhysicalDisk, once a day',
    test: `${pc}/climate.test.ts`,
  },
  {
    fault: 'climate.device_altitude',
    linux: '/sys/class/drm and dmi, names of cameras and sound',
    windows: 'BIOS in the registry, names of cameras and sound',
    test: `${pc}/climate.test.ts`,
  },
  ...measured('link.loss_high', 'link.jitter_high', 'link.delay_high', 'link.tier_low', 'link.udp_blocked'),
  { fault: 'link.budget_spent', linux: 'the agent itself', windows: any, test: `${link}/budget.test.ts` },
  ...way('path.local', 'path.gateway', 'path.dns', 'path.last_mile', 'path.between', 'path.centre'),
  ...['bridge.silent', 'bridge.refused'].map((fault) => ({ fault, linux: 'SIP OPTIONS', windows: any, test: `${link}/bridge.test.ts` })),
];

function climate(...faults: string[]): ProbeRow[] {
  const windows = 'a UPS by upsd; the sensors of the PC need a driver';
  return faults.map((fault) => ({ fault, linux: '/sys/class/hwmon, upsd', windows, test: `${pc}/climate.test.ts` }));
}

function measured(...faults: string[]): ProbeRow[] {
  return faults.map((fault) => ({ fault, linux: 'the reflector of the centre', windows: any, test: `${link}/link.test.ts` }));
}

function way(...faults: string[]): ProbeRow[] {
  const linux = 'the network of /proc and /sys, sockets';
  return faults.map((fault) => ({ fault, linux, windows: 'routes and neighbours by iphlpapi, sockets', test: `${link}/path.test.ts` }));
}

/** The page: each row with what the catalogue says of its fault. */
export function probesPage(): string {
  const said = (ids: readonly string[]) => ids.filter((id) => id !== 'pc.silent').join(', ') || '';
  const lines = probeRows.map(({ n, fault: id, linux, windows, test }) => {
    const fault = faultOf(id);
    const cells = fault === undefined ? ['', '', ''] : [fault.severity, `${fault.holdMs / 1_000} s`, said(fault.parents)];
    const proof = test === '' ? '' : `\`${test}\``;
    return `| ${[n ?? '', id, ...cells, linux, windows, proof].join(' | ')} |`;
  });
  return [
    '# What a PC is asked, and with what',
    '',
    'Made by `npm run generate` from `test/house/probe-rows.ts` and the catalogue. *due*: not written yet, so that nobody is told of this fault there; *none*: it cannot be had there; a system without',
    'a reading answers *unknown*, or has no check of it. A silent PC hides all of them. State probes open no camera, record nothing and change nothing.',
    '',
    '| no. | fault | severity | told after | hidden by | on Linux | on Windows | test |',
    '|---|---|---|---|---|---|---|---|',
    ...lines,
    '',
  ].join('\n');
}
