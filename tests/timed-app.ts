import { openApp } from '#app.ts';
import type { App } from '#app.ts';
import { readConfig } from '#config.ts';
import { instant } from '#core/time.ts';
import type { PipelineEvent } from '#pipeline/ports.ts';
import { defaultApp } from '#sim/freshbooks/freshbooks.ts';
import type { FreshBooksSim } from '#sim/freshbooks/freshbooks.ts';
import { seededRandom } from '#sim/world/random.ts';
import { openSqlite } from '#storage/sqlite.ts';
import type { VirtualTime } from '#tests/chaos/virtual-time.ts';

export interface TimedAppOptions {
  readonly time: VirtualTime;
  readonly freshbooks: FreshBooksSim;
  /** Of shop and seller. */
  readonly settings: Readonly<Record<string, string>>;
  /** Who answers beside FreshBooks, by the host that the settings name. */
  readonly hosts: Readonly<Record<string, (request: Request) => Promise<Response>>>;
  /** Of every call. */
  readonly latencyMs: number;
  readonly hear: (event: PipelineEvent) => void;
}

/** The program in simulated time between simulators in this process, with its database in memory. */
export function openTimedApp(options: TimedAppOptions): Promise<App> {
  const { time, freshbooks, settings, hosts, latencyMs, hear } = options;
  const grant = freshbooks.grant();
  return openApp(
    readConfig({
      FRESHBOOKS_CLIENT_ID: defaultApp.clientId,
      FRESHBOOKS_CLIENT_SECRET: defaultApp.clientSecret,
      FRESHBOOKS_REDIRECT_URI: defaultApp.redirectUris[0],
      FRESHBOOKS_ACCESS_TOKEN: grant.access_token,
      FRESHBOOKS_REFRESH_TOKEN: grant.refresh_token,
      FRESHBOOKS_API_URL: 'http://freshbooks.sim',
      COUNTERFOIL_SECRET_KEY: 'a key of at least 32 characters, as ours',
      DATABASE_URL: 'sqlite:timed.db',
      ...settings,
    }),
    {
      clock: time,
      random: seededRandom(3),
      emit: hear,
      openDatabase: () => openSqlite(':memory:'),
      async transport(request) {
        time.touch();
        await time.sleep(instant(time.now() + latencyMs));
        const other = hosts[new URL(request.url).hostname];
        return other === undefined ? freshbooks.handle(request) : other(request);
      },
    },
  );
}
