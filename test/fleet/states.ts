/**
 * The 36 states and union territories of the simulated nation. Hindi names and coordinates are written by hand, and the terrain is a rough
 * guess for a plausible demo, not a survey.
 */

/** `plain` has fibre everywhere, `hill` has a mix of link classes, `high` and `island` use satellites. */
export type Terrain = 'plain' | 'hill' | 'high' | 'island';

export type State = {
  /** Code in the package india-state-district. */
  code: string;
  id: string;
  en: string;
  hi: string;
  /** Approximate position, in degrees. */
  latitude: number;
  longitude: number;
  terrain: Terrain;
  /** Lowest and highest elevation of its offices, in metres. */
  elevationM: readonly [number, number];
};

type Row = [code: string, en: string, hi: string, latitude: number, longitude: number, terrain: Terrain, low: number, high: number];

const rows: Row[] = [
  ['AP', 'Andhra Pradesh', 'आंध्र प्रदेश', 15.9, 79.7, 'plain', 5, 450],
  ['AR', 'Arunachal Pradesh', 'अरुणाचल प्रदेश', 28.2, 94.7, 'high', 300, 3050],
  ['AS', 'Assam', 'असम', 26.2, 92.9, 'plain', 40, 120],
  ['BR', 'Bihar', 'बिहार', 25.8, 85.5, 'plain', 40, 110],
  ['CG', 'Chhattisgarh', 'छत्तीसगढ़', 21.3, 82, 'plain', 260, 650],
  ['GA', 'Goa', 'गोवा', 15.4, 74.1, 'plain', 5, 60],
  ['GJ', 'Gujarat', 'गुजरात', 22.6, 71.8, 'plain', 5, 200],
  ['HR', 'Haryana', 'हरियाणा', 29.1, 76.3, 'plain', 200, 280],
  ['HP', 'Himachal Pradesh', 'हिमाचल प्रदेश', 31.9, 77.3, 'high', 600, 3150],
  ['JH', 'Jharkhand', 'झारखंड', 23.6, 85.5, 'plain', 200, 650],
  ['KA', 'Karnataka', 'कर्नाटक', 14.7, 76.2, 'plain', 20, 950],
  ['KL', 'Kerala', 'केरल', 10.4, 76.5, 'plain', 5, 900],
  ['MP', 'Madhya Pradesh', 'मध्य प्रदेश', 23.5, 78.3, 'plain', 200, 600],
  ['MH', 'Maharashtra', 'महाराष्ट्र', 19.4, 76.1, 'plain', 10, 650],
  ['MN', 'Manipur', 'मणिपुर', 24.7, 93.9, 'hill', 50, 1500],
  ['ML', 'Meghalaya', 'मेघालय', 25.5, 91.3, 'hill', 300, 1500],
  ['MZ', 'Mizoram', 'मिज़ोरम', 23.3, 92.8, 'hill', 400, 1700],
  ['NL', 'Nagaland', 'नागालैंड', 26.1, 94.4, 'hill', 200, 1900],
  ['OD', 'Odisha', 'ओडिशा', 20.5, 84.4, 'plain', 10, 600],
  ['PB', 'Punjab', 'पंजाब', 30.9, 75.4, 'plain', 190, 300],
  ['RJ', 'Rajasthan', 'राजस्थान', 26.6, 73.8, 'plain', 160, 600],
  ['SK', 'Sikkim', 'सिक्किम', 27.5, 88.5, 'high', 1200, 2750],
  ['TN', 'Tamil Nadu', 'तमिलनाडु', 11, 78.4, 'plain', 5, 450],
  ['TG', 'Telangana', 'तेलंगाना', 17.9, 79.3, 'plain', 100, 600],
  ['TR', 'Tripura', 'त्रिपुरा', 23.8, 91.6, 'hill', 15, 120],
  ['UP', 'Uttar Pradesh', 'उत्तर प्रदेश', 27, 80.6, 'plain', 70, 270],
  ['UK', 'Uttarakhand', 'उत्तराखंड', 30.1, 79.2, 'high', 300, 2100],
  ['WB', 'West Bengal', 'पश्चिम बंगाल', 23.8, 87.9, 'plain', 5, 250],
  ['AN', 'Andaman and Nicobar Islands', 'अंडमान और निकोबार द्वीपसमूह', 11.7, 92.7, 'island', 5, 60],
  ['CH', 'Chandigarh', 'चंडीगढ़', 30.7, 76.8, 'plain', 320, 330],
  ['DH', 'Dadra and Nagar Haveli and Daman and Diu', 'दादरा और नगर हवेली और दमन और दीव', 20.3, 73, 'plain', 5, 60],
  ['JK', 'Jammu and Kashmir', 'जम्मू और कश्मीर', 33.6, 75.1, 'hill', 330, 2400],
  ['LA', 'Ladakh', 'लद्दाख', 34.2, 77.6, 'high', 2676, 4000],
  ['LD', 'Lakshadweep', 'लक्षद्वीप', 10.6, 72.6, 'island', 2, 8],
  ['DL', 'Delhi', 'दिल्ली', 28.65, 77.1, 'plain', 210, 230],
  ['PY', 'Puducherry', 'पुदुच्चेरी', 11.9, 79.8, 'plain', 3, 20],
];

/** Short ids for states whose names are too long for an id. */
const shortIds: Record<string, string> = { DH: 'dadra-nagar-haveli-daman-diu' };

export const states: readonly State[] = rows.map(([code, en, hi, latitude, longitude, terrain, low, high]) => ({
  code,
  id: shortIds[code] ?? idOf(en),
  en,
  hi,
  latitude,
  longitude,
  terrain,
  elevationM: [low, high],
}));

/** Returns the id of a Latin name: small letters, digits and dashes, at most 29, so that a number can follow. */
export function idOf(name: string): string {
  const plain = name.normalize('NFD').replace(/\p{Mark}/gu, '');
  const words = plain.replace(/\(.*?\)|\bdistrict\b/gi, '').toLowerCase();
  return words
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 29)
    .replace(/-$/, '');
}
