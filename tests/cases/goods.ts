import type { Item, Recipe } from '#sim/world/recipe.ts';

/** What the cases are about, by its place in the simulated catalog. */
export const KETTLE = 0;
export const PAPERS = 1;
export const BREAD = 2;
export const SHIRT = 4;

export function of(index: number, quantity = 1): Item {
  return { kind: 'product', index, quantity };
}

export const POST = [{ title: 'Standard', cents: 690n }] as const;

/** Paid at once by card. */
export function card(items: readonly Item[], parts: Partial<Recipe> = {}): Recipe {
  return { items, payment: { kind: 'paid', gateway: 'shopify_payments' }, ...parts };
}
