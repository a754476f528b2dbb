/** Texts of `--help` for all commands and languages. Loaded only when needed. */
import { formatColumns, type Language, type Words } from '@sabha/contracts';
import { type CliVerb, calls, command } from './call.ts';

const folder = ['--data DIR', { en: 'the folder of its data (else ./data)', hi: 'डेटा का फ़ोल्डर (नहीं तो ./data)' }] as const;
const language = [
  '--lang en|hi',
  {
    en: 'English or Hindi (else that of the system: LC_ALL, LC_MESSAGES, LANG)',
    hi: 'अंग्रेज़ी या हिंदी (नहीं तो सिस्टम की भाषा: LC_ALL, LC_MESSAGES, LANG)',
  },
] as const;
const enrolment = [
  ['CODE', { en: 'the enrolment code from the central team', hi: 'सेंट्रल टीम का दिया हुआ कोड' }],
  ['--centre HOST', { en: 'the server: its name, or https://HOST:PORT', hi: 'सर्वर का नाम, या https://HOST:PORT' }],
  ['--pc STATE/SITE/PC', { en: 'the path of this PC in the site table', hi: 'यह कौन सा PC है, ऑफ़िस की सूची का नाम' }],
] as const;

const verbs: Record<CliVerb, { does: Words; options: readonly (readonly [option: string, says: Words])[] }> = {
  check: {
    does: {
      en: 'Tests this PC: what is fine, what is wrong, what to do next. Exit code 0 no fault, 1 a fault, 3 something unknown.',
      hi: 'इस PC की जाँच करता है: क्या ठीक है, क्या ख़राब है, आगे क्या करना है। एग्ज़िट कोड 0 सब ठीक, 1 ख़राबी, 3 कुछ पता नहीं।',
    },
    options: [
      ['--all', { en: 'every check, with its device', hi: 'हर जाँच, डिवाइस के साथ' }],
      ['--json', { en: 'for programs', hi: 'प्रोग्राम के लिए' }],
      language,
      folder,
    ],
  },
  enrol: {
    does: {
      en: 'Enrols this PC at the server, once for each PC. At a terminal it asks for missing options.',
      hi: 'इस PC को सर्वर से जोड़ता है। हर PC पर एक बार। जो नहीं लिखा, उसे टर्मिनल पर पूछ लेता है।',
    },
    options: [...enrolment, ['--again', { en: 'replaces the present key', hi: 'मौजूदा चाबी की जगह नई बनाता है' }], language, folder],
  },
  run: {
    does: {
      en: 'Watches this PC and reports to the server, until it is stopped.',
      hi: 'इस PC पर नज़र रखता है और सर्वर को बताता है, जब तक बंद न किया जाए।',
    },
    options: [['--apart', { en: 'leaves camera and sound to "room"', hi: 'कैमरा और आवाज़ की जाँच "room" पर छोड़ता है' }], language, folder],
  },
  room: {
    does: {
      en: 'Watches camera, sound and screen in the session of the signed-in user, and shows the room card.',
      hi: 'जिसने साइन इन किया है उसके सेशन में कैमरा, आवाज़ और स्क्रीन देखता है, और रूम कार्ड दिखाता है।',
    },
    options: [
      ['--card', { en: 'opens the room card (without a package: prints its path)', hi: 'रूम कार्ड खोलता है (पैकेज के बिना: बताता है कि कहाँ है)' }],
      ['--fix', { en: 'unmutes, or makes the right device the default', hi: 'म्यूट हटाता है, या सही डिवाइस को डिफ़ॉल्ट बनाता है' }],
      ['--undo', { en: 'undoes the last --fix', hi: 'पिछला --fix वापस लेता है' }],
      folder,
    ],
  },
  install: { does: { en: 'Says which package installs the agent.', hi: 'बताता है कि कौन सा पैकेज एजेंट लगाता है।' }, options: [] },
  uninstall: { does: { en: 'Says how the package removes the agent.', hi: 'बताता है कि पैकेज एजेंट को कैसे हटाता है।' }, options: [] },
};

/** Usage of the commands that exist only in an installed package. */
export const packageCommands = {
  install: { linux: 'sudo apt install ./sabha-agent_VERSION_amd64.deb', win32: 'msiexec /i sabha-agent-VERSION-x64.msi CODE=CODE' },
  uninstall: { linux: 'sudo apt remove sabha-agent; with purge the data too', win32: 'msiexec /x sabha-agent-VERSION-x64.msi' },
};

const more: Words = { en: 'More about a verb: {call} VERB --help', hi: 'किसी काम के बारे में और: {call} VERB --help' };

export function helpText(verb: CliVerb | undefined, lang: Language): string {
  if (verb !== undefined) {
    const { does, options } = verbs[verb];
    return [`${command} ${calls[verb]}`, '', does[lang], ...formatColumns(options.map(([option, says]) => [option, says[lang]]))].join(
      '\n',
    );
  }
  const rows = Object.entries(verbs).map(([name, { does }]): [string, string] => [name, does[lang].split(/(?<=[.।]) /)[0] ?? '']);
  return [`${command} VERB`, ...formatColumns(rows), '', more[lang].replace('{call}', command)].join('\n');
}
