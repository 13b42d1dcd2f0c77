import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from './config.ts';
import { originsOf } from './origins.ts';

test('without any connection FreshBooks alone is called', () => {
  assert.deepEqual(originsOf(readConfig({})), ['https://api.freshbooks.com']);
});

test('what the settings name is called, and of SNS the one region of the topic', () => {
  const config = readConfig({
    SHOPIFY_SHOP_DOMAIN: 'acme.myshopify.com',
    AMAZON_SELLER_ID: 'A3EXAMPLESELLER',
    SP_API_REGION: 'eu',
    AMAZON_SNS_TOPIC_ARN: 'arn:aws:sns:eu-west-1:111122223333:sp-api-forward',
    AMAZON_SQS_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/111122223333/orders',
    ALARM_SLACK_URL: 'https://hooks.slack.com/services/T0/B0/x',
    ALARM_WEBHOOK_URL: 'https://alarms.example.com/in',
    ALARM_WEBHOOK_SECRET: 'a secret of some length',
  });
  assert.deepEqual(originsOf(config), [
    'https://acme.myshopify.com',
    'https://sellingpartnerapi-eu.amazon.com',
    'https://api.amazon.com',
    'https://sns.eu-west-1.amazonaws.com',
    'https://api.freshbooks.com',
    'https://hooks.slack.com/services/T0/B0/x',
    'https://alarms.example.com/in',
  ]);
});
