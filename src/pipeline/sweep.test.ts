import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '#core/failure.ts';
import { connectionId, orderKey } from '#core/ids.ts';
import { HOUR, MINUTE, after, instant } from '#core/time.ts';
import type { Instant } from '#core/time.ts';
import { createTestClock } from '#tests/clock.ts';
