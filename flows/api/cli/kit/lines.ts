/** What `sabha` says of a call, and its centre of an order, in Hindi; English where the line of the program is not plain enough. */
import { type LineRow, rowsOfCentre } from '@sabha/contracts';

/** What was typed. */
const calls: readonly LineRow[] = [
  [/^what is to be done\? .+$/, { hi: 'क्या करना है? "sabha help" में सूची है' }],
  [/^"(.*)" is not known: "sabha help" .+$/, { hi: '"$1" यहाँ नहीं चलता: "sabha help" में सूची है' }],
  [/^which of: (.+)\?$/, { hi: 'इनमें से कौन सा: $1?' }],
  [/^--(\S+) is empty: is a variable not set\?$/, { hi: '--$1 ख़ाली है: क्या कोई वेरिएबल सेट नहीं है?' }],
  [/^(.+) needs (--[^;]+)(;.*)?$/, { hi: '$1 के साथ $2 लिखें$3' }],
  [/^--by needs a name$/, { hi: '--by के बाद नाम लिखें' }],
  [
    /^scope: the role state needs its part of the tree, or "all"$/,
    {
      en: 'the role state needs --scope: STATE, STATE/SITE or group:NAME, or "all" for everywhere',
      hi: 'state रोल के साथ --scope लिखें: STATE, STATE/SITE या group:NAME; पूरे देश के लिए all',
    },
  ],
  [/^--(\S+) (.+): a day such as .+$/, { hi: '--$1 $2: दिन लिखें, जैसे 2027-01-05, या कितने दिन या घंटे पहले, जैसे 30d या 12h' }],
  [
    /^the span ends before it begins$/,
    { en: 'the span ends before it begins: --since must be earlier than --until', hi: 'समय उलटा है: --since का समय --until से पहले का हो' },
  ],
  [
    /^there is no PC (.+)$/,
    { en: 'there is no PC $1: "sabha pcs list" shows them', hi: '$1 नाम का कोई PC नहीं है: "sabha pcs list" में सूची है' },
  ],
  [/^name the PCs, or a whole --scope$/, { hi: 'PC के नाम लिखें, या पूरा --scope' }],
  [/^"(.*)" is no PC: .+$/, { hi: '"$1" किसी PC का नाम नहीं है: STATE/SITE/PC लिखें, जैसे ladakh/leh/vc-1' }],
  [/^"(.*)" is no site: .+$/, { hi: '"$1" किसी ऑफ़िस का नाम नहीं है: STATE/SITE लिखें, जैसे ladakh/leh' }],
  [/^"(.*)" is no command: (.+)$/, { hi: '"$1" कोई आदेश नहीं है: $2' }],
  [/^--arg "(.*)" is not KEY=VALUE$/, { hi: '--arg "$1": KEY=VALUE की तरह लिखें' }],
  [/^"(.*)" is no number of a notice$/, { hi: '"$1" किसी सूचना का नंबर नहीं है' }],
  [/^--(.+) needs a whole number$/, { hi: '--$1 के बाद पूरी संख्या लिखें' }],
  [
    /^explain takes a place and a fault, or --incident with its number$/,
    { hi: 'explain के साथ जगह और ख़राबी लिखें, या --incident और उसका नंबर' },
  ],
  [/^"(.*)" is no number of an incident: .+$/, { hi: '"$1" किसी अलर्ट का नंबर नहीं है: "sabha incidents --open" में सूची है' }],
  [/^"(.*)" is no time: (.+)$/, { hi: '"$1" समय नहीं है: 90m, 2h, या 2027-01-15T18:30+05:30 लिखें' }],
];

/** What was looked for on this machine, or at the centre. */
const places: readonly LineRow[] = [
  [/^SABHA_API: "(.*)" is no address such as (\S+)$/, { hi: 'SABHA_API: "$1" पता नहीं है; ऐसे लिखें: $2' }],
  [/^another program listens on (\S+), the token was not sent$/, { hi: '$1 पर कोई और प्रोग्राम चल रहा है, टोकन नहीं भेजा गया' }],
  [/^the token is not one line of ASCII: check SABHA_TOKEN$/, { hi: 'टोकन एक ही लाइन में और ASCII में होता है: SABHA_TOKEN देखें' }],
  [/^SABHA_API: a token goes to another machine over https only$/, { hi: 'SABHA_API: टोकन दूसरी मशीन पर सिर्फ़ https से जाता है' }],
  [
    /^the centre at (\S+) does not answer: (?:SELF_SIGNED|UNABLE_TO|DEPTH_ZERO)\w+$/,
    {
      en: 'the certificate of the centre at $1 is not trusted here: NODE_EXTRA_CA_CERTS names a copy of its data/flows/ca/roots.pem',
      hi: '$1 पर सेंटर के सर्टिफ़िकेट पर यहाँ भरोसा नहीं है: NODE_EXTRA_CA_CERTS में उसकी data/flows/ca/roots.pem की कॉपी लिखें',
    },
  ],
  [
    /^the centre at (\S+) does not answer: ECONNREFUSED$/,
    {
      en: 'the centre at $1 does not answer: nothing listens there. Is it running ("systemctl status sabha-flows")? SABHA_API names another address',
      hi: '$1 पर सेंटर जवाब नहीं दे रहा: वहाँ कुछ नहीं चल रहा। क्या सेंटर चालू है ("systemctl status sabha-flows")? दूसरा पता SABHA_API में लिखें',
    },
  ],
  [
    /^the centre at (\S+) does not answer: (.+)$/s,
    {
      en: 'the centre at $1 does not answer: $2. SABHA_API names another address',
      hi: '$1 पर सेंटर जवाब नहीं दे रहा: $2। दूसरा पता SABHA_API में लिखें',
    },
  ],
  [/^the centre at (\S+) stopped in the middle .+$/, { hi: '$1 पर सेंटर जवाब के बीच में रुक गया: फिर कोशिश करें' }],
  [/^(\S+) is no centre of Sabha: .+$/, { hi: '$1 Sabha का सेंटर नहीं है: SABHA_API का पता देखें' }],
  [/^the centre answered with status (\d+)$/, { hi: 'सेंटर ने मना किया (स्थिति $1)' }],
  [/^(.+): no file there ends in (.+)$/, { hi: '$1: वहाँ $2 वाली कोई फ़ाइल नहीं है' }],
  [/^(.+): (\S+) cannot be copied there: (.+)$/, { hi: '$1: $2 वहाँ कॉपी नहीं हुई: $3' }],
  [/^(.+): ports\.api is 0, so SABHA_API must name the address$/, { hi: '$1: ports.api 0 है, इसलिए पता SABHA_API में लिखें' }],
];

/** Why the centre does not do it. */
const refusals: readonly LineRow[] = [
  [
    /^there is no site (.+)$/,
    { en: 'there is no site $1: "sabha sites list" shows them', hi: '$1 नाम का कोई ऑफ़िस नहीं है: "sabha sites list" में सूची है' },
  ],
  [/^(.+) is closed$/, { hi: '$1 बंद है' }],
  [
    /^(.+) has no PC in the site table$/,
    { en: '$1 has no PC in the site table: "sabha sites import" brings them', hi: '$1 का कोई PC सूची में नहीं है: "sabha sites import" से जोड़ें' },
  ],
  [/^no code of (.+) is open$/, { hi: '$1 का कोई कोड चालू नहीं है' }],
  [/^there is no account "(.*)"$/, { hi: '"$1" नाम का कोई अकाउंट नहीं है' }],
  [/^there is no token "(.*)"$/, { hi: '"$1" नाम का कोई टोकन नहीं है' }],
  [/^there is an account "(.*)" already$/, { hi: '"$1" नाम का अकाउंट पहले से है' }],
  [/^there is a token "(.*)" already$/, { hi: '"$1" नाम का टोकन पहले से है' }],
  [/^"(.*)" is a program of this server$/, { hi: '"$1" इसी सर्वर का प्रोग्राम है' }],
  [/^this token is unknown, revoked or expired$/, { hi: 'यह टोकन ग़लत है, बंद है या उसका समय ख़त्म हो गया' }],
  [/^there is no fault "(.*)"$/, { hi: '"$1" नाम की कोई ख़राबी नहीं है' }],
  [/^there is no such (?:incident)$/, { hi: 'ऐसा कोई अलर्ट नहीं है' }],
  [/^there is no such person$/, { hi: 'इस नाम का कोई सूची में नहीं है' }],
  [/^there is no such site$/, { hi: 'ऐसा कोई ऑफ़िस नहीं है' }],
  [/^there is no such (?:meeting)$/, { hi: 'ऐसी कोई मीटिंग नहीं है' }],
  [/^there is no such (?:roll call)$/, { hi: 'ऐसी कोई हाज़िरी नहीं है' }],
  [/^there is no such (?:notice|maintenance|command)$/, { hi: 'रिकॉर्ड में ऐसा कुछ नहीं है' }],
  [/^there is no ([a-z0-9/-]+)$/, { hi: '$1 सूची में नहीं है' }],
  [
    /^(.+) has it since (\S+ ?\S*) UTC: "takeOver" takes it over$/,
    { en: '$1 has it since $2 UTC: --take-over takes it over', hi: '$2 UTC से $1 देख रहे हैं: आप लेना चाहें तो --take-over लिखें' },
  ],
  [/^no configuration is on its way in stages$/, { hi: 'कोई सेटिंग थोड़ी-थोड़ी करके नहीं भेजी जा रही' }],
  [/^the tabs do not run: the log of flows says why$/, { hi: 'टैब नहीं चल रहे: वजह flows के लॉग में है' }],
  [/^the file is larger than (\d+) MiB$/, { hi: 'फ़ाइल $1 MiB से बड़ी है' }],
  [/^a token is needed: set SABHA_TOKEN$/, { hi: 'टोकन चाहिए: SABHA_TOKEN में टोकन दें' }],
  [/^a token is needed, and none .+ (\/.+): .+$/, { hi: 'टोकन चाहिए, $1 में नहीं मिला: sudo लगाएँ, या SABHA_DATA या SABHA_TOKEN दें' }],
  [/^somebody else reads events right now: .+$/, { hi: 'अभी कोई और घटनाएँ देख रहा है: एक मिनट बाद फिर करें' }],
  [/^not so soon again$/, { hi: 'थोड़ा रुककर फिर करें' }],
  [/^the centre could not do this; its log says why$/, { hi: 'सेंटर यह नहीं कर पाया; वजह उसके लॉग में है' }],
];

/** What of events is not shown. */
const notShown: readonly LineRow[] = [
  [/^only the first (\d+) are shown: (--since \S+) goes on$/, { hi: 'सिर्फ़ पहली $1 घटनाएँ दिखाई गईं: आगे की $2 से देखें' }],
  [
    /^archives are kept for (\d+) months, older ones are gone: up to (\d+) events of (\S+) are not shown$/,
    { hi: 'पुराना रिकॉर्ड $1 महीने रखा जाता है, उससे पहले का मिट चुका है: $3 की $2 तक घटनाएँ नहीं दिखाई गईं' },
  ],
  [/^archives from (\S+) on were not read to their end, .+$/, { hi: '$1 से आगे का पुराना रिकॉर्ड पूरा नहीं पढ़ा गया, समय बहुत लगा: कम समय का पूछें' }],
  [/^(\S+\.archive) is missing: up to (\d+) events of (\S+) are not shown$/, { hi: '$1 फ़ाइल नहीं है: $3 की $2 तक घटनाएँ नहीं दिखाई गईं' }],
  [
    /^(\S+\.archive) cannot be read \((.+)\): up to (\d+) events of (\S+) are not shown$/,
    { hi: '$1 फ़ाइल पढ़ी नहीं जा सकी ($2): $4 की $3 तक घटनाएँ नहीं दिखाई गईं' },
  ],
];

/** What becomes of an order. */
const outcomes: readonly LineRow[] = [
  [/^1 PC of (\S+), until (.+), shown this once:$/, { hi: '$1 का 1 PC, $2 तक, एक ही बार दिखता है:' }],
  [/^(\d+) PCs of (\S+), until (.+), shown this once:$/, { hi: '$2 के $1 PC, $3 तक, एक ही बार दिखता है:' }],
  [/^on (\S+):$/, { hi: '$1 पर:' }],
  [
    /^By phone: .+ the name of the centre, (\S+)\. With the package of this centre (\S+) is all\.$/,
    { hi: 'फ़ोन पर: PC पर "sudo sabha-agent enrol" कोड और सेंटर का नाम पूछता है, नाम: $1। इस सेंटर के पैकेज में बस $2 काफ़ी है।' },
  ],
  [
    /^Next: send each line, .+ sabha pcs list --site (\S+)$/,
    { hi: 'आगे: हर लाइन, या उसके कोड की फ़ोटो, उस PC पर बैठे व्यक्ति को भेजें। एक मिनट में PC यहाँ दिखेगा: sabha pcs list --site $1' },
  ],
  [
    /^Next: write the name by which PCs reach this machine for NAME; .+$/,
    { hi: 'आगे: NAME की जगह वह नाम लिखें जिससे PC इस मशीन तक पहुँचते हैं; sabha.json में https.names लिखने पर वह यहीं छपेगा।' },
  ],
  [/^still at work: (\d+) s .+$/, { hi: 'काम चल रहा है: $1 सेकंड (रुकना हो तो Ctrl+C)' }],
  [/^(\S+) is not ready to go live\. What is not done yet:$/, { hi: '$1 अभी चालू नहीं हो सकता। जो अभी नहीं हुआ:' }],
  [/^- it has no PC: "sabha sites import" brings them$/, { hi: '- इसका कोई PC नहीं है: "sabha sites import" से जोड़ें' }],
  [/^With --force it goes live all the same\.$/, { hi: '--force के साथ फिर भी चालू हो जाएगा।' }],
  [/^done$/, { hi: 'हो गया' }],
  [/^nothing is changed(?: or sent)? yet: --yes does it$/, { hi: 'अभी कुछ नहीं बदला: --yes से होगा' }],
  [/^(\d+) added, (\d+) changed, (\d+) the same(.*)$/, { hi: '$1 नए, $2 बदले, $3 वैसे ही$4' }],
  [/^(\d+) added, (\d+) changed, (\d+) removed, (\d+) the same(.*)$/, { hi: '$1 नए, $2 बदले, $3 हटाए, $4 वैसे ही$5' }],
  [/^incident (\d+) is quiet until (.+), unless it gets worse$/, { hi: 'अलर्ट $1 $2 तक रोका गया, बिगड़ा तो ख़बर आएगी' }],
  [/^it is over when its PC says so, else it is reopened$/, { hi: 'PC ठीक बताए तो ख़त्म, नहीं तो अलर्ट फिर खुलेगा' }],
  [/^shown this once(?:, for one login)?$/, { hi: 'एक ही बार दिखता है' }],
];

/** The rows of `sabha`. */
export const lines: readonly LineRow[] = [...calls, ...outcomes, ...places, ...refusals, ...notShown, ...rowsOfCentre];
