/**
 * The site table of the demo. The districts come from the npm package india-state-district (MIT). The package has 772 districts and is
 * partly outdated (spellings, later changes), so this nation is only for demos.
 */
import { createRequire } from 'node:module';
import type { LinkClass, Profile, SiteStage, Words } from '@sabha/contracts';
import { type Random, randomFrom } from '../random.ts';
import { idOf, type State, states, type Terrain } from './states.ts';

/** A site of the nation. Coordinates are in degrees. */
export type Site = {
  /** `state/site`. */
  path: string;
  state: State;
  name: Words;
  stage: SiteStage;
  link: LinkClass;
  elevationM: number;
  latitude: number;
  longitude: number;
};

export type Nation = {
  sites: readonly Site[];
  pcOf(site: Site): string;
  /** Returns the CSV for the import. `stageOf` can change stages. */
  csv(stageOf?: (site: Site) => SiteStage): string;
};

/** Expected equipment of every PC, as in the import. */
export const expected: Profile['expected'] = {
  camera: [{ match: 'Rally' }],
  microphone: [{ match: 'Jabra' }],
  speaker: [{ match: 'Jabra' }],
};

/** The site whose microphone is missing at the start of the demo. */
export const lehPath = 'ladakh/leh';

/** The UPS of Leh, which its PC queries by NUT. */
export const lehUps = { name: 'ups', host: 'localhost', port: 3_493 };

/** The three sites of Ladakh: always live, on a geostationary satellite. */
const ladakh: Record<string, Pick<Site, 'elevationM' | 'latitude' | 'longitude'>> = {
  [lehPath]: { elevationM: 3_524, latitude: 34.1526, longitude: 77.5771 },
  'ladakh/kargil': { elevationM: 2_676, latitude: 34.5539, longitude: 76.1349 },
  'ladakh/state-office': { elevationM: 3_500, latitude: 34.1642, longitude: 77.5848 },
};
const hindiNames: Record<string, string> = { Leh: 'लेह', Kargil: 'कारगिल' };
/** Number of sites in each stage among 736 sites. */
const stageShares = { live: 612, commissioning: 41, planned: 83 };
const shareSum = 736;

/** Link classes by terrain. A class that appears more often is more frequent. */
const linksOf: Record<Terrain, readonly LinkClass[]> = {
  plain: ['fibre', 'fibre', 'fibre', 'fibre', 'fibre', 'fibre', 'fibre', 'fibre', '4g'],
  hill: ['fibre', 'fibre', '4g', 'leo'],
  high: ['fibre', 'geo', 'leo', '4g'],
  island: ['geo', 'leo'],
};
const isps: Record<LinkClass, string> = {
  fibre: 'State wide area network',
  '4g': 'Mobile network',
  leo: 'Low-orbit satellite',
  geo: 'VSAT',
  floor: 'VSAT',
};

/**
 * Creates a nation. The same seed and number of sites give the same nation: Leh, the 36 state offices, districts, then second offices of
 * districts.
 */
export function createNation({ sites: count, seed }: { sites: number; seed: number }): Nation {
  const random = randomFrom(seed);
  const sites = placesOf(count, random).map((place) => siteOf(place, random));
  spreadStages(sites, random);
  sites.sort((a, b) => (a.path < b.path ? -1 : 1));
  const pcOf = (site: Site) => `${site.path}/vc-1`;
  return { sites, pcOf, csv: (stageOf = (site) => site.stage) => csvOf(sites, stageOf) };
}

type Place = { state: State; id: string; name: Words };

function placesOf(count: number, random: Random): Place[] {
  const districts = states.flatMap(districtsOf);
  const isLeh = (place: Place) => `${place.state.id}/${place.id}` === lehPath;
  const offices = states.map((state) => ({
    state,
    id: 'state-office',
    name: { en: `${state.en} state office`, hi: `${state.hi} राज्य कार्यालय` },
  }));
  const rest = random.shuffle(districts.filter((place) => !isLeh(place)));
  const places = [...districts.filter(isLeh), ...offices, ...rest];
  for (let round = 2; places.length < count; round += 1) {
    for (const { state, id, name } of rest)
      places.push({ state, id: `${id}-${round}`, name: { en: `${name.en} ${round}`, hi: `${name.hi} ${round}` } });
  }
  return places.slice(0, count);
}

function districtsOf(state: State): Place[] {
  const known = new Map<string, Place>();
  for (const raw of districtNames(state.code)) {
    const en = raw.replace(/ district$/i, '').trim();
    const place = { state, id: idOf(en), name: { en, hi: hindiNames[en] ?? en } };
    known.set(place.id, place);
  }
  return [...known.values()];
}

/** The package is CommonJS, and its types need the DOM library. */
function districtNames(code: string): string[] {
  const source = createRequire(import.meta.url)('india-state-district') as { getDistricts(code: string): string[] };
  return source.getDistricts(code);
}

function siteOf({ state, id, name }: Place, random: Random): Site {
  const path = `${state.id}/${id}`;
  const [low, high] = state.elevationM;
  const near = (middle: number) => Math.round((middle + (random.next() - 0.5) * 1.2) * 1e4) / 1e4;
  const site: Site = {
    path,
    state,
    name,
    stage: 'live',
    link: random.pick(linksOf[state.terrain]),
    elevationM: Math.round(low + (high - low) * random.next() ** 1.5),
    latitude: near(state.latitude),
    longitude: near(state.longitude),
  };
  const known = ladakh[path];
  return known === undefined ? site : { ...site, ...known, link: 'geo' };
}

function spreadStages(sites: Site[], random: Random): void {
  const others = random.shuffle(sites.filter((site) => ladakh[site.path] === undefined));
  const planned = Math.round((sites.length * stageShares.planned) / shareSum);
  const commissioning = Math.round((sites.length * stageShares.commissioning) / shareSum);
  for (const [at, site] of others.entries()) {
    if (at < planned) site.stage = 'planned';
    else if (at < planned + commissioning) site.stage = 'commissioning';
  }
}

const columns =
  'state,site,pc,name_en,name_hi,stage,elevation_m,latitude,longitude,link,isp,link_id,contact_name,contact_phone,contact_email,time_zone,cameras,microphones,speakers,ups';

function csvOf(sites: readonly Site[], stageOf: (site: Site) => SiteStage): string {
  const used = new Set(sites.map((site) => site.state));
  return [
    columns,
    row({
      name_en: 'All offices',
      name_hi: 'सभी दफ़्तर',
      time_zone: 'Asia/Kolkata',
      cameras: 'Rally',
      microphones: 'Jabra',
      speakers: 'Jabra',
    }),
    ...[...used].map(({ id, en, hi }) => row({ state: id, name_en: en, name_hi: hi })),
    ...sites.map((site, at) => siteRow(site, at, stageOf(site))),
    ...sites.map(({ path }) => {
      const [state = '', site = ''] = path.split('/');
      return row({ state, site, pc: 'vc-1', name_en: 'Conference room', name_hi: 'कॉन्फ़्रेंस रूम' });
    }),
    '',
  ].join('\n');
}

function siteRow({ path, name, link, elevationM, latitude, longitude }: Site, at: number, stage: SiteStage): string {
  const [state = '', site = ''] = path.split('/');
  return row({
    state,
    site,
    name_en: name.en,
    name_hi: name.hi,
    stage,
    elevation_m: elevationM,
    latitude,
    longitude,
    link,
    isp: isps[link],
    link_id: `${link.toUpperCase()}-${10_000 + at}`,
    contact_name: `Room clerk, ${name.en}`,
    contact_email: `clerk@${site}.${state}.example.org`,
    ups: path === lehPath ? `${lehUps.name}@${lehUps.host}:${lehUps.port}` : '',
  });
}

function row(values: Record<string, string | number>): string {
  return columns
    .split(',')
    .map((column) => quoted(String(values[column] ?? '')))
    .join(',');
}

function quoted(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
