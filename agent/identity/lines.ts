/** Hindi translations of the messages of the agent, and plainer English for some. Loaded only when an error occurs. */
import { type LineRow, languageFor, translateLine } from '@sabha/contracts';

const lines: readonly LineRow[] = [
  [/^no verb$/, { en: 'a verb is missing', hi: 'क्या करना है, यह नहीं लिखा' }],
  [/^unknown verb "(.*)"$/, { hi: '"$1" यहाँ नहीं चलता' }],
  [/^one enrolment code is expected$/, { hi: 'एक कोड लिखें, जो सेंट्रल टीम ने दिया' }],
  [/^nothing was done$/, { hi: 'कुछ नहीं हुआ' }],
  [/^(--\w+) is missing$/, { hi: '$1 नहीं लिखा है' }],
  [/^usage: (.+); (?:each|both) with \[--data DIR\].*$/, { hi: 'ऐसे लिखें: $1; साथ में [--data DIR] और --help भी चलता है' }],
  [
    /^--pc: "(.*)" is no path STATE\/SITE\/PC$/,
    {
      en: '--pc: "$1" is not a PC: write STATE/SITE/PC, such as ladakh/leh/vc-1',
      hi: '--pc: "$1" किसी PC का नाम नहीं है: STATE/SITE/PC लिखें, जैसे ladakh/leh/vc-1',
    },
  ],
  [
    /^"(.*)" is no address (\S+)$/,
    {
      en: '"$1" is not an address: write $2, such as https://sabha.example.org:8443',
      hi: '"$1" पता नहीं है: $2 लिखें, जैसे https://sabha.example.org:8443',
    },
  ],
  [/^only one of (--card), (--fix), (--undo)$/, { hi: '$1, $2 और $3 में से एक ही लिखें' }],
  [
    /^no room card is here yet$/,
    {
      en: 'There is no room card yet. It appears a minute or two after this PC is enrolled and you sign in.',
      hi: 'रूम कार्ड अभी नहीं बना है। PC के सर्वर से जुड़ने और आपके साइन इन करने के एक-दो मिनट बाद बन जाता है।',
    },
  ],
  [/^the package does this: (.+)$/, { hi: 'यह काम पैकेज करता है: $1' }],
  [
    /^this PC is enrolled already as (\S+) \((.+)\); next: (.+) \(a new key only after (.+) at the server: then with --again\)$/,
    { hi: 'यह PC पहले से $1 नाम से जुड़ा है ($2); आगे लिखें: $3 (नई चाबी सर्वर पर $4 के बाद ही: तब --again के साथ)' },
  ],
  [/^this PC is not enrolled \(no (.+)\); (.+)$/, { hi: 'यह PC अभी जुड़ा नहीं है ($1 नहीं है); ऐसे जोड़ें: $2' }],
  [
    /^(\S+) is not the server that gave this code$/,
    { en: '$1 is not the server that gave this code: check address and code', hi: 'यह कोड $1 वाले सर्वर का नहीं है: पता और कोड देखें' },
  ],
  [
    /^(\S+) answered (no certificate for the key of this PC|a certificate .+)$/,
    { en: '$1 answered $2: report this to the central team', hi: '$1 का जवाब ठीक नहीं था: सेंट्रल टीम को बताएँ' },
  ],
  [
    /^(\S+): the answer of (\S+) cannot be read$/,
    { en: '$1: this is not the Sabha server: check address and port', hi: '$1: यह Sabha का सर्वर नहीं है: पता और पोर्ट देखें' },
  ],
  [
    /^no answer in (\d+) s$/,
    { en: 'no answer in $1 s: check the address, and the network of this PC', hi: '$1 सेकंड में जवाब नहीं आया: पता और इस PC का नेटवर्क देखें' },
  ],
  [
    /^(.+): names no server; install the package again$/,
    { en: '$1 does not name a server: install the package again', hi: '$1 में सर्वर का नाम नहीं है: पैकेज फिर से लगाएँ' },
  ],
  [
    /^another agent runs on this folder \(.+\)$/,
    { en: 'another agent runs here: stop it first', hi: 'यहाँ दूसरा एजेंट चल रहा है: पहले उसे बंद करें' },
  ],
  [
    /^not connected: the link is of .+$/,
    { en: 'the class of the link changed: connecting again', hi: 'लाइन का प्रकार बदल गया: फिर से जुड़ रहा है' },
  ],
  [/^not connected: (.+)$/s, { en: 'not connected: $1', hi: 'सर्वर से नहीं जुड़ा: $1' }],
  [/^(?:connection closed|the server ended the connection)$/, { en: 'the connection was closed', hi: 'कनेक्शन बंद हो गया' }],
  [/^(?:connack|Keepalive) timeout$/, { en: 'the server does not answer', hi: 'सर्वर से जवाब नहीं आ रहा' }],
  [
    /^Connection refused: .+$/,
    { en: 'the server does not admit this PC: report this to the central team', hi: 'सर्वर इस PC को जुड़ने नहीं दे रहा: सेंट्रल टीम को बताएँ' },
  ],
  [/^the (?:certificate of the server .+|server shows no certificate)$/, { hi: 'सर्वर का सर्टिफ़िकेट ठीक नहीं है: सेंट्रल टीम को बताएँ' }],
  [/^the certificate of this PC has ended: enrol it again$/, { hi: 'इस PC का सर्टिफ़िकेट ख़त्म हो गया है: इसे फिर से जोड़ें' }],
  [/^certificate renewed$/, { en: 'the certificate of this PC is renewed', hi: 'इस PC का सर्टिफ़िकेट नया हो गया' }],
  [/^configuration taken$/, { en: 'the server has sent the equipment of this room', hi: 'सर्वर से पता चल गया कि इस कमरे में क्या होना चाहिए' }],
  [/^site is null: there is no conferencing PC here$/, { hi: 'site null है: यहाँ मीटिंग का कोई PC नहीं है' }],
  [/^a number from (\d+) to (\d+) is expected$/, { hi: '$1 से $2 तक की संख्या चाहिए' }],
  [/^a whole number is expected$/, { hi: 'पूरी संख्या चाहिए' }],
  [/^HOST:PORT,HOST:PORT is expected$/, { hi: 'HOST:PORT,HOST:PORT की तरह लिखें' }],
  [/^(.+), but the certificate is of (.+)$/, { hi: '$1, पर सर्टिफ़िकेट $2 का है' }],
  [/^not the certificate of a PC$/, { hi: 'यह किसी PC का सर्टिफ़िकेट नहीं है' }],
  [/^not the key of the certificate$/, { hi: 'यह चाबी इस सर्टिफ़िकेट की नहीं है' }],
  [/^no certificate of an authority$/, { hi: 'इसमें सर्वर का सर्टिफ़िकेट नहीं है' }],
];

export function lineFor(line: string, args: readonly string[], env: Readonly<Record<string, string | undefined>>): string {
  return translateLine(line, languageFor(args, env), lines);
}
