import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contactsOf, withoutContacts } from './contacts.ts';
import { NOBODY } from './order.ts';

/** An answer may hold eight megabytes; that nothing takes the square of its length shows long before. */
const LONG = 'a'.repeat(200_000);

test('what looks like an e-mail address is taken out whole, and nothing else', () => {
  const sentences = {
    'Ann ann@example.com bought it': 'Ann … bought it',
    'a@b,c@d <e@f> "g@h"': '… <…> "…"',
    '@b and a@ and @ and @@': '@b and a@ and @ and @@',
    '@@@ and @a@b and a@@': '… and … and …',
    'mail:ann@example.com.': '…',
  };
  for (const [sentence, expected] of Object.entries(sentences)) {
    assert.equal(withoutContacts(sentence, []), expected);
  }
});

test('a long text without a space takes no longer than its length', () => {
  const started = performance.now();
  assert.equal(withoutContacts(`a@b ${LONG}`, []), `… ${LONG}`);
  assert.equal(withoutContacts(`@ ${LONG} ${LONG}@`, []), `@ ${LONG} ${LONG}@`);
  assert.ok(performance.now() - started < 5000, 'a square takes minutes');
});

test('a contact is taken out however it is spelled or escaped, and what is around it stays', () => {
  const spellings: readonly (readonly [contact: string, sentence: string, expected: string])[] = [
    ["O'Brien", 'Last name O&#39;Brien is invalid', 'Last name … is invalid'],
    ["O'Brien", 'Last name O&#x27;BRIEN is invalid', 'Last name … is invalid'],
    ["O'Brien", 'Last name O&amp;#39;Brien is invalid', 'Last name … is invalid'],
    ["O'Brien", 'Last name O’Brien is invalid', 'Last name … is invalid'],
    ['Smith & Sons', 'Organization Smith &amp; Sons exists', 'Organization … exists'],
    ['Müller', 'M&uuml;ller and M&Uuml;LLER: no', '… and …: no'],
    ['José', 'Name Jose\u0301 is invalid', 'Name … is invalid'],
    ['Jose\u0301', 'Name JOSÉ is invalid', 'Name … is invalid'],
    ['한', 'Name \u1112\u1161\u11AB is invalid', 'Name … is invalid'],
    ['12  Main\tStreet', 'Street 12 Main Street not found', 'Street … not found'],
    ['Van Dyke', 'Name Van\u00A0Dyke, Van&nbsp;Dyke', 'Name …, …'],
    ['kim@example.com', 'kim%40example.com refused', '… refused'],
    ['17 Hauptstraße', '/17%20Hauptstra%C3%9Fe refused', '/… refused'],
    ['Weiß', 'WEISS, Weiss and WEIẞ refused', '…, … and … refused'],
    ['İpek', 'ipek and IPEK refused', '… and … refused'],
    ['Ｋｉｍ', 'K\u00ADim refused', '… refused'],
    ['Anne-Marie', 'Anne\u2011Marie refused', '… refused'],
    ['Zoë', String.raw`Zo\u00eb and \nZo\u00CB: no`, String.raw`… and \n…: no`],
    ['Kim&#39;s', "Kim's: no", '…: no'],
  ];
  for (const [contact, sentence, expected] of spellings) {
    assert.equal(withoutContacts(sentence, [contact]), expected, `${contact} in ${sentence}`);
  }
  assert.equal(withoutContacts('Told ann%40example.com and a&#64;b.c', []), 'Told … and …');
});

test('words that are not the buyer’s stay, though they hold one of his or are written nearly so', () => {
  const all = 'Kimberly, Weissmann, Kim’sson, 각, Joséphine, 50%25, &copy; Ⓚim, José';
  assert.equal(withoutContacts(all, ['Kimber', 'Weiß', 'Joseph', '가', 'Jose', 'Ki']), all);
  assert.equal(withoutContacts('Kim™ and Kim² and client_Kim_1', ['Kim']), '…™ and Kim² and client_…_1');
});

test('a phone number is taken out also as it is dialled', () => {
  const contacts = contactsOf({ ...NOBODY, phone: '+1 (555) 010-4477' });
  assert.equal(withoutContacts('15550104477, +1 (555) 010-4477: no', contacts), '…, …: no');
  assert.deepEqual(contactsOf({ ...NOBODY, phone: 'flat 12' }), ['flat 12']);
});
