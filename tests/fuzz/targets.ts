import type { Target } from './target.ts';

/**
 * Everything of the program that takes what others made: a new source, books or channel adds its own here. What a target needs
 * is loaded where it is tried.
 */
export const TARGETS: readonly Target[] = [
  { name: 'texts of dates', runs: 400, open: async () => (await import('./texts.ts')).openDates() },
  { name: 'texts of amounts', runs: 1000, open: async () => (await import('./texts.ts')).openAmounts() },
  { name: 'files of rules', runs: 40, open: async () => (await import('./texts.ts')).openRules() },
  {
    name: 'the webhook endpoint over sockets',
    runs: 80,
    open: async () => (await import('./webhooks.ts')).openSockets(),
  },
  {
    name: 'the admin’s API over sockets',
    runs: 80,
    open: async () => (await import('./admin.ts')).openRequests(),
  },
  {
    name: 'proofs of Shopify’s messages',
    runs: 200,
    open: async () => (await import('./shop.ts')).openProofs(),
  },
  { name: 'messages of Shopify', runs: 120, open: async () => (await import('./shop.ts')).openMessages() },
  {
    name: 'previews of Shopify’s orders',
    runs: 80,
    open: async () => (await import('./shop.ts')).openPreviews(),
  },
  { name: 'answers of Shopify', runs: 60, open: async () => (await import('./shop.ts')).openAnswers() },
  {
    name: 'proofs of Amazon’s messages',
    runs: 200,
    open: async () => (await import('./seller.ts')).openProofs(),
  },
  { name: 'messages of Amazon', runs: 120, open: async () => (await import('./seller.ts')).openMessages() },
  {
    name: 'messages of the seller’s queue',
    runs: 40,
    open: async () => (await import('./queue.ts')).openMessages(),
  },
  {
    name: 'previews of Amazon’s orders',
    runs: 60,
    open: async () => (await import('./seller.ts')).openPreviews(),
  },
  { name: 'answers of Amazon', runs: 60, open: async () => (await import('./seller.ts')).openAnswers() },
  { name: 'answers of FreshBooks', runs: 80, open: async () => (await import('./books.ts')).openAnswers() },
  {
    name: 'accounts and tokens of FreshBooks',
    runs: 80,
    open: async () => (await import('./books.ts')).openAccess(),
  },
  { name: 'files for preview', runs: 25, open: async () => (await import('./commands.ts')).openPreviews() },
  {
    name: 'arguments of commands',
    runs: 60,
    open: async () => (await import('./commands.ts')).openArguments(),
  },
  {
    name: 'answers of chat and webhook',
    runs: 80,
    open: async () => (await import('./alarms.ts')).openPosts(),
  },
  { name: 'answers of a mail server', runs: 30, open: async () => (await import('./alarms.ts')).openMails() },
];
