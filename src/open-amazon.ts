import type { Config } from '#config.ts';
import type { ConnectionId } from '#core/ids.ts';
import type { Store } from '#pipeline/ports.ts';
import type { Swept } from '#pipeline/source.ts';
import { currentRules } from '#pipeline/current-rules.ts';
import { createAmazonSource } from '#sources/amazon/amazon.ts';
import { createSellingPartnerApi } from '#sources/amazon/api.ts';
import type { SellingPartnerApi } from '#sources/amazon/api.ts';
import type { Rules } from '#core/rules.ts';
import type { Outside } from '#outside.ts';

/** The configured Amazon seller: a part of the composition root. */
export interface AmazonParts {
  readonly source: Swept;
  /** Absent without credentials: then nothing can be booked. */
  readonly api: SellingPartnerApi | undefined;
  /** What was noticed and stopped nothing, for `doctor`. */
  readonly remarks: () => readonly string[];
}

export function openAmazon(
  { amazon }: Config,
  {
    connection,
    outside: { clock, transport },
    store,
    defaults,
    version,
  }: {
    readonly connection: ConnectionId;
    readonly outside: Pick<Outside, 'clock' | 'transport'>;
    readonly store: Store;
    readonly defaults: Rules;
    readonly version: string;
  },
): AmazonParts | undefined {
  if (amazon === undefined) {
    return undefined;
  }
  const { access, apiUrl, lwaUrl, webhook, sellerId, applicationId, marketplaces } = amazon;
  const api =
    access === undefined
      ? undefined
      : createSellingPartnerApi({ apiUrl, lwaUrl, credentials: access, transport, clock, version });
  const remarks = new Set<string>();
  const source = createAmazonSource({
    connection,
    proof: { ...webhook, transport, clock },
    terms: { sellerId, marketplaces, ...(applicationId === undefined ? {} : { applicationId }) },
    ...(api === undefined ? {} : { api }),
    remark: (sentence) => void remarks.add(sentence),
    // Asked at each reading, because a person may import other rules meanwhile.
    isBuyerKept: async () => {
      const { rules } = await currentRules(store.read, connection, defaults);
      return rules.client === 'per_customer';
    },
  });
  return { source, api, remarks: () => [...remarks] };
}
