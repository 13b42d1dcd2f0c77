import type { DatabaseSync } from 'node:sqlite';
import { openApp } from '#app.ts';
import type { App } from '#app.ts';
import type { Pipeline } from '#open-pipeline.ts';
import type { Config } from '#config.ts';
import { instant } from '#core/time.ts';
import type { Transport } from '#net/request.ts';
import type { PipelineEvent } from '#pipeline/ports.ts';
import type { Random } from '#sim/world/random.ts';
import { gatedDatabase } from '#tests/chaos/gated-database.ts';
import type { VirtualTime } from '#tests/chaos/virtual-time.ts';

/**
 * One life of the program, from its start to a crash. A crash comes at any call of a port and at any commit: from then on
 * the dead program's calls do nothing and answer nothing, its open transaction is rolled back, and all that it knew is gone.
 */
export interface Generation {
  readonly app: App;
  readonly pipeline: Pipeline;
  /** Rejects when it crashes. */
  readonly death: Promise<never>;
  readonly isDead: () => boolean;
  readonly kill: () => void;
}

/** Where a run's trouble comes from; each is asked once for each call. */
export interface Trouble {
  /** Whether the program dies at this call. */
  readonly crashes: () => boolean;
  /** A code of SQLite's that this commit fails with, before or after it is durable. */
  readonly diskError: () => DiskError | undefined;
  /** Milliseconds that the program's clock is ahead of the others'. */
  readonly skewMs: () => number;
  /** Milliseconds that it is ahead beside, for a time: asked at each look. */
  readonly aheadMs: () => number;
}

export interface DiskError {
  readonly errcode: number;
  readonly isAfter: boolean;
}

export class Crash extends Error {}

/** Everything that stays when the program dies. */
export interface Ground {
  /** Of the environment: a person may change it between two lives. */
  config: Config;
  readonly time: VirtualTime;
  /** Another one once a backup was put back. */
  database: DatabaseSync;
  readonly transport: Transport;
  readonly random: Random;
  readonly trouble: Trouble;
  readonly emit: (event: PipelineEvent) => void;
}

/**
 * Longer than in production, for looking costs most of quiet hours, but for what is due not so long that what arrives late has
 * always arrived: with 15 s no run saw that a payment was sent again too soon.
 */
const LOOKS = { dueMs: 5_000, askedMs: 120_000 };

/** Starts the program. Rejects with a Crash when it dies at that, or as the program itself would. */
export async function startGeneration(ground: Ground): Promise<Generation> {
  const { time, trouble, database } = ground;
  let isDead = false;
  let die: (crash: Crash) => void = () => undefined;
  const death = new Promise<never>((_resolve, reject) => {
    die = reject;
  });
  death.catch(() => undefined);
  const kill = (): Crash => {
    const crash = new Crash('The program was killed');
    isDead = true;
    if (database.isTransaction) {
      database.exec('rollback');
    }
    die(crash);
    return crash;
  };
  /** Throws once it is dead, or dies here. */
  const enter = (): void => {
    time.touch();
    if (isDead || trouble.crashes()) {
      throw isDead ? new Crash('The program is dead') : kill();
    }
  };
  const never = new Promise<never>(() => undefined);
  // As it was seen last: who looks and then sleeps does both in one breath.
  let aheadMs = 0;
  const clock = {
    now() {
      aheadMs = trouble.aheadMs();
      return instant(time.now() + trouble.skewMs() + aheadMs);
    },
    async sleep(until: number, signal?: AbortSignal): Promise<void> {
      await (isDead ? never : time.sleep(instant(until - trouble.skewMs() - aheadMs), signal));
      await (isDead ? never : undefined);
    },
  };
  const transport: Transport = async (request) => {
    try {
      enter();
      const response = await ground.transport(request);
      enter();
      return response;
    } catch (thrown) {
      return thrown instanceof Crash ? never : Promise.reject(thrown);
    }
  };
  const emit = (event: PipelineEvent): void => {
    if (!isDead) {
      ground.emit(event);
    }
  };
  const opened = openApp(ground.config, {
    clock,
    transport,
    random: ground.random,
    emit,
    openDatabase: () => gatedDatabase(database, { enter, diskError: trouble.diskError }),
  }).then(async (app) => ({ app, pipeline: await app.openPipeline(LOOKS) }));
  // Once it is dead, what it still does fails and is nobody's concern.
  opened.catch(() => undefined);
  const { app, pipeline } = await Promise.race([opened, death]);
  pipeline.start();
  // As the server does: it looks for the account at once, and takes tokens that a person gave it.
  app.openBooks().catch(() => undefined);
  return { app, pipeline, death, isDead: () => isDead, kill: () => void kill() };
}
