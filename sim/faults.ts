// Faults that any vendor's simulator can be made to show: a cut connection, a lost answer, an error page, a slow or
// silent server. A plan says which call gets which fault, by script (the nth call that matches) or by chance (a seeded
// source). A call that gets no fault passes through untouched.

/** A simulator seen from outside: a request in, a response out. */
export type Handle = (request: Request) => Promise<Response>;

/** What goes wrong with one call. `none` in a comment below means that nothing happened at the vendor. */
export type Fault =
  /** The connection is cut before the vendor sees the request: none. */
  | { readonly kind: 'drop-before' }
  /** The vendor does what was asked and the connection is cut before the answer. */
  | { readonly kind: 'commit-then-drop' }
  /** The edge answers in the vendor's place: none. Without a body, 5xx answer an HTML page as a proxy would. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly body?: string;
      readonly contentType?: string;
      readonly retryAfterSeconds?: number;
    }
  /** The vendor answers, but only after the delay. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** The vendor does what was asked and its JSON arrives cut in half. */
  | { readonly kind: 'truncated' }
  /** HTTP 200 whose body is an error envelope: none. The body is the vendor's own, so it is handed in. */
  | { readonly kind: 'error-200'; readonly body: string }
  /** No answer ever comes. With `effect: "committed"` the vendor did what was asked all the same. */
  | { readonly kind: 'hang'; readonly effect?: 'none' | 'committed' };

/** Which calls a fault is for. A string path matches when the request's path contains it. */
interface FaultMatch {
  readonly method?: string;
  readonly path?: string | RegExp;
}

export interface FaultRule extends FaultMatch {
  readonly fault: Fault;
  /** The first matching call that gets the fault, counted from 1; 1 when left out. */
  readonly nth?: number;
  /** How many matching calls in a row get it; 1 when left out, Infinity for all. */
  readonly times?: number;
}

interface FaultChance extends FaultMatch {
  readonly fault: Fault;
  /** Between 0 and 1. The chances of all matching entries are tried in order, the first hit wins. */
  readonly probability: number;
}

interface InjectedFault {
  readonly method: string;
  readonly path: string;
  readonly fault: Fault;
}

export interface FaultPlan {
  /** The fault for this call, if it gets one. Asked once a call. */
  pick(call: { readonly method: string; readonly path: string }): Fault | undefined;
  /** Every fault handed out so far, oldest first. */
  readonly injected: readonly InjectedFault[];
}

export interface ScriptedFaults extends FaultPlan {
  /** Adds a rule whose count starts now. */
  add(rule: FaultRule): void;
  /** Forgets all rules: every later call passes. */
  clear(): void;
}

/** Faults by script. Rules count their matching calls separately; the first rule that is due wins the call. */
export function scriptedFaults(rules: readonly FaultRule[] = []): ScriptedFaults {
  const injected: InjectedFault[] = [];
  let counted = rules.map((rule) => ({ rule, seenCount: 0 }));
  return {
    injected,
    add: (rule) => void counted.push({ rule, seenCount: 0 }),
    clear: () => {
      counted = [];
    },
    pick: (call) => {
      let picked: Fault | undefined;
      for (const entry of counted) {
        if (!matches(entry.rule, call)) continue;
        entry.seenCount += 1;
        const first = entry.rule.nth ?? 1;
        const isDue = entry.seenCount >= first && entry.seenCount < first + (entry.rule.times ?? 1);
        if (isDue && picked === undefined) picked = entry.rule.fault;
      }
      if (picked !== undefined) injected.push({ method: call.method, path: call.path, fault: picked });
      return picked;
    },
  };
}

export interface SeededFaultsOptions {
  /** Uniform in [0, 1), seeded by the caller so that a failing run can be repeated. */
  readonly random: () => number;
  readonly chances: readonly FaultChance[];
  /** No more than this many faults in all, so that a run ends; unlimited when left out. */
  readonly countMax?: number;
}

/** Faults by chance. */
export function seededFaults(options: SeededFaultsOptions): FaultPlan {
  const injected: InjectedFault[] = [];
  const countMax = options.countMax ?? Infinity;
  return {
    injected,
    pick: (call) => {
      for (const chance of options.chances) {
        if (injected.length >= countMax) return undefined;
        if (!matches(chance, call)) continue;
        if (options.random() < chance.probability) {
          injected.push({ method: call.method, path: call.path, fault: chance.fault });
          return chance.fault;
        }
      }
      return undefined;
    },
  };
}

export interface WithFaultsOptions {
  /** Waits for `slow`; a simulated clock may move instead of waiting. Left out, `slow` answers at once. */
  readonly sleep?: (delayMs: number) => Promise<void>;
}

/** The same simulator, with the plan's faults between it and its caller. */
export function withFaults(handle: Handle, plan: FaultPlan, options: WithFaultsOptions = {}): Handle {
  return async (request) => {
    const fault = plan.pick({ method: request.method, path: new URL(request.url).pathname });
    if (fault === undefined) return handle(request);
    switch (fault.kind) {
      case 'drop-before':
        throw connectionDropped();
      case 'commit-then-drop':
        await handle(request);
        throw connectionDropped();
      case 'status':
        return edgeResponse(fault);
      case 'slow':
        await options.sleep?.(fault.delayMs);
        return handle(request);
      case 'truncated':
        return truncated(await handle(request));
      case 'error-200':
        return new Response(fault.body, { status: 200, headers: { 'content-type': 'application/json' } });
      case 'hang':
        if (fault.effect === 'committed') await handle(request.clone());
        return silence(request);
    }
  };
}

/** What undici's fetch throws when the other side closes the connection. The socket shell destroys the socket on it. */
export function connectionDropped(): TypeError {
  return new TypeError('fetch failed', {
    cause: Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' }),
  });
}

/** Whether an error thrown by a simulator stands for a cut connection. */
export function isConnectionDropped(error: unknown): boolean {
  return error instanceof TypeError && error.message === 'fetch failed';
}

function matches(rule: FaultMatch, call: { readonly method: string; readonly path: string }): boolean {
  if (rule.method !== undefined && rule.method.toUpperCase() !== call.method) return false;
  if (rule.path === undefined) return true;
  return typeof rule.path === 'string' ? call.path.includes(rule.path) : call.path.search(rule.path) !== -1;
}

function edgeResponse(fault: Extract<Fault, { kind: 'status' }>): Response {
  const page = `<html><head><title>${fault.status}</title></head><body><h1>${fault.status}</h1></body></html>`;
  const headers = new Headers({
    'content-type': fault.contentType ?? (fault.body === undefined ? 'text/html' : 'application/json'),
  });
  if (fault.retryAfterSeconds !== undefined) headers.set('retry-after', String(fault.retryAfterSeconds));
  return new Response(fault.body ?? page, { status: fault.status, headers });
}

async function truncated(response: Response): Promise<Response> {
  const text = await response.text();
  const headers = new Headers(response.headers);
  headers.delete('content-length');
  return new Response(text.slice(0, Math.floor(text.length / 2)), { status: response.status, headers });
}

/** Settles only when the caller gives up, with the caller's own reason. */
function silence(request: Request): Promise<Response> {
  return new Promise((_resolve, reject) => {
    const giveUp = (): void => {
      const reason: unknown = request.signal.reason;
      reject(reason instanceof Error ? reason : connectionDropped());
    };
    if (request.signal.aborted) giveUp();
    else request.signal.addEventListener('abort', giveUp, { once: true });
  });
}
