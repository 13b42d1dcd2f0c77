import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAmazon, DEFAULT_AMAZON_APP } from '#sim/amazon/amazon.ts';
import type { AmazonSim } from '#sim/amazon/amazon.ts';
import { createAmazonWorld } from '#sim/amazon/world.ts';
import { listen } from '#sim/socket.ts';
import type { Ended } from './cli-process.ts';
import { runCommand } from './command.ts';

/** Commands of an Amazon seller before a simulated Amazon. */
export interface AmazonCommands {
  /** The simulator that answers now; another one after `renew`. */
  sim(): AmazonSim;
  /** Begins anew with an Amazon that was told nothing yet. */
  renew(): void;
  /** The settings of the commands, of a European seller. */
  readonly environment: Record<string, string>;
  /** Of the simulated sandbox. */
  readonly sandboxUrl: string;
  /** With these settings over the others; an empty one is none. */
  run(args: readonly string[], settings?: Readonly<Record<string, string>>): Promise<Ended>;
  json<T>(args: readonly string[], settings?: Readonly<Record<string, string>>): Promise<T>;
  close(): Promise<void>;
}

const SEED = 7;
/** Amazon's minute passes in a second: its limits are not what these tests are about. */
const clock = { now: () => performance.timeOrigin + 60 * performance.now() };

export async function openAmazonCommands(): Promise<AmazonCommands> {
  const folder = await mkdtemp(join(tmpdir(), 'counterfoil-amazon-'));
  const makeSim = (): AmazonSim => createAmazon({ world: createAmazonWorld({ seed: SEED, clock }), clock });
  let sim = makeSim();
  const live = await listen((request) => sim.at({ region: 'eu', isSandbox: false })(request));
  const sandbox = await listen((request) => sim.at({ region: 'eu', isSandbox: true })(request));
  const environment: Record<string, string> = {};
  const settle = (): void => {
    Object.assign(environment, {
      AMAZON_SELLER_ID: sim.world.sellerId,
      SP_API_MARKETPLACE_IDS: 'DE,FR',
      SP_API_CLIENT_ID: DEFAULT_AMAZON_APP.clientId,
      SP_API_CLIENT_SECRET: DEFAULT_AMAZON_APP.clientSecret,
      SP_API_REFRESH_TOKEN: sim.login.refreshToken('eu'),
      SP_API_URL: live.origin,
      LWA_URL: live.origin,
      AMAZON_SQS_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/111122223333/orders',
      DATABASE_URL: `sqlite:${join(folder, 'counterfoil.db')}`,
    });
  };
  settle();
  const run: AmazonCommands['run'] = (args, settings = {}) =>
    runCommand(args, { cwd: folder, environment: { ...environment, ...settings } });
  return {
    sim: () => sim,
    renew() {
      sim = makeSim();
      settle();
    },
    environment,
    sandboxUrl: sandbox.origin,
    run,
    async json<T>(args: readonly string[], settings?: Readonly<Record<string, string>>) {
      return JSON.parse((await run([...args, '--json'], settings)).out) as T;
    },
    async close() {
      await Promise.all([live.close(), sandbox.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
