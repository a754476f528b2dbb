/** Up to which height models of PCs, displays, cameras and sound devices are made, as their makers say it. A row without a source is a guess. */

/** The height up to which a maker stands for a device. */
export type AltitudeRow = {
  /** Matched on maker and model as the PC tells them. */
  match: RegExp;
  maxAltitudeM: number;
  source: string;
};

/** The rows that are known. */
export const altitudeCatalogue: readonly AltitudeRow[] = [
  {
    match: /^Dell Inc\.? OptiPlex\b/i,
    maxAltitudeM: 3_048,
    source: 'Dell, OptiPlex N User’s Guide, "Altitude": each system is rated for -16 to 3,048 m (at 35 °C up to 914 m)',
  },
  { match: /^Apple Inc\. iMac7,1$/, maxAltitudeM: 3_048, source: 'iMac of 2007: 10,000 feet by Apple, as quoted on blog.birdhouse.org' },
];

/** The height up to which a device is made; undefined where the catalogue does not know it. */
export function maxAltitudeOf(name: string, rows: readonly AltitudeRow[] = altitudeCatalogue): number | undefined {
  return rows.find(({ match }) => match.test(name))?.maxAltitudeM;
}
