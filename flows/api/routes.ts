/** THE list of routes, in the order of OpenAPI. */
import type { FastifyInstance } from 'fastify';
import { accountRoutes, loginRoutes } from './account-routes.ts';
import { announceRoutes } from './announce-routes.ts';
import { centreRoutes, recordRoutes, tabsRoutes } from './centre-routes.ts';
import { commandRoutes } from './command-routes.ts';
import { incidentRoutes } from './incident-routes.ts';
import type { PartsFor, Route } from './kit/route.ts';
import { maintenanceRoutes } from './maintenance-routes.ts';
import { meetingRoutes } from './meeting-routes.ts';
import { pcRoutes } from './pc-routes.ts';
import { rollCallRoutes } from './rollcall-routes.ts';
import { deviceRoutes, peopleRoutes, rosterRoutes } from './roster-routes.ts';
import { rolloutRoutes, siteRoutes } from './site-routes.ts';

/** One row for each. */
export const routes: readonly Route[] = [
  ...centreRoutes,
  ...siteRoutes,
  ...pcRoutes,
  ...incidentRoutes,
  ...rollCallRoutes,
  ...rolloutRoutes,
  ...meetingRoutes,
  ...maintenanceRoutes,
  ...rosterRoutes,
  ...peopleRoutes,
  ...deviceRoutes,
  ...announceRoutes,
  ...accountRoutes,
  ...commandRoutes,
  ...tabsRoutes,
  ...loginRoutes,
  ...recordRoutes,
];

/** Adds the rows of the parts that are there. */
export function addRoutes(app: FastifyInstance, parts: PartsFor): void {
  for (const one of routes) one.add(app, parts);
}
