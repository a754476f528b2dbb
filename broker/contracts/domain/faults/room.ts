/** Faults of what stands in the room: camera, microphone, speaker, display, their USB, and the sound service and programs of the PC. */
import { type Fault, minute, second, times } from './row.ts';

/** Rows of the probes of devices. */
export const roomFaults = {
  'camera.missing': {
    severity: 'critical',
    parents: ['pc.silent', 'usb.flapping'],
    ...times(20 * second, 5 * second),
    title: { en: 'Camera not found', hi: 'कैमरा नहीं मिल रहा' },
    action: {
      en: 'Unplug the camera cable and plug it in again. If it is still not found, try another USB port.',
      hi: 'कैमरे की केबल निकालकर दोबारा लगाएँ। फिर भी न मिले तो दूसरे USB पोर्ट में लगाएँ।',
    },
  },
  'camera.virtual': {
    severity: 'critical',
    parents: ['pc.silent', 'usb.flapping'],
    ...times(20 * second, 5 * second),
    title: { en: 'Only a virtual camera is there', hi: 'सिर्फ़ वर्चुअल कैमरा है' },
    action: {
      en: 'Plug in the camera of the room. Choose it in the meeting program.',
      hi: 'कमरे का कैमरा लगाएँ। मीटिंग के प्रोग्राम में उसी को चुनें।',
    },
  },
  'camera.held': {
    severity: 'minor',
    parents: ['pc.silent', 'usb.flapping', 'camera.missing', 'camera.virtual'],
    ...times(minute, 5 * second),
    title: { en: 'Camera held by a program for hours', hi: 'कैमरा घंटों से किसी प्रोग्राम में खुला है' },
    action: {
      en: 'Close the program that is named. If it does not close, restart the PC.',
      hi: 'जिस प्रोग्राम का नाम है उसे बंद करें। बंद न हो तो PC रीस्टार्ट करें।',
    },
  },
  'camera.driver': {
    severity: 'critical',
    parents: ['pc.silent', 'usb.flapping'],
    ...times(20 * second, 5 * second),
    title: { en: 'Camera does not start', hi: 'कैमरा शुरू नहीं हो रहा' },
    action: {
      en: 'Unplug the camera and plug it into another USB port. If it stays so, replace its cable.',
      hi: 'कैमरा निकालकर दूसरे USB पोर्ट में लगाएँ। फिर भी रहे तो उसकी केबल बदलें।',
    },
  },
  'camera.no_driver': {
    severity: 'critical',
    parents: ['pc.silent', 'usb.flapping'],
    ...times(20 * second, 5 * second),
    title: { en: 'No driver for the camera', hi: 'कैमरे का ड्राइवर नहीं है' },
    action: {
      en: "Restart the PC. If it stays so, ask the state's engineer to install the driver.",
      hi: 'PC रीस्टार्ट करें। फिर भी रहे तो राज्य के इंजीनियर से ड्राइवर लगवाएँ।',
    },
  },
  'camera.disabled': {
    severity: 'critical',
    parents: ['pc.silent', 'usb.flapping'],
    ...times(20 * second, 5 * second),
    title: { en: 'Camera is switched off in the system', hi: 'कैमरा सिस्टम में बंद किया हुआ है' },
    action: {
      en: "Allow the camera in the settings of the system. If you may not, ask the state's engineer.",
      hi: 'सिस्टम की सेटिंग में कैमरा चालू करें। अनुमति न हो तो राज्य के इंजीनियर से कहें।',
    },
  },
  'camera.privacy': {
    severity: 'critical',
    parents: ['pc.silent', 'usb.flapping'],
    ...times(20 * second, 5 * second),
    title: { en: 'Camera is blocked for privacy', hi: 'प्राइवेसी के लिए कैमरा बंद है' },
    action: {
      en: 'Open the shutter or press the camera key of the PC. Then allow the camera in the privacy settings.',
      hi: 'PC का शटर खोलें या कैमरे वाला बटन दबाएँ। फिर प्राइवेसी सेटिंग में कैमरा चालू करें।',
    },
  },
  'camera.slow_port': {
    severity: 'minor',
    parents: ['pc.silent', 'usb.flapping', 'camera.missing', 'camera.virtual'],
    ...times(2 * minute, 5 * second),
    title: { en: 'Camera is on a slow USB port', hi: 'कैमरा धीमे USB पोर्ट में लगा है' },
    action: {
      en: 'Plug the camera into a blue USB port. Use the cable that came with it.',
      hi: 'कैमरा नीले USB पोर्ट में लगाएँ। उसके साथ आई केबल ही लगाएँ।',
    },
  },
  'session.none': {
    severity: 'info',
    parents: ['pc.silent'],
    ...times(10 * minute, 5 * second),
    title: { en: 'Nobody is signed in at the PC', hi: 'PC पर किसी ने साइन इन नहीं किया है' },
    action: { en: 'Sign in at the PC before the meeting.', hi: 'मीटिंग से पहले PC पर साइन इन करें।' },
  },
  'session.locked': {
    severity: 'info',
    parents: ['pc.silent', 'session.none'],
    ...times(10 * minute, 5 * second),
    title: { en: 'Screen of the PC is locked', hi: 'PC की स्क्रीन लॉक है' },
    action: { en: 'Unlock the PC before the meeting.', hi: 'मीटिंग से पहले PC को अनलॉक करें।' },
  },
  'sound.service_down': {
    severity: 'critical',
    parents: ['pc.silent'],
    ...times(20 * second, 5 * second),
    title: { en: 'The sound of the PC does not work', hi: 'PC का साउंड काम नहीं कर रहा' },
    action: {
      en: "Restart the PC. If it comes back, tell the state's engineer.",
      hi: 'PC रीस्टार्ट करें। फिर भी आए तो राज्य के इंजीनियर को बताएँ।',
    },
  },
  'microphone.missing': {
    severity: 'critical',
    parents: ['pc.silent', 'usb.flapping', 'sound.service_down'],
    ...times(20 * second, 5 * second),
    title: { en: 'Microphone not found', hi: 'माइक नहीं मिल रहा' },
    action: {
      en: 'Unplug the microphone cable and plug it in again. If it is still not found, try another USB port.',
      hi: 'माइक की केबल निकालकर दोबारा लगाएँ। फिर भी न मिले तो दूसरे USB पोर्ट में लगाएँ।',
    },
  },
  'microphone.not_default': {
    severity: 'major',
    parents: ['pc.silent', 'usb.flapping', 'sound.service_down', 'microphone.missing'],
    ...times(30 * second, 5 * second),
    title: { en: 'Another microphone is chosen', hi: 'कोई दूसरा माइक चुना हुआ है' },
    action: {
      en: 'Open the sound settings. Choose the room microphone as the default input.',
      hi: 'साउंड सेटिंग खोलें। कमरे के माइक को डिफ़ॉल्ट इनपुट चुनें।',
    },
  },
  'microphone.muted': {
    severity: 'major',
    parents: ['pc.silent', 'usb.flapping', 'sound.service_down', 'microphone.missing'],
    ...times(30 * second, 5 * second),
    title: { en: 'Microphone muted in the sound settings', hi: 'माइक साउंड सेटिंग में म्यूट है' },
    action: { en: 'Open the sound settings. Unmute the microphone.', hi: 'साउंड सेटिंग खोलें। माइक को अनम्यूट करें।' },
  },
  'microphone.volume_low': {
    severity: 'minor',
    parents: ['pc.silent', 'usb.flapping', 'sound.service_down', 'microphone.missing', 'microphone.muted'],
    ...times(2 * minute, 5 * second),
    title: { en: 'Microphone volume too low', hi: 'माइक का वॉल्यूम बहुत कम है' },
    action: { en: 'Open the sound settings. Raise the input volume to about 70.', hi: 'साउंड सेटिंग खोलें। इनपुट वॉल्यूम लगभग 70 करें।' },
  },
  'microphone.disabled': {
    severity: 'critical',
    parents: ['pc.silent', 'usb.flapping', 'sound.service_down'],
    ...times(20 * second, 5 * second),
    title: { en: 'Microphone is switched off or not plugged in', hi: 'माइक बंद है या लगा नहीं है' },
    action: {
      en: 'Plug the microphone in. If it is plugged in, switch it on in the sound settings.',
      hi: 'माइक लगाएँ। लगा हो तो साउंड सेटिंग में उसे चालू करें।',
    },
  },
  'microphone.privacy': {
    severity: 'critical',
    parents: ['pc.silent', 'usb.flapping', 'sound.service_down'],
    ...times(20 * second, 5 * second),
    title: { en: 'Microphone is blocked for privacy', hi: 'प्राइवेसी के लिए माइक बंद है' },
    action: {
      en: 'Press the microphone key of the PC. Then allow the microphone in the privacy settings.',
      hi: 'PC का माइक वाला बटन दबाएँ। फिर प्राइवेसी सेटिंग में माइक चालू करें।',
    },
  },
  'microphone.roles_split': {
    severity: 'major',
    parents: ['pc.silent', 'usb.flapping', 'sound.service_down', 'microphone.missing'],
    ...times(30 * second, 5 * second),
    title: { en: 'Calls and browsers use two microphones', hi: 'कॉल और ब्राउज़र अलग-अलग माइक ले रहे हैं' },
    action: {
      en: 'Open the sound settings. Choose the room microphone for calls and for everything else.',
      hi: 'साउंड सेटिंग खोलें। कॉल और बाकी सब के लिए कमरे का माइक चुनें।',
    },
  },
  'speaker.missing': {
    severity: 'critical',
    parents: ['pc.silent', 'usb.flapping', 'sound.service_down'],
    ...times(20 * second, 5 * second),
    title: { en: 'Speaker not found', hi: 'स्पीकर नहीं मिल रहा' },
    action: {
      en: 'Unplug the speaker cable and plug it in again. If it is still not found, try another USB port.',
      hi: 'स्पीकर की केबल निकालकर दोबारा लगाएँ। फिर भी न मिले तो दूसरे USB पोर्ट में लगाएँ।',
    },
  },
  'speaker.not_default': {
    severity: 'major',
    parents: ['pc.silent', 'usb.flapping', 'sound.service_down', 'speaker.missing'],
    ...times(30 * second, 5 * second),
    title: { en: 'Another speaker is chosen', hi: 'कोई दूसरा स्पीकर चुना हुआ है' },
    action: {
      en: 'Open the sound settings. Choose the room speaker as the default output.',
      hi: 'साउंड सेटिंग खोलें। कमरे के स्पीकर को डिफ़ॉल्ट आउटपुट चुनें।',
    },
  },
  'speaker.muted': {
    severity: 'major',
    parents: ['pc.silent', 'usb.flapping', 'sound.service_down', 'speaker.missing'],
    ...times(30 * second, 5 * second),
    title: { en: 'Speaker muted in the sound settings', hi: 'स्पीकर साउंड सेटिंग में म्यूट है' },
    action: { en: 'Open the sound settings. Unmute the speaker.', hi: 'साउंड सेटिंग खोलें। स्पीकर को अनम्यूट करें।' },
  },
  'speaker.volume_low': {
    severity: 'minor',
    parents: ['pc.silent', 'usb.flapping', 'sound.service_down', 'speaker.missing', 'speaker.muted'],
    ...times(2 * minute, 5 * second),
    title: { en: 'Speaker volume too low', hi: 'स्पीकर का वॉल्यूम बहुत कम है' },
    action: {
      en: 'Open the sound settings. Raise the output volume to about 70.',
      hi: 'साउंड सेटिंग खोलें। आउटपुट वॉल्यूम लगभग 70 करें।',
    },
  },
  'usb.flapping': {
    severity: 'major',
    parents: ['pc.silent'],
    ...times(minute, 5 * minute),
    title: { en: 'A USB device comes and goes', hi: 'एक USB डिवाइस बार-बार कट रहा है' },
    action: {
      en: 'Plug the device straight into the PC. If it goes on, replace its cable.',
      hi: 'डिवाइस सीधे PC में लगाएँ। फिर भी रहे तो उसकी केबल बदलें।',
    },
  },
  'usb.power_saving': {
    severity: 'info',
    parents: ['pc.silent'],
    ...times(5 * minute, 5 * minute),
    title: { en: 'USB saves power where a device drops out', hi: 'USB की पावर सेविंग से डिवाइस बार-बार कट रहा है' },
    action: {
      en: "Ask the state's engineer to switch off power saving for this USB device.",
      hi: 'राज्य के इंजीनियर से इस USB डिवाइस की पावर सेविंग बंद करवाएँ।',
    },
  },
  'display.missing': {
    severity: 'major',
    parents: ['pc.silent'],
    ...times(30 * second, 5 * second),
    title: { en: 'Display not found', hi: 'स्क्रीन नहीं मिल रही' },
    action: {
      en: 'Switch the display on. Check its cable and the input that is chosen on it.',
      hi: 'स्क्रीन चालू करें। उसकी केबल और चुना हुआ इनपुट देखें।',
    },
  },
  'display.low_resolution': {
    severity: 'minor',
    parents: ['pc.silent', 'display.missing'],
    ...times(2 * minute, 5 * second),
    title: { en: 'Picture on the display is coarse', hi: 'स्क्रीन पर तस्वीर साफ़ नहीं है' },
    action: {
      en: 'Unplug the cable of the display and plug it in again. If it stays so, try another cable or adapter.',
      hi: 'स्क्रीन की केबल निकालकर दोबारा लगाएँ। फिर भी रहे तो दूसरी केबल या अडैप्टर लगाएँ।',
    },
  },
  'program.missing': {
    severity: 'major',
    parents: ['pc.silent'],
    ...times(minute, minute),
    title: { en: 'A program of the meeting is not installed', hi: 'मीटिंग का एक प्रोग्राम इंस्टॉल नहीं है' },
    action: {
      en: "Install the program that is named. If you may not, ask the state's engineer.",
      hi: 'जिस प्रोग्राम का नाम है उसे इंस्टॉल करें। अनुमति न हो तो राज्य के इंजीनियर से कहें।',
    },
  },
} as const satisfies Record<string, Fault>;
