/** Faults of power, temperature and elevation. */
import { checkedBy, type Fault, minute, type Reason, second, timing, type Words } from './row.ts';

/** Rows of the probes `power`, `ups` and `climate`. */
export const powerFaults = {
  'power.on_battery': {
    ...timing('major', ['pc.silent'], [5 * second, 10 * second]),
    ...checkedBy('/sys/class/power_supply, upsd', 'GetSystemPowerStatus, upsd'),
    title: { en: 'Running on battery', hi: 'बैटरी पर चल रहा है' },
    action: { en: 'Check the plug and the fuse. Start the generator if the cut lasts.', hi: 'प्लग और फ़्यूज़ देखें। बिजली न आए तो जनरेटर चलाएँ।' },
  },
  'power.battery_low': {
    ...timing('critical', ['pc.silent'], [0, 30 * second]),
    ...checkedBy('/sys/class/power_supply, upsd', 'GetSystemPowerStatus, upsd'),
    title: { en: 'Battery almost empty', hi: 'बैटरी ख़त्म होने वाली है' },
    action: { en: 'Save your work. Start the generator now, or shut the PC down.', hi: 'काम सेव करें। अभी जनरेटर चलाएँ, नहीं तो PC बंद करें।' },
  },
  'power.ups_lost': {
    ...timing('minor', ['pc.silent'], [5 * minute, minute]),
    ...checkedBy('upsd'),
    title: { en: 'The UPS does not answer', hi: 'UPS जवाब नहीं दे रहा' },
    action: { en: 'Check the USB cable between UPS and PC.', hi: 'UPS और PC के बीच की USB केबल देखें।' },
  },
  'power.ups_replace': {
    ...timing('minor', ['pc.silent'], [10 * minute, minute]),
    ...checkedBy('upsd'),
    title: { en: 'The battery of the UPS is worn out', hi: 'UPS की बैटरी कमज़ोर हो गई है' },
    action: { en: 'Order a new battery for the UPS.', hi: 'UPS के लिए नई बैटरी मँगाएँ।' },
  },
  'climate.room_hot': {
    ...timing('minor', ['pc.silent'], [10 * minute, 5 * minute]),
    ...checkedBy('/sys/class/hwmon, upsd', 'a UPS by upsd; the sensors of the PC need a driver'),
    title: { en: 'The room is too warm for a PC at this altitude', hi: 'इस ऊँचाई पर PC के लिए कमरा ज़्यादा गर्म है' },
    action: {
      en: 'Open a window or switch the cooling on. Keep the vents of the PC free.',
      hi: 'खिड़की खोलें या कूलर चलाएँ। PC के हवा के छेद खुले रखें।',
    },
  },
  'climate.cold': {
    ...timing('minor', ['pc.silent'], [5 * minute, 5 * minute]),
    ...checkedBy('/sys/class/hwmon, upsd', 'a UPS by upsd; the sensors of the PC need a driver'),
    title: { en: 'The PC is too cold', hi: 'PC बहुत ठंडा है' },
    action: { en: 'Heat the room. Do not switch the PC off while it is cold.', hi: 'कमरा गर्म करें। ठंड में PC बंद न करें।' },
  },
  'climate.cold_start': {
    ...timing('major', ['pc.silent'], [0, 10 * minute]),
    ...checkedBy('/sys/class/hwmon, upsd', 'a UPS by upsd; the sensors of the PC need a driver'),
    title: { en: 'The PC was switched on while very cold', hi: 'PC बहुत ठंड में चालू किया गया' },
    action: {
      en: 'Heat the room to 10 °C. Next time wait two hours before switching the PC on.',
      hi: 'कमरे को 10 °C तक गर्म करें। अगली बार PC चालू करने से पहले दो घंटे रुकें।',
    },
  },
  'climate.charge_cold': {
    ...timing('minor', ['pc.silent'], [10 * minute, 10 * minute]),
    ...checkedBy('/sys/class/hwmon, upsd', 'a UPS by upsd; the sensors of the PC need a driver'),
    title: { en: 'Too cold to charge the battery', hi: 'बैटरी चार्ज करने के लिए बहुत ठंड है' },
    action: { en: 'Heat the room before the battery is charged.', hi: 'बैटरी चार्ज होने से पहले कमरा गर्म करें।' },
  },
  'climate.dry_air': {
    ...timing('info', ['pc.silent'], [30 * minute, 30 * minute]),
    ...checkedBy('/sys/class/hwmon, upsd', 'a UPS by upsd; the sensors of the PC need a driver'),
    title: { en: 'The air is very dry', hi: 'हवा बहुत सूखी है' },
    action: {
      en: 'Touch bare metal before you touch a cable. Put a bowl of water in the room.',
      hi: 'केबल छूने से पहले किसी धातु को छुएँ। कमरे में पानी भरा बर्तन रखें।',
    },
  },
  'climate.rise_high': {
    ...timing('minor', ['pc.silent', 'pc.hot'], [10 * minute, 10 * minute]),
    ...checkedBy('/sys/class/hwmon, upsd', 'a UPS by upsd; the sensors of the PC need a driver'),
    title: { en: 'The PC runs hotter than it used to', hi: 'PC पहले से ज़्यादा गर्म चल रहा है' },
    action: { en: 'Clear the air vents of the PC. Check that its fan turns.', hi: 'PC के हवा के छेद साफ़ करें। देखें कि पंखा चल रहा है।' },
  },
  'climate.hdd_altitude': {
    ...timing('info', ['pc.silent'], [0, minute]),
    ...checkedBy('/sys/class/block', 'Get-PhysicalDisk, once a day'),
    title: { en: 'The hard disk is not made for this altitude', hi: 'हार्ड डिस्क इस ऊँचाई के लिए नहीं बनी' },
    action: { en: 'Order an SSD for this PC. Copy the files of the disk.', hi: 'इस PC के लिए SSD मँगाएँ। फ़ाइलों की कॉपी रखें।' },
  },
  'climate.device_altitude': {
    ...timing('info', ['pc.silent'], [0, minute]),
    ...checkedBy('/sys/class/drm and dmi, names of cameras and sound', 'BIOS in the registry, names of cameras and sound'),
    title: { en: 'A device is not made for this altitude', hi: 'एक डिवाइस इस ऊँचाई के लिए नहीं बना' },
    action: { en: "Ask the state's engineer for a model for this altitude.", hi: 'राज्य के इंजीनियर से इस ऊँचाई के लिए बना मॉडल माँगें।' },
  },
} as const satisfies Record<string, Fault>;

/** Names of components, or of a part of one as `component.device`. */
export const powerComponents = {
  power: { en: 'Power', hi: 'बिजली' },
  'power.mains': { en: 'Mains', hi: 'मेन बिजली' },
  'power.battery': { en: 'Battery', hi: 'बैटरी' },
  'power.ups': { en: 'UPS', hi: 'UPS' },
  climate: { en: 'Room and cooling', hi: 'कमरा और ठंडक' },
  'climate.room': { en: 'Room', hi: 'कमरा' },
  'climate.air': { en: 'Air of the room', hi: 'कमरे की हवा' },
  'climate.board': { en: 'Inside of the PC', hi: 'PC के अंदर' },
  'climate.battery': { en: 'Charging of the battery', hi: 'बैटरी की चार्जिंग' },
  'climate.rise': { en: 'Heat compared with usual', hi: 'रोज़ के मुक़ाबले गर्मी' },
} as const satisfies Record<string, Words>;

export const powerReasons: readonly Reason[] = [
  ['^upsd does not answer$', 'upsd जवाब नहीं दे रहा'],
  ['^the answer of upsd cannot be read$', 'upsd का जवाब समझ में नहीं आता'],
  ['^upsd does not give this PC access$', 'upsd इस PC को जानकारी नहीं देता'],
  ['^upsd does not know this UPS$', 'upsd इस UPS को नहीं जानता'],
  ['^upsd refuses: ([A-Z-]+)$', 'upsd मना करता है: $1'],
  ['^the UPS no longer reports its state$', 'UPS अब अपना हाल नहीं बता रहा'],
  ['^the driver of the UPS does not run$', 'UPS का ड्राइवर नहीं चल रहा'],
  ['^the UPS does not report its state$', 'UPS अपना हाल नहीं बता रहा'],
  ['^only the inside of the UPS is measured$', 'तापमान सिर्फ़ UPS के अंदर का पता है'],
  ['^no sensor measures it now$', 'अभी इसे कोई सेंसर नहीं माप रहा'],
  ['^drier than 10 %$', '10 % से भी सूखी'],
  ['^made for at most (\\d+) m$', 'ज़्यादा से ज़्यादा $1 मीटर के लिए बना है'],
];
