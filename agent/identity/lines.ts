/** Hindi versions of the agent's messages, and plainer English for some. Loaded only on an error. */
import { type LineRow, languageFor, translateLine } from '@sabha/contracts';

const lines: readonly LineRow[] = [
  [/^no verb$/, { en: 'what is to be done is not said', hi: 'क्या करना है, यह नहीं लिखा' }],
  [/^unknown verb "(.*)"$/, { hi: '"$1" यहाँ नहीं चलता' }],
  [/^one enrolment code is expected$/, { hi: 'एक कोड लिखें, जो सेंट्रल टीम ने दिया' }],
  [/^nothing was done$/, { hi: 'कुछ नहीं हुआ' }],
  [/^(--\w+) is missing$/, { hi: '$1 नहीं लिखा है' }],
  [/^usage: (.+); (?:each|both) with \[--data DIR\].*$/, { hi: 'ऐसे लिखें: $1; साथ में [--data DIR] और --help भी चलता है' }],
  [
    /^--pc: "(.*)" is no path STATE\/SITE\/PC$/,
    {
      en: '--pc: "$1" is no PC: write STATE/SITE/PC, such as ladakh/leh/vc-1',
      hi: '--pc: "$1" किसी PC का नाम नहीं है: STATE/SITE/PC लिखें, जैसे ladakh/leh/vc-1',
    },
  ],
  [
    /^"(.*)" is no address (\S+)$/,
    {
      en: '"$1" is no address: write $2, such as https://sabha.example.org:8443',
      hi: '"$1" पता नहीं है: $2 लिखें, जैसे https://sabha.example.org:8443',
    },
  ],
  [/^only one of (--card), (--fix), (--undo)$/, { hi: '$1, $2 और $3 में से एक ही लिखें' }],
  [
    /^no room card is here yet$/,
    {
      en: 'There is no room card yet. Once this PC is enrolled it comes a minute or two after you sign in.',
      hi: 'रूम कार्ड अभी नहीं बना है। PC के सेंटर से जुड़ने के बाद, साइन इन करने पर एक-दो मिनट में बन जाता है।',
    },
  ],
  [/^here the package does it: (.+)$/, { hi: 'यहाँ यह काम पैकेज करता है: $1' }],
  [
    /^this PC is enrolled already as (\S+) \((.+)\); next: (.+) \(a new key only after (.+) at the centre: then with --again\)$/,
    { hi: 'यह PC पहले से $1 नाम से जुड़ा है ($2); आगे लिखें: $3 (नई चाबी सेंटर पर $4 के बाद ही: तब --again के साथ)' },
  ],
  [/^this PC is not enrolled \(no (.+)\); (.+)$/, { hi: 'यह PC अभी जुड़ा नहीं है ($1 नहीं है); ऐसे जोड़ें: $2' }],
  [
    /^(\S+) is not the centre that gave this code$/,
    { en: '$1 is not the centre that gave this code: check address and code', hi: 'यह कोड $1 वाले सेंटर का नहीं है: पता और कोड देखें' },
  ],
  [
    /^(\S+) answered (no certificate for the key of this PC|a certificate .+)$/,
    { en: '$1 answered $2: tell the central team', hi: '$1 का जवाब ठीक नहीं था: सेंट्रल टीम को बताएँ' },
  ],
  [
    /^(\S+): what (\S+) answered cannot be read$/,
    { en: '$1: what answers there is not the centre: check address and port', hi: '$1: जवाब देने वाला सेंटर नहीं लगता: पता और पोर्ट देखें' },
  ],
  [
    /^no answer in (\d+) s$/,
    { en: 'no answer in $1 s: check the address, and the network of this PC', hi: '$1 सेकंड में जवाब नहीं आया: पता और इस PC का नेटवर्क देखें' },
  ],
  [
    /^(.+): says no centre; install the package once more$/,
    { en: '$1 says no centre: install the package once more', hi: '$1 में सेंटर का नाम नहीं है: पैकेज फिर से लगाएँ' },
  ],
  [
    /^another agent runs on this folder \(.+\)$/,
    { en: 'another agent runs here: end it first', hi: 'यहाँ दूसरा एजेंट चल रहा है: पहले उसे बंद करें' },
  ],
  [/^not connected: the link is of .+$/, { en: 'another class of link: connecting anew', hi: 'लाइन दूसरी तरह की है: फिर से जुड़ रहा है' }],
  [/^not connected: (.+)$/s, { en: 'not connected: $1', hi: 'सेंटर से नहीं जुड़ा: $1' }],
  [/^(?:connection closed|the centre ended the connection)$/, { en: 'the connection was closed', hi: 'कनेक्शन बंद हो गया' }],
  [/^(?:connack|Keepalive) timeout$/, { en: 'the centre does not answer', hi: 'सेंटर से जवाब नहीं आ रहा' }],
  [/^Connection refused: .+$/, { en: 'the centre does not let this PC in', hi: 'सेंटर इस PC को आने नहीं दे रहा' }],
  [/^the (?:certificate of the centre .+|centre shows no certificate)$/, { hi: 'सेंटर का सर्टिफ़िकेट ठीक नहीं है: सेंट्रल टीम को बताएँ' }],
  [/^the certificate of this PC has ended: enrol it again$/, { hi: 'इस PC का सर्टिफ़िकेट ख़त्म हो गया है: इसे फिर से जोड़ें' }],
  [/^certificate renewed$/, { en: 'the certificate of this PC is renewed', hi: 'इस PC का सर्टिफ़िकेट नया हो गया' }],
  [/^configuration taken$/, { en: 'the centre has said what this room should have', hi: 'सेंटर ने बता दिया कि इस कमरे में क्या होना चाहिए' }],
  [/^site is null: no conferencing PC stands here$/, { hi: 'site null है: यहाँ मीटिंग का कोई PC नहीं है' }],
  [/^a number from (\d+) to (\d+) is expected$/, { hi: '$1 से $2 तक की संख्या चाहिए' }],
  [/^a whole number is expected$/, { hi: 'पूरी संख्या चाहिए' }],
  [/^HOST:PORT,HOST:PORT is expected$/, { hi: 'HOST:PORT,HOST:PORT की तरह लिखें' }],
  [/^(.+), but the certificate is of (.+)$/, { hi: '$1, पर सर्टिफ़िकेट $2 का है' }],
  [/^not the certificate of a PC$/, { hi: 'यह किसी PC का सर्टिफ़िकेट नहीं है' }],
  [/^not the key of the certificate$/, { hi: 'यह चाबी इस सर्टिफ़िकेट की नहीं है' }],
  [/^no certificate of an authority$/, { hi: 'इसमें सेंटर का सर्टिफ़िकेट नहीं है' }],
];

export function lineFor(line: string, args: readonly string[], env: Readonly<Record<string, string | undefined>>): string {
  return translateLine(line, languageFor(args, env), lines);
}
