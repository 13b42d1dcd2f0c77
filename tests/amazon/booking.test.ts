import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AmazonRecipe } from '#sim/amazon/recipe.ts';
import { selling } from '#tests/amazon/selling.ts';

const IN = (country: string): AmazonRecipe => ({ in: country, items: [{ product: 0, shippingCents: 690n }] });

void describe('a seller on Amazon', () => {
  void test('has one client for each store, and one payment into the clearing for each invoice', () =>
    selling({}, async ({ place, scenario, standing, clients, clientOf, notes }) => {
      const orders = [await place(IN('DE')), await place(IN('FR')), await place(IN('DE'))];
      assert.deepEqual(
        orders.map(({ state }) => state),
        ['settled', 'settled', 'settled'],
      );
      assert.deepEqual(clients(), ['Amazon.de customers', 'Amazon.fr customers']);
      assert.deepEqual(orders.map(clientOf), [
        'Amazon.de customers',
        'Amazon.fr customers',
        'Amazon.de customers',
      ]);
      for (const record of orders) {
        const { numbers, invoiced, paid } = standing(record);
        const id = record.key.slice('amazon/'.length);
        assert.deepEqual(numbers, [`AMAZON-${id}`]);
        assert.equal(paid, invoiced);
        assert(invoiced > 0n);
        const [note, ...others] = notes(record);
        assert.deepEqual(others, []);
        assert(note?.startsWith(`amazon:${id} clearing`), note);
      }
      assert.equal((await scenario('invoiced by Amazon')).state, 'skipped');
    }));

  void test('has short numbers by its count where FreshBooks refuses the long ones', () =>
    selling({ freshbooks: { numberLengthMax: 10 } }, async ({ place, scenario, standing }) => {
      const first = await place(IN('DE'));
      const skipped = await scenario('invoiced by Amazon');
      const second = await place(IN('FR'));
      assert.deepEqual(
        [first, skipped, second].map((record) => standing(record).numbers),
        [['AZ1'], [], ['AZ2']],
      );
    }));

  void test('keeps the refunds that are booked where Amazon does not show its ledger any more, until it does', () =>
    selling({}, async ({ place, act, standing, grant, retry, expected }) => {
      const sold = await place(IN('DE'));
      const refunded = await act(sold, { kind: 'refund', request: { of: 'shipping' } });
      const before = standing(refunded);
      assert.equal(before.net, expected(refunded).now.worth);

      grant({ finances: 'withheld' });
      const blind = await act(refunded, { kind: 'refund', request: { of: 'everything' } });
      assert.equal(blind.state, 'held');
      assert.match(blind.reason ?? '', /shows this app no transactions.*Finance and Accounting/);
      assert.deepEqual(standing(blind), before);

      grant({ finances: 'granted' });
      const seen = await retry(blind);
      assert.equal(seen.state, 'settled');
      assert.equal(standing(seen).net, 0n);
    }));

  void test('is asked where only its ledger says, which is after the booking, that the tax is Amazon’s', () =>
    selling(
      { switches: { deemedReseller: 'not told', withheldTax: 'v0 names' } },
      async ({ place, act, standing, decide, expected }) => {
        const recipe = { in: 'FR', items: [{ product: 0, scheme: 'IOSS' }] } as const;
        const booked = await place(recipe);
        assert.equal(booked.state, 'settled');
        const before = standing(booked);
        const { channelTax, invoiceTotal } = expected(booked).sold;
        assert.equal(before.invoiced, invoiceTotal + channelTax, 'as if the tax were the seller’s');

        const asked = await act(booked, { kind: 'touch' });
        assert.equal(asked.state, 'held');
        assert.match(asked.reason ?? '', /withholds [\d.]+ EUR of tax, and the order does not say/);
        assert.deepEqual(standing(asked), before, 'nothing is changed by itself');
        const kept = await decide(asked, 'keep');
        assert.deepEqual([kept.state, standing(kept)], ['skipped', before]);
      },
    ));

  void test('has no tax of its own by a one stop shop, whether Amazon names itself beside it or not', async () => {
    for (const deemedReseller of ['told twice', 'by its scheme'] as const) {
      await selling(
        { switches: { deemedReseller, withheldTax: 'v0 names' } },
        async ({ scenario, act, standing, expected }) => {
          for (const name of ['import one stop shop', 'union one stop shop'] as const) {
            const sold = await scenario(name);
            const { sold: figures } = expected(sold);
            assert(figures.channelTax > 0n);
            const seen = await act(sold, { kind: 'touch' });
            assert.equal(seen.state, 'settled');
            assert.equal(standing(seen).invoiced, figures.total - figures.channelTax, name);
          }
        },
      );
    }
  });

  void test('has the day of its last shipment, though the ledger shows only an earlier one by then', () =>
    selling(
      { switches: { financesLag: 'last 48 hours' } },
      async ({ place, act, expected, invoices, paidOn }) => {
        const items = [{ product: 0, quantity: 2 }];
        const placed = await place({ in: 'DE', fulfilledBy: 'AMAZON', status: 'PENDING', items });
        await act(placed, { kind: 'confirm' });
        await act(placed, { kind: 'ship', units: [{ item: 0, quantity: 1 }] });
        const sold = await act(placed, { kind: 'ship' }, 3 * 86_400_000);
        assert.equal(sold.state, 'settled', sold.reason);
        const { invoicedOn } = expected(sold);
        assert.deepEqual(
          [invoices(sold).map(({ createdOn }) => createdOn), paidOn(sold)],
          [[invoicedOn], [invoicedOn]],
        );
      },
    ));

  void test('has its sales booked, and no refund, where Amazon never showed its ledger', () =>
    selling({}, async ({ place, act, standing, grant, explained }) => {
      grant({ finances: 'withheld' });
      const sold = await place({ ...IN('DE'), fulfilledBy: 'AMAZON' });
      assert.equal(sold.state, 'settled');
      assert.match(await explained(sold.key), /^ *Dated by +Amazon’s last change of it: no package/m);
      const refunded = await act(sold, { kind: 'refund', request: { of: 'everything' } });
      assert.equal(refunded.state, 'settled');
      assert.equal(standing(refunded).net, standing(sold).invoiced);
    }));
});
