/** Faults of room equipment: camera, microphone, speaker, display, their USB, and the sound service and programs of the PC. */
import { checkedBy, type Fault, minute, type Reason, second, timing, type Words } from './row.ts';

const bySound = checkedBy('PipeWire or PulseAudio by `pactl`', 'Core Audio');

/** Faults that hide those of a sound device. */
const noSound = ['pc.silent', 'usb.flapping', 'sound.service_down'] as const;

/** Rows of the device probes. */
export const roomFaults = {
  'camera.missing': {
    ...timing('critical', ['pc.silent', 'usb.flapping'], [20 * second, 5 * second]),
    ...checkedBy('sysfs, PipeWire by `pw-dump`', 'cfgmgr32'),
    title: { en: 'Camera not found', hi: 'कैमरा नहीं मिल रहा' },
    action: {
      en: 'Unplug the camera cable and plug it in again. If it is still not found, try another USB port.',
      hi: 'कैमरे की केबल निकालकर दोबारा लगाएँ। फिर भी न मिले तो दूसरे USB पोर्ट में लगाएँ।',
    },
  },
  'camera.virtual': {
    ...timing('critical', ['pc.silent', 'usb.flapping'], [20 * second, 5 * second]),
    ...checkedBy('sysfs, PipeWire', 'cfgmgr32: devices that no bus has'),
    title: { en: 'Only a virtual camera was found', hi: 'सिर्फ़ वर्चुअल कैमरा मिला' },
    action: {
      en: 'Plug in the camera of the room. Choose it in the meeting program.',
      hi: 'कमरे का कैमरा लगाएँ। मीटिंग के प्रोग्राम में उसी को चुनें।',
    },
  },
  'camera.held': {
    ...timing('minor', ['pc.silent', 'usb.flapping', 'camera.missing', 'camera.virtual'], [minute, 5 * second]),
    ...checkedBy('open files of /proc, PipeWire', 'ConsentStore of the registry, where there is one camera'),
    title: { en: 'A program has kept the camera open for hours', hi: 'कैमरा घंटों से किसी प्रोग्राम में खुला है' },
    action: {
      en: 'Close the program that is named. If it does not close, restart the PC.',
      hi: 'जिस प्रोग्राम का नाम है उसे बंद करें। बंद न हो तो PC रीस्टार्ट करें।',
    },
  },
  'camera.driver': {
    ...timing('critical', ['pc.silent', 'usb.flapping'], [20 * second, 5 * second]),
    ...checkedBy('functions of the USB device', 'cfgmgr32: codes of the device manager'),
    title: { en: 'Camera does not start', hi: 'कैमरा शुरू नहीं हो रहा' },
    action: {
      en: 'Unplug the camera and plug it into another USB port. If it stays like this, replace its cable.',
      hi: 'कैमरा निकालकर दूसरे USB पोर्ट में लगाएँ। फिर भी रहे तो उसकी केबल बदलें।',
    },
  },
  'camera.no_driver': {
    ...timing('critical', ['pc.silent', 'usb.flapping'], [20 * second, 5 * second]),
    ...checkedBy('functions of the USB device, uvcvideo', 'cfgmgr32: codes of the device manager'),
    title: { en: 'No driver for the camera', hi: 'कैमरे का ड्राइवर नहीं है' },
    action: {
      en: "Restart the PC. If it stays like this, ask the state's engineer to install the driver.",
      hi: 'PC रीस्टार्ट करें। फिर भी रहे तो राज्य के इंजीनियर से ड्राइवर लगवाएँ।',
    },
  },
  'camera.disabled': {
    ...timing('critical', ['pc.silent', 'usb.flapping'], [20 * second, 5 * second]),
    ...checkedBy('authorized of the USB device', 'cfgmgr32: codes of the device manager'),
    title: { en: 'Camera is switched off in the system', hi: 'कैमरा सिस्टम में बंद किया हुआ है' },
    action: {
      en: "Allow the camera in the settings of the system. If you are not allowed to, ask the state's engineer.",
      hi: 'सिस्टम की सेटिंग में कैमरा चालू करें। अनुमति न हो तो राज्य के इंजीनियर से कहें।',
    },
  },
  'camera.privacy': {
    ...timing('critical', ['pc.silent', 'usb.flapping'], [20 * second, 5 * second]),
    ...checkedBy('keys of Dell and Lenovo in sysfs, GNOME by `gsettings`', 'ConsentStore and policies in the registry'),
    title: { en: 'Camera is blocked for privacy', hi: 'प्राइवेसी के लिए कैमरा बंद है' },
    action: {
      en: 'Open the shutter or press the camera key of the PC. Then allow the camera in the privacy settings.',
      hi: 'PC का शटर खोलें या कैमरे वाला बटन दबाएँ। फिर प्राइवेसी सेटिंग में कैमरा चालू करें।',
    },
  },
  'camera.slow_port': {
    ...timing('minor', ['pc.silent', 'usb.flapping', 'camera.missing', 'camera.virtual'], [2 * minute, 5 * second]),
    ...checkedBy('speed and version of the USB device, our table', 'none: cfgmgr32 reports no speed, and the hub would have to be opened'),
    title: { en: 'Camera is on a slow USB port', hi: 'कैमरा धीमे USB पोर्ट में लगा है' },
    action: {
      en: 'Plug the camera into a blue USB port. Use the cable that came with it.',
      hi: 'कैमरा नीले USB पोर्ट में लगाएँ। उसके साथ आई केबल ही लगाएँ।',
    },
  },
  'session.none': {
    ...timing('info', ['pc.silent'], [10 * minute, 5 * second]),
    ...checkedBy('files of logind', 'sessions of WTS'),
    title: { en: 'Nobody is signed in at the PC', hi: 'PC पर किसी ने साइन इन नहीं किया है' },
    action: { en: 'Sign in at the PC before the meeting.', hi: 'मीटिंग से पहले PC पर साइन इन करें।' },
  },
  'session.locked': {
    ...timing('info', ['pc.silent', 'session.none'], [10 * minute, 5 * second]),
    ...checkedBy('`loginctl`', 'sessions of WTS'),
    title: { en: 'Screen of the PC is locked', hi: 'PC की स्क्रीन लॉक है' },
    action: { en: 'Unlock the PC before the meeting.', hi: 'मीटिंग से पहले PC को अनलॉक करें।' },
  },
  'sound.service_down': {
    ...timing('critical', ['pc.silent'], [20 * second, 5 * second]),
    ...checkedBy('the socket of the sound server, else `pactl`', 'Core Audio, the service Audiosrv'),
    title: { en: 'The sound of the PC does not work', hi: 'PC का साउंड काम नहीं कर रहा' },
    action: {
      en: "Restart the PC. If it comes back, report it to the state's engineer.",
      hi: 'PC रीस्टार्ट करें। फिर भी आए तो राज्य के इंजीनियर को बताएँ।',
    },
  },
  'microphone.missing': {
    ...timing('critical', noSound, [20 * second, 5 * second]),
    ...bySound,
    title: { en: 'Microphone not found', hi: 'माइक नहीं मिल रहा' },
    action: {
      en: 'Unplug the microphone cable and plug it in again. If it is still not found, try another USB port.',
      hi: 'माइक की केबल निकालकर दोबारा लगाएँ। फिर भी न मिले तो दूसरे USB पोर्ट में लगाएँ।',
    },
  },
  'microphone.not_default': {
    ...timing('major', [...noSound, 'microphone.missing'], [30 * second, 5 * second]),
    ...bySound,
    title: { en: 'The wrong microphone is chosen', hi: 'ग़लत माइक चुना हुआ है' },
    action: {
      en: 'Open the sound settings. Choose the room microphone as the default input.',
      hi: 'साउंड सेटिंग खोलें। कमरे के माइक को डिफ़ॉल्ट इनपुट चुनें।',
    },
  },
  'microphone.monitor_chosen': {
    ...timing('major', [...noSound, 'microphone.missing'], [30 * second, 5 * second]),
    ...bySound,
    title: { en: 'The PC records its own speaker', hi: 'PC माइक के बजाय अपना स्पीकर सुन रहा है' },
    action: {
      en: 'Open the sound settings. Choose the room microphone as the default input, not a monitor.',
      hi: 'साउंड सेटिंग खोलें। डिफ़ॉल्ट इनपुट में मॉनिटर नहीं, कमरे का माइक चुनें।',
    },
  },
  'microphone.muted': {
    ...timing('major', [...noSound, 'microphone.missing'], [30 * second, 5 * second]),
    ...bySound,
    title: { en: 'Microphone muted in the sound settings', hi: 'माइक साउंड सेटिंग में म्यूट है' },
    action: { en: 'Open the sound settings. Unmute the microphone.', hi: 'साउंड सेटिंग खोलें। माइक को अनम्यूट करें।' },
  },
  'microphone.volume_off': {
    ...timing('major', [...noSound, 'microphone.missing', 'microphone.muted'], [30 * second, 5 * second]),
    ...bySound,
    title: { en: 'Microphone volume at or near zero', hi: 'माइक का वॉल्यूम लगभग शून्य है' },
    action: {
      en: 'Open the sound settings. Raise the input volume to about 70. Set the balance to the middle.',
      hi: 'साउंड सेटिंग खोलें। इनपुट वॉल्यूम लगभग 70 करें। बैलेंस बीच में रखें।',
    },
  },
  'microphone.volume_low': {
    ...timing('minor', [...noSound, 'microphone.missing', 'microphone.muted', 'microphone.volume_off'], [2 * minute, 5 * second]),
    ...bySound,
    title: { en: 'Microphone volume too low', hi: 'माइक का वॉल्यूम बहुत कम है' },
    action: { en: 'Open the sound settings. Raise the input volume to about 70.', hi: 'साउंड सेटिंग खोलें। इनपुट वॉल्यूम लगभग 70 करें।' },
  },
  'microphone.disabled': {
    ...timing('critical', noSound, [20 * second, 5 * second]),
    ...checkedBy('cards and ports by `pactl`, authorized of the USB device', 'Core Audio: states of the endpoints'),
    title: { en: 'Microphone is switched off or not plugged in', hi: 'माइक बंद है या लगा नहीं है' },
    action: {
      en: 'Plug the microphone in. If it is plugged in, switch it on in the sound settings.',
      hi: 'माइक लगाएँ। लगा हो तो साउंड सेटिंग में उसे चालू करें।',
    },
  },
  'microphone.privacy': {
    ...timing('critical', noSound, [20 * second, 5 * second]),
    ...checkedBy('keys of Dell in sysfs, GNOME by `gsettings`', 'ConsentStore and policies in the registry'),
    title: { en: 'Microphone is blocked for privacy', hi: 'प्राइवेसी के लिए माइक बंद है' },
    action: {
      en: 'Press the microphone key of the PC. Then allow the microphone in the privacy settings.',
      hi: 'PC का माइक वाला बटन दबाएँ। फिर प्राइवेसी सेटिंग में माइक चालू करें।',
    },
  },
  'microphone.roles_split': {
    ...timing('major', [...noSound, 'microphone.missing'], [30 * second, 5 * second]),
    ...checkedBy('there are no such roles', 'Core Audio'),
    title: { en: 'Calls and browsers use different microphones', hi: 'कॉल और ब्राउज़र अलग-अलग माइक ले रहे हैं' },
    action: {
      en: 'Open the sound settings. Choose the room microphone for calls and for everything else.',
      hi: 'साउंड सेटिंग खोलें। कॉल और बाकी सब के लिए कमरे का माइक चुनें।',
    },
  },
  'speaker.missing': {
    ...timing('critical', noSound, [20 * second, 5 * second]),
    ...bySound,
    title: { en: 'Speaker not found', hi: 'स्पीकर नहीं मिल रहा' },
    action: {
      en: 'Unplug the speaker cable and plug it in again. If it is still not found, try another USB port.',
      hi: 'स्पीकर की केबल निकालकर दोबारा लगाएँ। फिर भी न मिले तो दूसरे USB पोर्ट में लगाएँ।',
    },
  },
  'speaker.not_default': {
    ...timing('major', [...noSound, 'speaker.missing'], [30 * second, 5 * second]),
    ...bySound,
    title: { en: 'The wrong speaker is chosen', hi: 'ग़लत स्पीकर चुना हुआ है' },
    action: {
      en: 'Open the sound settings. Choose the room speaker as the default output.',
      hi: 'साउंड सेटिंग खोलें। कमरे के स्पीकर को डिफ़ॉल्ट आउटपुट चुनें।',
    },
  },
  'speaker.muted': {
    ...timing('major', [...noSound, 'speaker.missing'], [30 * second, 5 * second]),
    ...bySound,
    title: { en: 'Speaker muted in the sound settings', hi: 'स्पीकर साउंड सेटिंग में म्यूट है' },
    action: { en: 'Open the sound settings. Unmute the speaker.', hi: 'साउंड सेटिंग खोलें। स्पीकर को अनम्यूट करें।' },
  },
  'speaker.volume_off': {
    ...timing('major', [...noSound, 'speaker.missing', 'speaker.muted'], [30 * second, 5 * second]),
    ...bySound,
    title: { en: 'Speaker volume at or near zero', hi: 'स्पीकर का वॉल्यूम लगभग शून्य है' },
    action: {
      en: 'Open the sound settings. Raise the output volume to about 70. Set the balance to the middle.',
      hi: 'साउंड सेटिंग खोलें। आउटपुट वॉल्यूम लगभग 70 करें। बैलेंस बीच में रखें।',
    },
  },
  'speaker.volume_low': {
    ...timing('minor', [...noSound, 'speaker.missing', 'speaker.muted', 'speaker.volume_off'], [2 * minute, 5 * second]),
    ...bySound,
    title: { en: 'Speaker volume too low', hi: 'स्पीकर का वॉल्यूम बहुत कम है' },
    action: { en: 'Open the sound settings. Raise the output volume to about 70.', hi: 'साउंड सेटिंग खोलें। आउटपुट वॉल्यूम लगभग 70 करें।' },
  },
  'usb.flapping': {
    ...timing('major', ['pc.silent'], [minute, 5 * minute]),
    ...checkedBy('devnum of /sys/bus/usb, the kernel log', 'cfgmgr32: when a device last came'),
    title: { en: 'A USB device comes and goes', hi: 'एक USB डिवाइस बार-बार कट रहा है' },
    action: {
      en: 'Plug the device straight into the PC. If it continues, replace its cable.',
      hi: 'डिवाइस सीधे PC में लगाएँ। फिर भी रहे तो उसकी केबल बदलें।',
    },
  },
  'usb.power_saving': {
    ...timing('info', ['pc.silent'], [5 * minute, 5 * minute]),
    ...checkedBy('power of the USB device', 'power plan in the registry'),
    title: { en: 'USB power saving disconnects a device', hi: 'USB की पावर सेविंग से एक डिवाइस बार-बार कट रहा है' },
    action: {
      en: "Ask the state's engineer to switch off power saving for this USB device.",
      hi: 'राज्य के इंजीनियर से इस USB डिवाइस की पावर सेविंग बंद करवाएँ।',
    },
  },
  'display.missing': {
    ...timing('major', ['pc.silent'], [30 * second, 5 * second]),
    ...checkedBy('/sys/class/drm', 'EnumDisplayDevices, EDID in the registry'),
    title: { en: 'Display not found', hi: 'स्क्रीन नहीं मिल रही' },
    action: {
      en: 'Switch the display on. Check its cable and the input that is chosen on it.',
      hi: 'स्क्रीन चालू करें। उसकी केबल और चुना हुआ इनपुट देखें।',
    },
  },
  'display.low_resolution': {
    ...timing('minor', ['pc.silent', 'display.missing'], [2 * minute, 5 * second]),
    ...checkedBy('modes and EDID of /sys/class/drm', 'EnumDisplayDevices, EDID in the registry'),
    title: { en: 'Picture on the display is not sharp', hi: 'स्क्रीन पर तस्वीर साफ़ नहीं है' },
    action: {
      en: 'Unplug the cable of the display and plug it in again. If it stays like this, try another cable or adapter.',
      hi: 'स्क्रीन की केबल निकालकर दोबारा लगाएँ। फिर भी रहे तो दूसरी केबल या अडैप्टर लगाएँ।',
    },
  },
  'program.missing': {
    ...timing('major', ['pc.silent'], [minute, minute]),
    ...checkedBy('entries of the menu', 'uninstallers and packages in the registry'),
    title: { en: 'A program for meetings is not installed', hi: 'मीटिंग का एक प्रोग्राम इंस्टॉल नहीं है' },
    action: {
      en: "Install the program that is named. If you are not allowed to, ask the state's engineer.",
      hi: 'जिस प्रोग्राम का नाम है उसे इंस्टॉल करें। अनुमति न हो तो राज्य के इंजीनियर से कहें।',
    },
  },
} as const satisfies Record<string, Fault>;

/** Names of components, or of a part of one as `component.device`. */
export const roomComponents = {
  camera: { en: 'Camera', hi: 'कैमरा' },
  microphone: { en: 'Microphone', hi: 'माइक' },
  session: { en: 'Sign-in', hi: 'साइन इन' },
  sound: { en: 'Sound of the PC', hi: 'PC का साउंड' },
  speaker: { en: 'Speaker', hi: 'स्पीकर' },
  usb: { en: 'USB', hi: 'USB पोर्ट' },
  'usb.power': { en: 'Power saving of USB', hi: 'USB की बिजली बचत' },
  display: { en: 'Display', hi: 'स्क्रीन' },
  program: { en: 'Program', hi: 'प्रोग्राम' },
} as const satisfies Record<string, Words>;

export const roomReasons: readonly Reason[] = [
  ['^in use by (.*)$', '$1 में चल रहा है'],
  ['^held by (.*)$', '$1 में खुला है'],
  ['^chosen: no microphone$', 'कोई माइक नहीं चुना है'],
  ['^chosen: no speaker$', 'कोई स्पीकर नहीं चुना है'],
  ['^chosen: (.*)$', 'चुना हुआ: $1'],
  ['^found: (.*)$', 'मिला: $1'],
  ['^no PipeWire$', 'PipeWire नहीं चल रहा'],
  ['^PipeWire does not answer$', 'PipeWire जवाब नहीं दे रहा'],
  ['^pw-dump: answer cannot be read$', 'pw-dump का जवाब समझ में नहीं आया'],
  ['^no audio server$', 'साउंड सर्वर नहीं चल रहा'],
  ['^audio server does not answer$', 'साउंड सर्वर जवाब नहीं दे रहा'],
  ['^audio server has no session manager$', 'साउंड सर्वर अभी तैयार नहीं है'],
  ['^pactl is not installed$', 'pactl इंस्टॉल नहीं है'],
  ['^pactl failed: (.*)$', 'pactl नहीं चला: $1'],
  ['^pactl (.*): answer cannot be read$', 'pactl $1: जवाब समझ में नहीं आया'],
  ['^pactl: answer is too long$', 'pactl का जवाब बहुत लंबा है'],
  ['^device list of the kernel cannot be read$', 'सिस्टम की डिवाइस सूची पढ़ी नहीं जा सकी'],
  ['^programs of other users cannot be looked into$', 'दूसरे यूज़र के प्रोग्राम देखे नहीं जा सकते'],
  ['^the graphics card shows no connectors$', 'ग्राफ़िक्स कार्ड अपने पोर्ट नहीं बताता'],
  ['^the graphics card does not report it$', 'ग्राफ़िक्स कार्ड यह नहीं बताता'],
  ['^at most (\\d+ x \\d+)$', 'ज़्यादा से ज़्यादा $1'],
  ['^this system has no menu of programs$', 'इस सिस्टम में प्रोग्राम की सूची नहीं है'],
  ['^this PC has no USB$', 'इस PC में USB नहीं है'],
  ['^comes and goes: (.*)$', 'बार-बार कट रहा है: $1'],
  ['^switched off: (.*)$', 'बंद है: $1'],
  ['^nothing is plugged in$', 'कुछ लगा नहीं है'],
  ['^one channel is at 0 %$', 'एक चैनल 0 % पर है'],
  ['^calls take: (.*)$', 'कॉल में चलता है: $1'],
  [
    '^no session helper runs for this user: sign out and in again$',
    'इस यूज़र के लिए कमरे की जाँच करने वाला प्रोग्राम नहीं चल रहा: साइन आउट करके फिर साइन इन करें',
  ],
  ['^nobody is signed in( at its screen)?$', 'PC की स्क्रीन पर किसी ने लॉगिन नहीं किया है'],
  ['^this PC has no seat$', 'इस PC पर स्क्रीन और कीबोर्ड की जगह नहीं है'],
  ['^the system does not say whether it is muted$', 'सिस्टम नहीं बताता कि यह म्यूट है या नहीं'],
  ['^(logind|Windows) does not say whether the screen is locked$', '$1 नहीं बताता कि स्क्रीन लॉक है या नहीं'],
  ['^Windows lets only its user choose a device: (.*)$', 'Windows में डिवाइस यूज़र को ख़ुद चुनना होता है: $1'],
  ['^the microphone is gone$', 'माइक अब नहीं है'],
  ['^the speaker is gone$', 'स्पीकर अब नहीं है'],
  ['^the device did not change$', 'डिवाइस जैसा था वैसा ही रहा'],
  [
    '^Windows does not (?:report which camera a program uses|record which program uses it)$',
    'Windows नहीं बताता कि कैमरा कौन-सा प्रोग्राम चला रहा है',
  ],
  ['^only the session at the PC knows its sound$', 'साउंड का हाल केवल PC पर बैठे यूज़र को दिखता है'],
  ['^only the session at the PC knows its cameras$', 'इस कैमरे का हाल केवल PC पर बैठे यूज़र को दिखता है'],
  ['^only the session at the PC knows its displays$', 'स्क्रीन का हाल केवल PC पर बैठे यूज़र को दिखता है'],
];
